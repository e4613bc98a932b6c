// Real workers with real threads over a SQLite file, for tests of what a processor meets.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <thread>

#include <gtest/gtest.h>

#include "esteira/esteira.hpp"
#include "lambda_processor.hpp"
#include "repository/repository.hpp"
#include "support/expectations.hpp"
#include "support/temporary_directory.hpp"
#include "worker_kind.hpp"

namespace esteira::test {

using namespace std::chrono_literals;

// Waits for a condition, looking every few milliseconds; false after half a minute.
inline bool eventually(const std::function<bool()>& condition) {
  const auto until = std::chrono::steady_clock::now() + 30s;
  while (!condition()) {
    if (std::chrono::steady_clock::now() > until) return false;
    std::this_thread::sleep_for(3ms);
  }
  return true;
}

// A database with its types, and the tasks in it.
class WorkerTest : public testing::Test {
 protected:
  void SetUp() override {
    auto opened = open_repository(url());
    ASSERT_TRUE(opened) << opened.error().message;
    repository_ = *opened;
    service_ = std::make_unique<TaskService>(repository_);
  }

  [[nodiscard]] std::string url() const {
    return "sqlite:" + (directory_.path() / "tasks.db").string();
  }

  std::shared_ptr<LambdaProcessor> add(std::string type, LambdaProcessor::Process process) {
    auto processor = std::make_shared<LambdaProcessor>(std::move(type), std::move(process));
    registry_.add(processor);
    EXPECT_TRUE(service_->ensure_type(*processor));
    return processor;
  }
  TaskId create(std::string_view type, Json payload = JsonObject{}, TaskOptions options = {}) {
    const auto created = service_->create_task(type, std::move(payload), std::move(options));
    EXPECT_TRUE(created) << created.error().message;
    return created.value_or(0);
  }
  Task task(TaskId task_id) {
    auto found = service_->task(task_id);
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(Task{});
  }
  std::vector<Execution> executions(TaskId task_id) {
    auto found = service_->executions(task_id);
    EXPECT_TRUE(found) << found.error().message;
    return found.value_or(std::vector<Execution>{});
  }
  bool reaches(TaskId task_id, TaskStatus status) {
    return eventually([&] { return task(task_id).status == status; });
  }

  static WorkerOptions quick_options() {
    WorkerOptions options;
    options.concurrency = 4;
    options.poll = 20ms;
    options.stop_grace = 200ms;
    return options;
  }
  TemporaryDirectory directory_;
  ProcessorRegistry registry_;
  std::shared_ptr<TaskRepository> repository_;
  std::unique_ptr<TaskService> service_;
};

// For what TaskWorker alone can do.
class TaskWorkerTest : public WorkerTest {
 protected:
  std::unique_ptr<TaskWorker> start(WorkerOptions options) {
    auto worker = std::make_unique<TaskWorker>(url(), registry_, std::move(options));
    const auto started = worker->start();
    EXPECT_TRUE(started) << started.error().message;
    return worker;
  }
  // Runs until nothing is ready.
  void drain(WorkerOptions options = quick_options()) {
    options.drain = true;
    EXPECT_TRUE(start(std::move(options))->wait());
  }
};

// For the contract that workers of every kind keep.
class EveryWorkerTest : public WorkerTest, public testing::WithParamInterface<WorkerKind> {
 protected:
  std::unique_ptr<AnyWorker> start(WorkerOptions options = quick_options()) {
    auto worker = GetParam().make(url(), registry_, std::move(options));
    const auto started = worker->start();
    EXPECT_TRUE(started) << started.error().message;
    return worker;
  }
  // Runs until nothing is ready.
  void drain(WorkerOptions options = quick_options()) {
    options.drain = true;
    EXPECT_TRUE(start(std::move(options))->wait());
  }
  static void stop(AnyWorker& worker) {
    worker.request_stop();
    EXPECT_TRUE(worker.wait());
  }
  // The type as it is stored, for a test to change and to put back.
  TaskType type(std::string_view name) {
    for (auto& type : must(repository_->types())) {
      if (type.name == name) return std::move(type);
    }
    throw std::runtime_error("there is no such type");
  }
};

inline std::string worker_kind_name(const testing::TestParamInfo<WorkerKind>& info) {
  return std::string(info.param.name);
}

}  // namespace esteira::test
