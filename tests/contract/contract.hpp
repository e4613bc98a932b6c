// What the cases of the contract suite stand on: a fresh store, one open repository, a moment.
#pragma once

#include <initializer_list>
#include <span>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "base/mutex.hpp"
#include "contract/store.hpp"
#include "domain/limits.hpp"
#include "repository/repository.hpp"
#include "support/builders.hpp"
#include "support/expectations.hpp"
#include "support/seeded_random.hpp"

namespace esteira::test {

using namespace std::chrono_literals;

class Contract : public testing::TestWithParam<StoreKind> {
 protected:
  Contract();

  [[nodiscard]] Store& store() { return *store_; }
  [[nodiscard]] TaskRepository& repository() { return *repository_; }
  // Another view of the store instead of the first.
  void use(std::shared_ptr<TaskRepository> repository) { repository_ = std::move(repository); }
  // A second view of the same store: a connection of its own where there can be two.
  [[nodiscard]] std::shared_ptr<TaskRepository> another();
  [[nodiscard]] Time now() const { return now_; }
  void pass(Duration duration) { now_ += duration; }

  TypeId type(const std::string& name);
  TaskType change_type(const std::string& name, const std::function<void(TaskType&)>& change);

  TaskId add(const NewTaskRow& row);
  std::vector<TaskId> add(std::span<const NewTaskRow> rows);
  std::vector<TaskId> add_many(TypeId type_id, int count);

  [[nodiscard]] TickRequest claim_request(std::vector<TypeId> types, int limit);
  TickAnswer tick(const TickRequest& request);
  // Promotes what is due and claims.
  std::vector<Claim> claim(std::vector<TypeId> types, int limit = limits::claim_tasks_max);
  Claim claim_one(TypeId type_id);
  std::vector<FinishStatus> finish(std::span<const Settlement> settlements);
  FinishStatus finish(const Settlement& settlement);
  RenewalAnswer renew(const LeaseId& lease_id, std::vector<Renewal::Held> held);
  NoteAnswer note(const Note& note);
  std::vector<TaskRepository::TakenOver> take_expired(int limit = limits::expired_leases_max);

  ChangeStatus cancel(TaskId task_id);
  ChangeStatus retry(TaskId task_id);
  ChangeStatus remove(TaskId task_id);
  ChangeStatus edit(TaskId task_id, const TaskEditRow& edit);

  [[nodiscard]] Task task(TaskId task_id);
  [[nodiscard]] TaskStatus status(TaskId task_id) { return task(task_id).status; }
  [[nodiscard]] std::vector<Execution> executions(TaskId task_id);
  // Everything that can be seen of a task, as text: to show that nothing changed.
  [[nodiscard]] std::string everything_of(TaskId task_id);

  // A task of the type that has ended as asked.
  TaskId ended(TypeId type_id, TaskStatus status);

  SeededRandom chance{20240229};
  Duration lease_length = 30s;
  std::string worker_name = "worker-1";

 private:
  // Some cases claim on several threads.
  LeaseId draw_lease();

  Mutex lease_mutex_;
  std::unique_ptr<Store> store_;
  std::shared_ptr<TaskRepository> repository_;
  Time now_ = parse_time("2026-03-01T12:00:00Z");
};

[[nodiscard]] std::vector<TaskId> ids_of(std::span<const Claim> claims);
[[nodiscard]] std::vector<TaskId> ids_of(std::span<const Task> tasks);
[[nodiscard]] Renewal::Held held(const Claim& claim);

}  // namespace esteira::test
