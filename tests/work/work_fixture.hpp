// A service over a fresh store, and a clock that stands still.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "contract/store.hpp"
#include "domain/limits.hpp"
#include "support/builders.hpp"
#include "support/expectations.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"
#include "worker/work_service.hpp"

namespace esteira::test {

using namespace std::chrono_literals;

class WorkTest : public testing::TestWithParam<StoreKind> {
 protected:
  WorkTest() : store_(GetParam().make()), repository_(store_->open()) {
    service_ = make_service(repository_);
  }

  [[nodiscard]] std::unique_ptr<WorkService> make_service(std::shared_ptr<TaskRepository> over) {
    return std::make_unique<WorkService>(std::move(over), clock_, std::make_shared<SystemRandom>(),
                                         options_);
  }
  // A service as another process would have it.
  [[nodiscard]] std::unique_ptr<WorkService> another() {
    for (const StoreKind& kind : shared_stores()) {
      if (kind.name == GetParam().name) return make_service(store_->open());
    }
    return make_service(repository_);
  }
  [[nodiscard]] WorkService& service() { return *service_; }
  [[nodiscard]] TaskRepository& repository() { return *repository_; }
  [[nodiscard]] Time now() const { return clock_->now(); }
  void pass(Duration duration) { clock_->advance(duration); }

  TypeId type(const std::string& name, const std::string& schema = "") {
    TaskType type = task_type(name);
    type.payload_schema = schema;
    return must(repository().put_type(type, now())).type_id;
  }
  TaskId add(TypeId type_id, std::string payload = "{}") {
    return add(new_task_row(type_id, std::move(payload)));
  }
  TaskId add(const NewTaskRow& row) {
    return must(repository().insert(std::span{&row, 1}, now())).at(0).task_id;
  }
  std::string register_worker(std::vector<std::string> types = {"ALPHA"}) {
    return must(service().register_worker({.name = "python",
                                           .host = "host",
                                           .pid = 7,
                                           .version = "1.0",
                                           .types = std::move(types),
                                           .slots = 4}))
        .worker_id;
  }
  std::vector<HandedTask> claim(const std::string& worker, int limit = 100) {
    return must(service().claim({.worker_id = worker, .types = {}, .limit = limit})).tasks;
  }
  HandedTask claim_one(const std::string& worker) { return claim(worker, 1).at(0); }
  BeatAnswer beat(const std::string& worker, HeartbeatTask task) {
    return must(service().heartbeat({.worker_id = worker, .tasks = {std::move(task)}})).tasks.at(0);
  }
  BeatAnswer beat(const std::string& worker, const Fence& fence) {
    return beat(worker, HeartbeatTask{.fence = fence});
  }
  ReportStatus report(const std::string& worker, Report report) {
    return must(service().report({.worker_id = worker, .reports = {std::move(report)}}))
        .reports.at(0)
        .status;
  }
  Task task(TaskId task_id) { return must(repository().task(task_id, now())).value(); }
  std::vector<Execution> executions(TaskId task_id) {
    return must(repository().executions(task_id));
  }
  ChangeStatus cancel(TaskId task_id) {
    return must(repository().cancel(std::span{&task_id, 1}, now())).at(0);
  }
  // What the maintenance of any process does: answers how many leases had ended.
  std::size_t take_expired() {
    const auto taken =
        must(repository().take_expired("maintenance", chance_.lease_id(), 30s, 100, now()));
    for (const auto& one : taken) {
      const auto settlement = expired(one.claim, now(), one.previous_worker);
      must(repository().tick({.worker = "maintenance", .settlements = std::span{&settlement, 1}},
                             now()));
    }
    return taken.size();
  }

  WorkOptions options_;
  std::shared_ptr<ManualClock> clock_ =
      std::make_shared<ManualClock>(parse_time("2026-03-01T12:00:00Z"));

 private:
  SeededRandom chance_{20240229};
  std::unique_ptr<Store> store_;
  std::shared_ptr<TaskRepository> repository_;
  std::unique_ptr<WorkService> service_;
};

[[nodiscard]] inline Report completed_report(const HandedTask& task, std::string result = "null") {
  return {.fence = task.fence, .outcome = ReportOutcome::completed, .result = std::move(result)};
}
[[nodiscard]] inline Report failed_report(const HandedTask& task, Retry retry = RetryByPolicy{}) {
  return {.fence = task.fence,
          .outcome = ReportOutcome::failed,
          .error_message = "it broke",
          .retry = retry};
}
[[nodiscard]] inline Report released_report(const HandedTask& task) {
  return {.fence = task.fence, .outcome = ReportOutcome::released};
}

}  // namespace esteira::test
