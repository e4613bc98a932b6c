// A program that creates tasks through the real service, and knows what it was told.
#pragma once

#include <vector>

#include "esteira/service.hpp"
#include "world/site.hpp"

namespace esteira::sim {

class ProducerProcess final : public Process {
 public:
  // Makes `wishes` wishes, numbered from `first_order`.
  ProducerProcess(const Site& site, std::string role, std::uint64_t part, std::int64_t first_order,
                  int wishes);

  Duration turn() override;
  // Nothing that it was not told the fate of is left.
  [[nodiscard]] bool content() const { return open_.empty(); }

 protected:
  void forget() override;

 private:
  [[nodiscard]] NewTask draw_wish();
  void draw_unique(TaskOptions& options);
  void draw_call();
  void call();
  void on_answer(const std::vector<CreatedTask>& created);
  void on_error(const Error& error);
  [[nodiscard]] bool repeatable() const;

  const Site& site_;
  std::int64_t next_order_;
  int left_;
  std::unique_ptr<TaskService> service_;
  // The wishes of the call that is not answered yet. Those with keys are written down by their
  // producer, so that it can ask again after a crash of its own.
  std::vector<NewTask> open_;
  std::vector<NewTask> told_;  // keyed ones, to be repeated for no reason
};

}  // namespace esteira::sim
