// What each thing that a processor may do means for its task.
#include <atomic>

#include "domain/limits.hpp"
#include "worker_fixture.hpp"

namespace esteira::test {
namespace {

class Outcomes : public EveryWorkerTest {};
class OwnOutcomes : public TaskWorkerTest {};

TEST_P(Outcomes, every_task_of_a_backlog_completes_with_its_result) {
  add("ECHO", [](const Task& task, ExecutionContext&) { return task.payload; });
  std::vector<NewTask> tasks;
  for (int i = 0; i < 3000; ++i) tasks.push_back({"ECHO", JsonObject{{"n", i}}});
  const auto created = service_->create_tasks(tasks);
  ASSERT_TRUE(created) << created.error().message;
  drain();
  for (const int i : {0, 1499, 2999}) {
    const auto done = task((*created)[static_cast<std::size_t>(i)].task_id);
    EXPECT_EQ(done.status, TaskStatus::completed);
    EXPECT_EQ(done.result, Json(JsonObject{{"n", i}}));
    EXPECT_EQ(done.attempt, 1);
  }
  const auto stats = repository_->stats(*repository_->server_time());
  ASSERT_TRUE(stats);
  EXPECT_EQ(stats->by_status[static_cast<std::size_t>(TaskStatus::completed)], 3000);
  EXPECT_EQ(stats->by_status[static_cast<std::size_t>(TaskStatus::pending)], 0);
}

TEST_P(Outcomes, a_failure_is_retried_by_policy_and_then_ends_the_task) {
  std::atomic<int> calls = 0;
  add("BREAK", [&](const Task&, ExecutionContext&) -> TaskResult {
    ++calls;
    throw std::runtime_error("no paper");
  });
  auto at_once = type("BREAK");
  at_once.back_off.base = Duration{0};
  must(repository_->put_type(at_once, must(repository_->server_time())));
  const auto id = create("BREAK", JsonObject{}, {.max_retries = 2});
  drain();
  const auto done = task(id);
  EXPECT_EQ(done.status, TaskStatus::failed);
  EXPECT_EQ(done.error_message, "no paper");
  EXPECT_EQ(done.attempt, 3);
  EXPECT_EQ(done.retries, 2);
  EXPECT_EQ(calls, 3);
  EXPECT_EQ(executions(id).size(), 3U);
}

TEST_P(Outcomes, a_permanent_error_ends_the_task_at_once) {
  add("REFUSE", [](const Task&, ExecutionContext&) -> TaskResult {
    throw TaskError("the account is closed", RetryNever{});
  });
  const auto id = create("REFUSE");
  drain();
  EXPECT_EQ(task(id).status, TaskStatus::failed);
  EXPECT_EQ(task(id).attempt, 1);
}

TEST_P(Outcomes, a_failed_result_with_its_own_delay_waits_that_long) {
  add("LATER",
      [](const Task&, ExecutionContext&) { return TaskResult::failed("busy", RetryAfter{2h}); });
  const auto id = create("LATER");
  drain();
  const auto waiting = task(id);
  EXPECT_EQ(waiting.status, TaskStatus::pending);
  EXPECT_EQ(waiting.retries, 1);
  EXPECT_EQ(waiting.error_message, "busy");
  ASSERT_TRUE(waiting.scheduled_for);
  EXPECT_GT(*waiting.scheduled_for, waiting.created_at + 119min);
}

TEST_P(Outcomes, handle_failure_can_give_up_snooze_or_name_a_time) {
  const auto processor = add("DECIDE", [](const Task&, ExecutionContext&) -> TaskResult {
    throw std::runtime_error("broken");
  });
  const Time at = *repository_->server_time() + 240h;
  processor->on_failure = [&](const Task& failed, const Failure&) -> FailureAction {
    const auto& want = failed.payload.at("want").as_string();
    if (want == "give up") return GiveUp{};
    if (want == "snooze") return Snooze{1h};
    return RetryAt{at};
  };
  const auto given_up = create("DECIDE", JsonObject{{"want", "give up"}});
  const auto snoozed = create("DECIDE", JsonObject{{"want", "snooze"}});
  const auto timed = create("DECIDE", JsonObject{{"want", "time"}});
  drain();
  EXPECT_EQ(task(given_up).status, TaskStatus::failed);
  EXPECT_EQ(task(snoozed).status, TaskStatus::pending);
  EXPECT_EQ(task(snoozed).retries, 0);
  EXPECT_EQ(task(timed).retries, 1);
  ASSERT_TRUE(task(timed).scheduled_for);
  // The delay is measured when it fails and added when it is settled, a moment later.
  EXPECT_GE(*task(timed).scheduled_for, at);
  EXPECT_LT(*task(timed).scheduled_for, at + 1min);
}

TEST_P(Outcomes, a_task_that_waited_too_long_is_not_run) {
  std::atomic<int> calls = 0;
  add("FRESH", [&](const Task&, ExecutionContext&) {
    ++calls;
    return TaskResult(Json(nullptr));
  });
  const auto stale = create("FRESH", JsonObject{}, {.expires_in = 1ms});
  const auto fresh = create("FRESH", JsonObject{}, {.expires_in = 1h});
  ASSERT_TRUE(eventually(
      [&] { return must(repository_->server_time()) >= task(stale).expires_at.value(); }));
  drain();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(task(fresh).status, TaskStatus::completed);
  const auto ended = task(stale);
  EXPECT_EQ(ended.status, TaskStatus::cancelled);
  EXPECT_EQ(ended.error_message, "expired before it was started");
  ASSERT_EQ(executions(stale).size(), 1U);
  EXPECT_EQ(to_text(executions(stale).front().metadata), R"({"expired":true})");
}

TEST_P(Outcomes, a_task_that_waits_too_long_for_its_retry_is_not_run_again) {
  std::atomic<int> calls = 0;
  add("BREAK", [&](const Task& broken, ExecutionContext&) -> TaskResult {
    ++calls;
    // Its time is over before it waits again.
    while (must(repository_->server_time()) < broken.expires_at.value()) {
      std::this_thread::sleep_for(1ms);
    }
    throw std::runtime_error("no paper");
  });
  auto at_once = type("BREAK");
  at_once.back_off.base = Duration{0};
  must(repository_->put_type(at_once, must(repository_->server_time())));
  const auto id = create("BREAK", JsonObject{}, {.expires_in = 2s});
  drain();
  EXPECT_EQ(calls, 1);
  EXPECT_EQ(task(id).status, TaskStatus::cancelled);
  EXPECT_EQ(executions(id).size(), 2U);
}

TEST_P(Outcomes, a_snoozed_task_waits_and_keeps_its_retries) {
  add("SNOOZE", [](const Task&, ExecutionContext&) { return TaskResult::snoozed(1h); });
  const auto id = create("SNOOZE");
  drain();
  EXPECT_EQ(task(id).status, TaskStatus::pending);
  EXPECT_EQ(task(id).retries, 0);
  EXPECT_EQ(executions(id).front().status, ExecutionStatus::snoozed);
}

TEST_F(OwnOutcomes, a_processor_may_cancel_its_own_task) {
  add("STOP", [](const Task&, ExecutionContext&) { return TaskResult::cancelled("not wanted"); });
  const auto id = create("STOP");
  drain();
  EXPECT_EQ(task(id).status, TaskStatus::cancelled);
  EXPECT_EQ(task(id).error_message, "not wanted");
}

TEST_P(Outcomes, a_result_over_the_limit_fails_for_good) {
  add("HUGE", [](const Task&, ExecutionContext&) {
    return TaskResult(Json(std::string(limits::result_bytes_max + 1, 'x')));
  });
  const auto id = create("HUGE");
  drain();
  EXPECT_EQ(task(id).status, TaskStatus::failed);
  EXPECT_NE(task(id).error_message->find("limit"), std::string::npos);
}

TEST_P(Outcomes, a_result_that_no_database_takes_fails_for_good) {
  add("NUL",
      [](const Task&, ExecutionContext&) { return TaskResult(Json(std::string("a\0b", 3))); });
  add("BYTES", [](const Task&, ExecutionContext&) { return TaskResult(Json("\xFF\xFE")); });
  const auto nul = create("NUL");
  const auto bytes = create("BYTES");
  drain();
  EXPECT_EQ(task(nul).status, TaskStatus::failed);
  EXPECT_EQ(task(bytes).status, TaskStatus::failed);
}

TEST_P(Outcomes, a_checkpoint_that_no_database_takes_fails_for_good) {
  add("NUL", [](const Task&, ExecutionContext& context) {
    context.checkpoint(Json(std::string("a\0b", 3)));
    return Json("not reached");
  });
  add("HUGE", [](const Task&, ExecutionContext& context) {
    context.checkpoint(Json(std::string(limits::checkpoint_bytes_max, 'x')));
    return Json("not reached");
  });
  const auto nul = create("NUL");
  const auto huge = create("HUGE");
  drain();
  for (const auto id : {nul, huge}) {
    EXPECT_EQ(task(id).status, TaskStatus::failed);
    EXPECT_EQ(task(id).attempt, 1);
  }
}

TEST_P(Outcomes, an_error_text_that_no_database_takes_is_cleaned) {
  add("DIRTY", [](const Task&, ExecutionContext&) {
    return TaskResult::failed(std::string("bad \0 \xFF text", 12), RetryNever{});
  });
  const auto id = create("DIRTY");
  drain();
  EXPECT_EQ(task(id).status, TaskStatus::failed);
  EXPECT_EQ(task(id).error_message, "bad \xEF\xBF\xBD \xEF\xBF\xBD text");
}

TEST_F(OwnOutcomes, something_thrown_that_is_no_exception_is_a_failure) {
  add("ODD", [](const Task&, ExecutionContext&) -> TaskResult { throw 42; });
  const auto id = create("ODD", JsonObject{}, {.max_retries = 0});
  drain();
  EXPECT_EQ(task(id).status, TaskStatus::failed);
}

TEST_P(Outcomes, a_payload_that_came_past_the_door_is_refused_for_good) {
  const auto processor = add("STRICT", [](const Task&, ExecutionContext&) { return Json(1); });
  const auto id = create("STRICT", JsonObject{{"ok", false}});
  processor->validate = [](const Json&) { throw InvalidPayload("must be true", "/ok"); };
  drain();
  EXPECT_EQ(task(id).status, TaskStatus::failed);
  EXPECT_EQ(task(id).error_message, "payload refused: /ok: must be true");
  EXPECT_EQ(task(id).attempt, 1);
}

// Put there by SQL, or before the type had its schema.
TEST_P(Outcomes, a_payload_that_its_types_schema_refuses_never_reaches_the_processor) {
  std::atomic<int> calls = 0;
  add("SHAPED", [&](const Task&, ExecutionContext&) {
    ++calls;
    return Json(1);
  });
  const auto id = create("SHAPED", JsonObject{{"to", 5}});
  auto shaped = type("SHAPED");
  shaped.payload_schema = R"({"type":"object","properties":{"to":{"type":"string"}}})";
  must(repository_->put_type(shaped, must(repository_->server_time())));
  drain();
  const auto done = task(id);
  EXPECT_EQ(done.status, TaskStatus::failed);
  EXPECT_TRUE(done.error_message.value_or("").starts_with("payload refused: "))
      << *done.error_message;
  EXPECT_EQ(done.attempt, 1);
  EXPECT_EQ(calls, 0);
}

TEST_F(OwnOutcomes, a_payload_is_refused_at_the_door_with_its_place) {
  const auto processor = add("DOOR", [](const Task&, ExecutionContext&) { return Json(1); });
  processor->validate = [](const Json&) { throw InvalidPayload("must be true", "/ok"); };
  TaskService service(repository_, &registry_);
  const auto refused = service.create_task("DOOR", JsonObject{{"ok", false}});
  ASSERT_FALSE(refused);
  EXPECT_EQ(refused.error().code, ErrorCode::invalid_argument);
  EXPECT_EQ(refused.error().fields, (std::vector<FieldError>{{"/payload/ok", "must be true"}}));
}

TEST_F(OwnOutcomes, a_payload_is_checked_against_its_types_schema_at_the_door) {
  auto processor = std::make_shared<LambdaProcessor>(
      "SHAPED", [](const Task&, ExecutionContext&) { return Json(1); });
  processor->schema =
      R"({"type":"object","required":["to"],"properties":{"to":{"type":"string"}},"additionalProperties":false})";
  registry_.add(processor);
  ASSERT_TRUE(service_->ensure_type(*processor));
  const auto refused = service_->create_task("SHAPED", JsonObject{{"to", 5}});
  ASSERT_FALSE(refused);
  ASSERT_FALSE(refused.error().fields.empty());
  bool named = false;
  for (const auto& field : refused.error().fields) named = named || field.pointer == "/payload/to";
  EXPECT_TRUE(named);
  EXPECT_TRUE(service_->create_task("SHAPED", JsonObject{{"to", "x"}}));
}

// Answers for the even tasks only.
class HalfBatch final : public BaseProcessor {
 public:
  [[nodiscard]] std::string_view task_type() const override { return "BATCH"; }
  [[nodiscard]] int batch_size() const override { return 10; }
  Result process(const Task&, ExecutionContext&) override { return Json(nullptr); }
  std::vector<BatchAnswer> process_batch(std::span<const Task> tasks, ExecutionContext&) override {
    ++calls;
    std::vector<BatchAnswer> answers;
    for (const auto& one : tasks) {
      if (one.payload.as_int64() % 2 == 0) answers.push_back({one.task_id, Json("done")});
    }
    return answers;
  }
  std::atomic<int> calls = 0;
};

TEST_F(OwnOutcomes, in_a_batch_a_task_without_an_answer_has_failed) {
  const auto processor = std::make_shared<HalfBatch>();
  registry_.add(processor);
  ASSERT_TRUE(service_->ensure_type(*processor));
  std::vector<TaskId> ids;
  for (int i = 0; i < 40; ++i) ids.push_back(create("BATCH", i, {.max_retries = 0}));
  auto options = quick_options();
  options.concurrency = 1;
  drain(options);
  for (int i = 0; i < 40; ++i) {
    EXPECT_EQ(task(ids[static_cast<std::size_t>(i)]).status,
              i % 2 == 0 ? TaskStatus::completed : TaskStatus::failed);
  }
  EXPECT_LT(processor->calls, 40) << "tasks were not handed over in batches";
}

INSTANTIATE_TEST_SUITE_P(Workers, Outcomes, testing::ValuesIn(every_worker_kind()),
                         worker_kind_name);

}  // namespace
}  // namespace esteira::test
