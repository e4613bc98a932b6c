// Time limits, stops, cancels, and what survives them.
#include <atomic>
#include <latch>

#include "worker_fixture.hpp"

namespace esteira::test {
namespace {

class Lifetime : public WorkerTest {};

// Waits until it is asked to stop.
TaskResult wait_for_stop(const Task&, ExecutionContext& context) {
  const auto stop = context.stop_token();
  std::atomic<bool> stopped = false;
  const std::stop_callback callback(stop, [&] {
    stopped = true;
    stopped.notify_all();
  });
  stopped.wait(false);
  throw TaskError("asked to stop");
}

TEST_F(Lifetime, a_task_over_its_time_limit_is_asked_to_stop_and_has_timed_out) {
  add("SLOW", wait_for_stop);
  const auto id = create("SLOW", JsonObject{}, {.max_retries = 0, .timeout = 50ms});
  drain();
  EXPECT_EQ(task(id).status, TaskStatus::failed);
  EXPECT_EQ(executions(id).front().status, ExecutionStatus::timed_out);
}

TEST_F(Lifetime, a_processor_that_ignores_its_stop_is_given_up_and_its_late_result_dropped) {
  std::latch may_end(1);
  std::atomic<bool> returned = false;
  add("DEAF", [&](const Task&, ExecutionContext&) {
    may_end.wait();
    returned = true;
    return Json("too late");
  });
  add("QUICK", [](const Task&, ExecutionContext&) { return Json("ok"); });
  const auto deaf = create("DEAF", JsonObject{}, {.max_retries = 0, .timeout = 50ms});
  auto options = quick_options();
  options.concurrency = 2;
  const auto worker = start(options);
  EXPECT_TRUE(reaches(deaf, TaskStatus::failed));
  EXPECT_FALSE(returned);
  EXPECT_EQ(executions(deaf).front().metadata, Json(JsonObject{{"ignored_stop", true}}));
  // The other slot goes on.
  const auto quick = create("QUICK");
  EXPECT_TRUE(reaches(quick, TaskStatus::completed));
  may_end.count_down();
  EXPECT_TRUE(eventually([&] { return returned.load(); }));
  worker->request_stop();
  EXPECT_TRUE(worker->wait());
  EXPECT_EQ(task(deaf).status, TaskStatus::failed);
  EXPECT_EQ(executions(deaf).size(), 1U);
}

TEST_F(Lifetime, a_stop_lets_running_tasks_finish_within_the_grace_period) {
  std::latch may_end(1);
  std::atomic<bool> running = false;
  add("WORK", [&](const Task&, ExecutionContext&) {
    running = true;
    may_end.wait();
    return Json("done");
  });
  const auto id = create("WORK");
  const auto worker = start(quick_options());
  ASSERT_TRUE(eventually([&] { return running.load(); }));
  worker->request_stop();
  may_end.count_down();
  EXPECT_TRUE(worker->wait());
  EXPECT_EQ(task(id).status, TaskStatus::completed);
}

TEST_F(Lifetime, what_is_over_the_grace_period_goes_back_unharmed) {
  std::atomic<int> running = 0;
  add("WORK", [&](const Task& task, ExecutionContext& context) {
    ++running;
    return wait_for_stop(task, context);
  });
  std::vector<TaskId> ids;
  for (int i = 0; i < 6; ++i) ids.push_back(create("WORK"));
  auto options = quick_options();
  options.concurrency = 2;
  options.grace = 10ms;
  const auto worker = start(options);
  ASSERT_TRUE(eventually([&] { return running == 2; }));
  worker->request_stop();
  EXPECT_TRUE(worker->wait());
  for (const auto id : ids) {
    const auto back = task(id);
    EXPECT_EQ(back.status, TaskStatus::pending);
    EXPECT_EQ(back.retries, 0);
    EXPECT_EQ(back.crashes, 0);
    for (const auto& execution : executions(id)) {
      EXPECT_EQ(execution.status, ExecutionStatus::interrupted);
    }
  }
}

TEST_F(Lifetime, cancelling_a_running_task_reaches_its_processor) {
  std::atomic<bool> running = false;
  add("WORK", [&](const Task& task, ExecutionContext& context) {
    running = true;
    return wait_for_stop(task, context);
  });
  const auto id = create("WORK");
  const auto worker = start(quick_options());
  ASSERT_TRUE(eventually([&] { return running.load(); }));
  const auto cancelled = service_->cancel_task(id);
  ASSERT_TRUE(cancelled) << cancelled.error().message;
  EXPECT_FALSE(*cancelled) << "it runs: its worker must be asked";
  EXPECT_TRUE(reaches(id, TaskStatus::cancelled));
  worker->request_stop();
  EXPECT_TRUE(worker->wait());
}

TEST_F(Lifetime, a_task_that_completes_in_spite_of_its_cancel_stays_completed) {
  std::atomic<bool> running = false;
  add("WORK", [&](const Task&, ExecutionContext& context) {
    running = true;
    std::atomic<bool> stopped = false;
    const std::stop_callback callback(context.stop_token(), [&] {
      stopped = true;
      stopped.notify_all();
    });
    stopped.wait(false);
    return Json("done all the same");
  });
  const auto id = create("WORK");
  const auto worker = start(quick_options());
  ASSERT_TRUE(eventually([&] { return running.load(); }));
  ASSERT_TRUE(service_->cancel_task(id));
  EXPECT_TRUE(reaches(id, TaskStatus::completed));
  worker->request_stop();
  EXPECT_TRUE(worker->wait());
}

TEST_F(Lifetime, a_checkpoint_and_a_reserved_number_reach_the_next_attempt) {
  std::vector<std::int64_t> numbers;
  Json seen;
  const auto processor =
      add("NOTE", [&](const Task& task, ExecutionContext& context) -> TaskResult {
        numbers.push_back(context.reserve_number("invoice/1"));
        if (task.attempt == 1) {
          context.checkpoint(JsonObject{{"step", "sent"}});
          throw TaskError("no answer", RetryAfter{Duration{0}});
        }
        seen = context.last_checkpoint();
        return Json(nullptr);
      });
  const auto first = create("NOTE");
  drain();
  EXPECT_EQ(task(first).status, TaskStatus::completed);
  EXPECT_EQ(seen, Json(JsonObject{{"step", "sent"}}));
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 1}));
  create("NOTE");
  drain();
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 1, 2, 2}));
}

