// Reports and heartbeats: each outcome, and what no fence may do.
#include "work/work_fixture.hpp"

namespace esteira::test {
namespace {

class WorkReports : public WorkTest {
 protected:
  // A task of a new type that runs.
  HandedTask start(int max_retries = 3) {
    NewTaskRow row = new_task_row(type("ALPHA"));
    row.max_retries = max_retries;
    add(row);
    worker_ = register_worker();
    return claim_one(worker_);
  }
  std::string worker_;
};

TEST_P(WorkReports, completed_keeps_the_result) {
  const auto handed = start();
  pass(2s);
  EXPECT_EQ(report(worker_, completed_report(handed, R"({"sent":true})")), ReportStatus::applied);
  const auto ended = task(handed.fence.task_id);
  EXPECT_EQ(ended.status, TaskStatus::completed);
  EXPECT_EQ(to_text(ended.result), R"({"sent":true})");
  EXPECT_EQ(ended.completed_at, now());
  EXPECT_EQ(ended.worker, worker_);
  EXPECT_EQ(executions(handed.fence.task_id).at(0).started_at, now() - 2s);
}

TEST_P(WorkReports, the_same_report_twice_is_already_applied) {
  const auto handed = start();
  EXPECT_EQ(report(worker_, completed_report(handed)), ReportStatus::applied);
  EXPECT_EQ(report(worker_, completed_report(handed)), ReportStatus::already_applied);
  // Another word under the same fence changes nothing.
  EXPECT_EQ(report(worker_, failed_report(handed)), ReportStatus::already_applied);
  EXPECT_EQ(task(handed.fence.task_id).status, TaskStatus::completed);
  EXPECT_EQ(executions(handed.fence.task_id).size(), 1U);
}

TEST_P(WorkReports, failed_comes_back_by_the_type_s_policy_with_its_counts) {
  const auto handed = start(1);
  EXPECT_EQ(report(worker_, failed_report(handed)), ReportStatus::applied);
  auto waiting = task(handed.fence.task_id);
  EXPECT_EQ(waiting.status, TaskStatus::pending);
  EXPECT_EQ(waiting.retries, 1);
  EXPECT_EQ(waiting.error_message, "it broke");
  EXPECT_EQ(waiting.scheduled_for, now() + 5s);
  EXPECT_TRUE(claim(worker_).empty());
  pass(5s);
  const auto second = claim_one(worker_);
  EXPECT_EQ(second.task.retries, 1);
  EXPECT_EQ(second.fence.attempt, 2);
  EXPECT_EQ(report(worker_, failed_report(second)), ReportStatus::applied);
  EXPECT_EQ(task(handed.fence.task_id).status, TaskStatus::failed);
}

TEST_P(WorkReports, failed_has_a_say_in_its_retry) {
  const auto later = start();
  EXPECT_EQ(report(worker_, failed_report(later, RetryAfter{2min})), ReportStatus::applied);
  EXPECT_EQ(task(later.fence.task_id).scheduled_for, now() + 2min);
  const auto never = add(type("ALPHA"));
  EXPECT_EQ(report(worker_, failed_report(claim_one(worker_), RetryNever{})),
            ReportStatus::applied);
  EXPECT_EQ(task(never).status, TaskStatus::failed);
}

TEST_P(WorkReports, snoozed_and_released_use_up_no_retry) {
  const auto handed = start();
  EXPECT_EQ(
      report(worker_, {.fence = handed.fence, .outcome = ReportOutcome::snoozed, .delay = 1min}),
      ReportStatus::applied);
  EXPECT_EQ(task(handed.fence.task_id).scheduled_for, now() + 1min);
  pass(1min);
  const auto second = claim_one(worker_);
  EXPECT_EQ(report(worker_, released_report(second)), ReportStatus::applied);
  const auto third = claim_one(worker_);  // in its old place, at once
  EXPECT_EQ(third.fence.attempt, 3);
  EXPECT_EQ(third.task.retries, 0);
  EXPECT_EQ(third.task.crashes, 0);
  const auto history = executions(handed.fence.task_id);
  EXPECT_EQ(history.at(0).status, ExecutionStatus::snoozed);
  EXPECT_EQ(history.at(1).status, ExecutionStatus::interrupted);
}

TEST_P(WorkReports, a_result_over_the_limit_fails_for_good) {
  const auto handed = start();
  const auto text = '"' + std::string(limits::result_bytes_max, 'x') + '"';
  EXPECT_EQ(report(worker_, completed_report(handed, text)), ReportStatus::applied);
  EXPECT_EQ(task(handed.fence.task_id).status, TaskStatus::failed);
}

TEST_P(WorkReports, a_forged_fence_changes_nothing) {
  const auto handed = start();
  const auto good = handed.fence;
  LeaseId guessed;
  for (const Fence& forged : {Fence{good.task_id, good.attempt, guessed},
                              Fence{good.task_id, good.attempt + 1, good.lease_id},
                              Fence{good.task_id + 1, good.attempt, good.lease_id}}) {
    for (const auto outcome : {ReportOutcome::completed, ReportOutcome::failed,
                               ReportOutcome::snoozed, ReportOutcome::released}) {
      EXPECT_EQ(report(worker_, {.fence = forged, .outcome = outcome}), ReportStatus::stale);
    }
    const auto told = beat(worker_, HeartbeatTask{.fence = forged,
                                                  .progress = 0.5,
                                                  .log = {{.line = 1, .text = "forged"}},
                                                  .checkpoint = R"({"forged":true})"});
    EXPECT_EQ(told.status, BeatStatus::lost);
    EXPECT_FALSE(told.lease_expires_at);
  }
  const auto untouched = task(good.task_id);
  EXPECT_EQ(untouched.status, TaskStatus::processing);
  EXPECT_FALSE(untouched.progress);
  EXPECT_TRUE(must(repository().log_lines(good.task_id)).empty());
  pass(31s);
  EXPECT_EQ(take_expired(), 1U);  // no forged heartbeat has kept it
}

TEST_P(WorkReports, what_was_taken_over_is_lost_and_its_report_stale) {
  const auto handed = start();
  pass(31s);
  EXPECT_EQ(take_expired(), 1U);
  EXPECT_EQ(beat(worker_, handed.fence).status, BeatStatus::lost);
  EXPECT_EQ(report(worker_, completed_report(handed)), ReportStatus::stale);
  const auto again = task(handed.fence.task_id);
  EXPECT_EQ(again.status, TaskStatus::pending);
  EXPECT_EQ(again.crashes, 1);
  EXPECT_EQ(claim_one(worker_).task.crashes, 1);
}

TEST_P(WorkReports, many_are_answered_each_for_itself) {
  const auto alpha = type("ALPHA");
  for (int i = 0; i < 3; ++i) add(alpha);
  const auto worker = register_worker();
  const auto handed = claim(worker);
  EXPECT_EQ(report(worker, completed_report(handed[1])), ReportStatus::applied);
  auto stale = completed_report(handed[2]);
  stale.fence.attempt = 9;
  const auto told = must(another()->report(
      {.worker_id = worker,
       .reports = {completed_report(handed[0]), completed_report(handed[1]), stale,
                   failed_report(handed[2]), completed_report(handed[0])}}));
  std::vector<ReportStatus> statuses;
  for (const auto& one : told.reports) statuses.push_back(one.status);
  EXPECT_EQ(statuses,
            (std::vector{ReportStatus::applied, ReportStatus::already_applied, ReportStatus::stale,
                         ReportStatus::applied, ReportStatus::already_applied}));
  EXPECT_EQ(told.reports[2].task_id, handed[2].fence.task_id);
}

TEST_P(WorkReports, a_cancel_arrives_by_heartbeat_and_ends_the_task_whatever_is_reported) {
  const auto handed = start();
  EXPECT_EQ(cancel(handed.fence.task_id), ChangeStatus::requested);
  const auto told = beat(worker_, handed.fence);
  EXPECT_EQ(told.status, BeatStatus::cancel);
  EXPECT_EQ(told.lease_expires_at, now() + 30s);
  EXPECT_EQ(report(worker_, released_report(handed)), ReportStatus::applied);
  EXPECT_EQ(task(handed.fence.task_id).status, TaskStatus::cancelled);
}

TEST_P(WorkReports, a_heartbeat_renews_what_it_names_and_lets_the_rest_end) {
  const auto alpha = type("ALPHA");
  add(alpha);
  add(alpha);
  const auto worker = register_worker();
  const auto handed = claim(worker);
  pass(20s);
  const auto told = beat(worker, handed[0].fence);
  EXPECT_EQ(told.status, BeatStatus::ok);
  EXPECT_EQ(told.lease_expires_at, now() + 30s);
  EXPECT_EQ(must(repository().workers()).at(0).heartbeat_at, now());
  pass(20s);
  EXPECT_EQ(take_expired(), 1U);
  EXPECT_EQ(beat(worker, handed[0].fence).status, BeatStatus::ok);
  EXPECT_EQ(beat(worker, handed[1].fence).status, BeatStatus::lost);
}

TEST_P(WorkReports, what_a_heartbeat_says_is_kept_and_the_checkpoint_goes_to_the_next_attempt) {
  const auto handed = start();
  const auto task_id = handed.fence.task_id;
  const HeartbeatTask said{.fence = handed.fence,
                           .progress = 0.25,
                           .log = {{.line = 1, .level = LogLevel::warning, .text = "first"},
                                   {.line = 2, .at = now() - 1s, .text = "second"},
                                   {.line = 1001, .text = "over the limit"}},
                           .checkpoint = R"({"page":7})"};
  EXPECT_EQ(beat(worker_, said).status, BeatStatus::ok);
  EXPECT_EQ(beat(worker_, said).status, BeatStatus::ok);  // its answer had been lost
  EXPECT_EQ(task(task_id).progress, 0.25);
  const auto lines = must(repository().log_lines(task_id));
  ASSERT_EQ(lines.size(), 2U);
  EXPECT_EQ(lines[0].text, "first");
  EXPECT_EQ(lines[0].level, LogLevel::warning);
  EXPECT_EQ(lines[1].at, now() - 1s);
  EXPECT_EQ(report(worker_, released_report(handed)), ReportStatus::applied);
  EXPECT_EQ(to_text(claim_one(worker_).checkpoint), R"({"page":7})");
}

TEST_P(WorkReports, past_its_deadline_a_task_is_cancelled_and_then_left_to_its_lease) {
  NewTaskRow row = new_task_row(type("ALPHA"));
  row.timeout = 40s;
  const auto task_id = add(row);
  const auto worker = register_worker();
  const auto handed = claim_one(worker);
  const auto beat_after = [&](Duration duration) {
    pass(duration);
    return beat(worker, handed.fence);
  };
  EXPECT_EQ(beat_after(20s).status, BeatStatus::ok);
  EXPECT_EQ(beat_after(19s).status, BeatStatus::ok);
  const auto told = beat_after(1s);  // the deadline
  EXPECT_EQ(told.status, BeatStatus::cancel);
  EXPECT_EQ(told.lease_expires_at, now() + 30s);
  const auto last = beat_after(29s);
  EXPECT_EQ(last.status, BeatStatus::cancel);
  const auto ends = now() + 30s;
  EXPECT_EQ(last.lease_expires_at, ends);
  const auto over = beat_after(1s);  // the grace is over
  EXPECT_EQ(over.status, BeatStatus::cancel);
  EXPECT_EQ(over.lease_expires_at, ends);
  EXPECT_EQ(beat_after(29s).lease_expires_at, ends);
  pass(1s);
  EXPECT_EQ(take_expired(), 1U);
  EXPECT_EQ(beat(worker, handed.fence).status, BeatStatus::lost);
  EXPECT_EQ(task(task_id).crashes, 1);
}

TEST_P(WorkReports, what_fails_or_is_given_back_past_its_deadline_has_timed_out) {
  const auto handed = start(1);
  pass(5min);
  EXPECT_EQ(report(worker_, released_report(handed)), ReportStatus::applied);
  EXPECT_EQ(task(handed.fence.task_id).retries, 1);
  pass(5s);
  const auto second = claim_one(worker_);
  pass(6min);
  EXPECT_EQ(report(worker_, failed_report(second)), ReportStatus::applied);
  EXPECT_EQ(task(handed.fence.task_id).status, TaskStatus::failed);
  EXPECT_EQ(task(handed.fence.task_id).error_message, "timed out after 5m: it broke");
  for (const auto& execution : executions(handed.fence.task_id)) {
    EXPECT_EQ(execution.status, ExecutionStatus::timed_out);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, WorkReports, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
