// Time limits, stops, cancels, and what survives them.
#include <atomic>
#include <csignal>
#include <latch>
#include <set>

#include "base/random.hpp"
#include "domain/work.hpp"
#include "support/builders.hpp"
#include "support/child_process.hpp"
#include "worker_fixture.hpp"

namespace esteira::test {
namespace {

// A worker in a process of its own, killed at the end of its scope.
class DoomedWorker {
 public:
  DoomedWorker(std::string kind, std::string url, std::string type)
      : pid_(spawn({.command = {ESTEIRA_DOOMED_WORKER, std::move(kind), std::move(url),
                                std::move(type)}})) {}
  ~DoomedWorker() {
    kill(pid_, SIGKILL);
    wait_for_exit(pid_);
  }
  DoomedWorker(const DoomedWorker&) = delete;
  DoomedWorker& operator=(const DoomedWorker&) = delete;

 private:
  pid_t pid_;
};

class Lifetime : public EveryWorkerTest {
 protected:
  // Ends the lease of the only task that runs, as if its time had come, and settles that.
  void take_over(TaskId task_id) {
    const auto now = must(repository_->server_time());
    const auto taken = must(repository_->take_expired("another", LeaseId{SystemRandom().bytes16()},
                                                      30s, 100, now + 1h));
    ASSERT_EQ(taken.size(), 1U);
    ASSERT_EQ(taken[0].claim.fence.task_id, task_id);
    const auto settlement = expired(taken[0].claim, now, taken[0].previous_worker);
    must(repository_->tick({.worker = "another", .settlements = std::span{&settlement, 1}}, now));
  }
};
class OwnLifetime : public TaskWorkerTest {};

TEST_P(Lifetime, a_task_over_its_time_limit_is_asked_to_stop_and_has_timed_out) {
  add("SLOW", wait_for_stop);
  const auto id = create("SLOW", JsonObject{}, {.max_retries = 0, .timeout = 50ms});
  drain();
  EXPECT_EQ(task(id).status, TaskStatus::failed);
  EXPECT_EQ(executions(id).front().status, ExecutionStatus::timed_out);
  EXPECT_EQ(task(id).error_message, "timed out after 50ms: asked to stop");
}

TEST_P(Lifetime, a_task_that_completes_past_its_time_limit_is_completed) {
  add("LATE", [](const Task&, ExecutionContext& context) {
    until_stopped(context);
    return Json("done all the same");
  });
  const auto id = create("LATE", JsonObject{}, {.max_retries = 0, .timeout = 50ms});
  drain();
  EXPECT_EQ(task(id).status, TaskStatus::completed);
  EXPECT_EQ(task(id).result, Json("done all the same"));
}

TEST_F(OwnLifetime, a_processor_that_ignores_its_stop_is_given_up_and_its_late_result_dropped) {
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

TEST_P(Lifetime, a_stop_lets_running_tasks_finish_within_the_grace_period) {
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

TEST_P(Lifetime, what_is_over_the_grace_period_goes_back_unharmed) {
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
  EXPECT_TRUE(must(repository_->workers()).empty()) << "it has signed off";
}

TEST_P(Lifetime, a_worker_that_is_told_to_stop_ends_what_it_runs_and_leaves) {
  std::latch may_end(1);
  std::atomic<bool> running = false;
  add("WORK", [&](const Task&, ExecutionContext&) {
    running = true;
    may_end.wait();
    return Json("done");
  });
  const auto id = create("WORK");
  const auto worker = start();
  ASSERT_TRUE(eventually([&] { return running.load(); }));
  EXPECT_TRUE(must(repository_->command_worker(worker->name(), WorkerCommand::stop)));
  may_end.count_down();
  EXPECT_TRUE(eventually([&] { return must(repository_->workers()).empty(); }));
  stop(*worker);
  EXPECT_EQ(task(id).status, TaskStatus::completed);
}

TEST_F(OwnLifetime, a_quiet_worker_claims_nothing_until_it_may_run_again) {
  add("WORK", [](const Task&, ExecutionContext&) { return Json(1); });
  const auto id = create("WORK");
  auto options = quick_options();
  options.name = "quiet";
  const auto before = must(repository_->server_time()) - 1h;
  must(repository_->put_worker(
      {.name = options.name, .started_at = before, .heartbeat_at = before}));
  EXPECT_TRUE(must(repository_->command_worker(options.name, WorkerCommand::quiet)));
  const auto worker = start(options);
  EXPECT_TRUE(eventually(
      [&] { return must(repository_->worker(options.name)).value().heartbeat_at > before; }));
  EXPECT_EQ(task(id).status, TaskStatus::pending);
  EXPECT_TRUE(must(repository_->command_worker(options.name, WorkerCommand::run)));
  EXPECT_TRUE(reaches(id, TaskStatus::completed));
  EXPECT_EQ(task(id).attempt, 1);
  worker->request_stop();
  EXPECT_TRUE(worker->wait());
}

// What the maintenance of another process does once a lease has ended, before it has.
TEST_P(Lifetime, a_task_that_was_taken_over_is_stopped_and_its_word_changes_nothing) {
  std::atomic<bool> running = false;
  std::atomic<bool> stopped = false;
  add("WORK", [&](const Task& task, ExecutionContext& context) -> TaskResult {
    if (task.attempt > 1) return Json("the second");
    running = true;
    until_stopped(context);
    stopped = true;
    return Json("the first");
  });
  const auto id = create("WORK");
  auto options = quick_options();
  options.lease = 1s;
  options.maintenance = false;
  const auto worker = start(options);
  ASSERT_TRUE(eventually([&] { return running.load(); }));
  take_over(id);
  EXPECT_TRUE(eventually([&] { return stopped.load(); }));
  EXPECT_TRUE(reaches(id, TaskStatus::completed));
  stop(*worker);
  EXPECT_EQ(task(id).result, Json("the second"));
  EXPECT_EQ(task(id).crashes, 1);
  EXPECT_EQ(task(id).retries, 0);
  const auto history = executions(id);
  ASSERT_EQ(history.size(), 2U);
  EXPECT_EQ(history[0].status, ExecutionStatus::expired);
  EXPECT_EQ(history[1].status, ExecutionStatus::completed);
}

TEST_P(Lifetime, what_a_worker_held_when_it_died_is_run_by_another) {
  add("WORK", [](const Task& task, ExecutionContext&) { return Json(task.attempt); });
  const std::vector<TaskId> ids{create("WORK"), create("WORK")};
  {
    const DoomedWorker doomed(std::string(GetParam().name), url(), "WORK");
    for (const auto id : ids) ASSERT_TRUE(reaches(id, TaskStatus::processing));
  }
  const auto worker = start();
  for (const auto id : ids) {
    EXPECT_TRUE(reaches(id, TaskStatus::completed));
    const auto done = task(id);
    EXPECT_EQ(done.result, Json(2));
    EXPECT_EQ(done.crashes, 1);
    EXPECT_EQ(done.retries, 0);
    EXPECT_EQ(executions(id).front().status, ExecutionStatus::expired);
  }
  stop(*worker);
}

TEST_P(Lifetime, two_workers_share_a_backlog_and_run_no_task_twice) {
  constexpr std::size_t count = 400;
  std::vector<std::atomic<int>> runs(count);
  std::atomic<int> begun = 0;
  std::latch both(2);
  // The first two wait for each other: a worker has one slot, so that both have one.
  add("WORK", [&](const Task& task, ExecutionContext&) {
    if (begun++ < 2) both.arrive_and_wait();
    ++runs.at(static_cast<std::size_t>(task.payload.as_int64()));
    return Json(nullptr);
  });
  std::vector<NewTask> tasks;
  for (std::size_t i = 0; i < count; ++i) tasks.push_back({"WORK", static_cast<std::int64_t>(i)});
  const auto created = must(service_->create_tasks(tasks));
  auto options = quick_options();
  options.concurrency = 1;
  options.drain = true;
  const auto first = start(options);
  const auto second = start(options);
  EXPECT_TRUE(first->wait());
  EXPECT_TRUE(second->wait());
  std::set<std::string> by;
  for (std::size_t i = 0; i < count; ++i) {
    EXPECT_EQ(runs[i], 1);
    const auto done = task(created[i].task_id);
    EXPECT_EQ(done.status, TaskStatus::completed);
    EXPECT_EQ(done.attempt, 1);
    by.insert(done.worker.value_or(""));
  }
  EXPECT_EQ(by, (std::set<std::string>{first->name(), second->name()}));
}

TEST_P(Lifetime, cancelling_a_running_task_reaches_its_processor) {
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

TEST_P(Lifetime, a_task_that_completes_in_spite_of_its_cancel_stays_completed) {
  std::atomic<bool> running = false;
  add("WORK", [&](const Task&, ExecutionContext& context) {
    running = true;
    until_stopped(context);
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

TEST_P(Lifetime, a_checkpoint_reaches_the_next_attempt) {
  Json before;
  Json after;
  add("NOTE", [&](const Task& task, ExecutionContext& context) -> TaskResult {
    if (task.attempt == 1) {
      before = context.last_checkpoint();
      context.checkpoint(JsonObject{{"step", "begun"}});
      context.checkpoint(JsonObject{{"step", "sent"}});
      throw TaskError("no answer", RetryAfter{Duration{0}});
    }
    after = context.last_checkpoint();
    return Json(nullptr);
  });
  const auto id = create("NOTE");
  drain();
  EXPECT_EQ(task(id).status, TaskStatus::completed);
  EXPECT_EQ(before, Json(nullptr));
  EXPECT_EQ(after, Json(JsonObject{{"step", "sent"}}));
}

TEST_F(OwnLifetime, a_reserved_number_is_the_same_for_the_next_attempt) {
  std::vector<std::int64_t> numbers;
  add("NOTE", [&](const Task& task, ExecutionContext& context) -> TaskResult {
    numbers.push_back(context.reserve_number("invoice/1"));
    if (task.attempt == 1) throw TaskError("no answer", RetryAfter{Duration{0}});
    return Json(nullptr);
  });
  create("NOTE");
  drain();
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 1}));
  create("NOTE");
  drain();
  EXPECT_EQ(numbers, (std::vector<std::int64_t>{1, 1, 2, 2}));
}

TEST_P(Lifetime, progress_and_log_lines_are_kept) {
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

TEST_P(Lifetime, a_processor_sees_its_task_as_it_is_stored) {
  std::latch said(1);
  std::latch may_end(1);
  Task seen;
  add("SEE", [&](const Task& task, ExecutionContext&) {
    seen = task;
    said.count_down();
    may_end.wait();
    return Json(nullptr);
  });
  const auto id =
      create("SEE", JsonObject{{"a", 1}},
             {.priority = 7,
              .scheduled_for = parse_time("2026-01-01T00:00:00Z"),
              .max_retries = 5,
              .unique_key = "only",
              .tags = {"red", "blue"},
              .traceparent = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"});
  const auto worker = start();
  said.wait();
  const auto stored = task(id);
  may_end.count_down();
  stop(*worker);
  EXPECT_EQ(seen.task_id, id);
  EXPECT_EQ(seen.type, stored.type);
  EXPECT_EQ(seen.status, TaskStatus::processing);
  EXPECT_EQ(seen.priority, stored.priority);
  EXPECT_EQ(seen.retries, stored.retries);
  EXPECT_EQ(seen.max_retries, stored.max_retries);
  EXPECT_EQ(seen.attempt, stored.attempt);
  EXPECT_EQ(seen.payload, stored.payload);
  EXPECT_EQ(seen.scheduled_for, stored.scheduled_for);
  EXPECT_EQ(seen.created_at, stored.created_at);
  EXPECT_EQ(seen.updated_at, stored.updated_at);
  EXPECT_EQ(seen.crashes, stored.crashes);
  EXPECT_EQ(seen.tags, stored.tags);
  EXPECT_EQ(seen.unique_key, stored.unique_key);
  EXPECT_EQ(seen.worker, worker->name());
  EXPECT_EQ(seen.traceparent, "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01");
}

TEST_P(Lifetime, a_context_knows_its_deadline_attempt_and_outward_key) {
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

TEST_F(OwnLifetime, draining_waits_neither_for_the_future_nor_for_other_types) {
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

TEST_F(OwnLifetime, a_worker_with_bad_options_or_unknown_types_does_not_start) {
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

INSTANTIATE_TEST_SUITE_P(Workers, Lifetime, testing::ValuesIn(every_worker_kind()),
                         worker_kind_name);

}  // namespace
}  // namespace esteira::test