TEST_F(Lifetime, progress_and_log_lines_are_kept) {
  std::latch said(1);
  std::latch may_end(1);
  add("TALK", [&](const Task&, ExecutionContext& context) {
    context.log(LogLevel::info, "begun");
    context.progress(0.25, "a quarter");
    context.progress(0.5, "half-way");
    context.log(LogLevel::warning, "slow");
    said.count_down();
    may_end.wait();
    return Json(nullptr);
  });
  const auto id = create("TALK");
  const auto worker = start(quick_options());
  said.wait();
  EXPECT_TRUE(eventually([&] { return task(id).progress == 0.5; }));
  may_end.count_down();
  EXPECT_TRUE(reaches(id, TaskStatus::completed));
  const auto lines = repository_->log_lines(id);
  ASSERT_TRUE(lines);
  ASSERT_EQ(lines->size(), 2U);
  EXPECT_EQ((*lines)[0].text, "begun");
  EXPECT_EQ((*lines)[1].level, LogLevel::warning);
  worker->request_stop();
  EXPECT_TRUE(worker->wait());
}

TEST_F(Lifetime, a_context_knows_its_deadline_attempt_and_outward_key) {
  std::string key;
  Time deadline{};
  Time started{};
  add("KNOW", [&](const Task& task, ExecutionContext& context) {
    key = context.idempotency_key();
    deadline = context.deadline();
    started = *task.started_at;
    return Json(context.attempt());
  });
  const auto id = create("KNOW", JsonObject{}, {.timeout = 90s});
  drain();
  EXPECT_EQ(task(id).result, Json(1));
  EXPECT_EQ(deadline - started, Duration{90s});
  EXPECT_NE(key.find(std::to_string(id)), std::string::npos);
}

TEST_F(Lifetime, draining_waits_neither_for_the_future_nor_for_other_types) {
  add("NOW", [](const Task&, ExecutionContext&) { return Json(1); });
  const auto other = std::make_shared<LambdaProcessor>(
      "OTHER", [](const Task&, ExecutionContext&) { return Json(1); });
  ASSERT_TRUE(service_->ensure_type(*other));
  const auto future =
      create("NOW", JsonObject{}, {.scheduled_for = parse_time("2090-01-01T00:00:00Z")});
  const auto foreign = create("OTHER");
  const auto now = create("NOW");
  drain();
  EXPECT_EQ(task(now).status, TaskStatus::completed);
  EXPECT_EQ(task(future).status, TaskStatus::pending);
  EXPECT_EQ(task(foreign).status, TaskStatus::pending);
}

TEST_F(Lifetime, a_worker_with_bad_options_or_unknown_types_does_not_start) {
  add("KNOWN", [](const Task&, ExecutionContext&) { return Json(1); });
  WorkerOptions unknown;
  unknown.types = {"UNKNOWN"};
  EXPECT_FALSE(TaskWorker(url(), registry_, unknown).start());
  WorkerOptions short_lease;
  short_lease.lease = 10ms;
  EXPECT_FALSE(TaskWorker(url(), registry_, short_lease).start());
  WorkerOptions no_threads;
  no_threads.concurrency = 0;
  EXPECT_FALSE(TaskWorker(url(), registry_, no_threads).start());
}

}  // namespace
}  // namespace esteira::test
