// What the store shows to a reader at this step; each question is asked once.
#pragma once

#include <map>

#include "repository/repository.hpp"
#include "world/verdict.hpp"

namespace esteira::sim {

class StoreView {
 public:
  StoreView(TaskRepository& store, Verdict& verdict) : store_(store), verdict_(verdict) {}

  void begin_step(Time now);
  // Null: there is no such task.
  [[nodiscard]] const Task* task(TaskId task_id);
  [[nodiscard]] const std::vector<Execution>& executions(TaskId task_id);
  [[nodiscard]] const Stats& stats();
  [[nodiscard]] std::vector<TaskId> task_ids();

 private:
  template <class T>
  T must(Expected<T> answer) {
    if (answer) return *std::move(answer);
    verdict_.fail("store-answers", "a read was refused: " + answer.error().message);
    return T{};
  }

  TaskRepository& store_;
  Verdict& verdict_;
  Time now_{};
  std::map<TaskId, std::optional<Task>> tasks_;
  std::map<TaskId, std::vector<Execution>> executions_;
  std::optional<Stats> stats_;
};

}  // namespace esteira::sim
