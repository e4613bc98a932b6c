// Registration, claims and sign-off.
#include <algorithm>
#include <set>

#include "simulation/world/delegate.hpp"
#include "work/work_fixture.hpp"

namespace esteira::test {
namespace {

class WorkClaims : public WorkTest {};

TEST_P(WorkClaims, a_registered_worker_is_listed_under_an_id_of_its_own) {
  const auto first = must(service().register_worker(
      {.name = "python", .host = "h", .pid = 7, .version = "1.0", .types = {"SEND_MESSAGE"}}));
  const auto second = register_worker();
  EXPECT_NE(first.worker_id, second);
  EXPECT_TRUE(first.worker_id.starts_with("python-"));
  EXPECT_EQ(first.lease, 30s);
  EXPECT_EQ(first.heartbeat, 10s);
  const auto workers = must(repository().workers());
  ASSERT_EQ(workers.size(), 2U);
  const auto found = std::ranges::find(workers, first.worker_id, &WorkerRecord::name);
  ASSERT_NE(found, workers.end());
  EXPECT_EQ(found->types, std::vector<std::string>{"MESSAGE_SEND"});
  EXPECT_EQ(found->heartbeat_at, now());
}

TEST_P(WorkClaims, a_task_is_handed_over_with_its_fence_and_its_times) {
  NewTaskRow row = new_task_row(type("ALPHA"), R"({"a":1})");
  row.priority = 5;
  row.timeout = 90s;
  row.tags = {"red"};
  const auto task_id = add(row);
  const auto worker = register_worker();
  const auto handed = claim(worker);
  ASSERT_EQ(handed.size(), 1U);
  EXPECT_EQ(handed[0].fence.task_id, task_id);
  EXPECT_EQ(handed[0].fence.attempt, 1);
  EXPECT_EQ(handed[0].lease_expires_at, now() + 30s);
  EXPECT_EQ(handed[0].deadline_at, now() + 90s);
  EXPECT_TRUE(handed[0].checkpoint.is_null());
  const auto& told = handed[0].task;
  const auto stored = task(task_id);
  EXPECT_EQ(told.status, TaskStatus::processing);
  EXPECT_EQ(told.type, "ALPHA");
  EXPECT_EQ(to_text(told.payload), R"({"a":1})");
  EXPECT_EQ(told.priority, stored.priority);
  EXPECT_EQ(told.attempt, stored.attempt);
  EXPECT_EQ(told.worker, worker);
  EXPECT_EQ(told.worker, stored.worker);
  EXPECT_EQ(told.started_at, stored.started_at);
  EXPECT_EQ(told.updated_at, stored.updated_at);
  EXPECT_EQ(told.tags, stored.tags);
  EXPECT_TRUE(claim(worker).empty());
}

TEST_P(WorkClaims, what_waited_too_long_is_ended_instead_of_handed_over) {
  NewTaskRow row = new_task_row(type("ALPHA"));
  row.terms.expires_at = now() + 1min;
  const auto stale = add(row);
  const auto also_stale = add(row);
  row.terms.expires_at = now() + 2min;
  const auto fresh = add(row);
  pass(1min);
  const auto worker = register_worker();
  const auto handed = claim(worker, 1);
  ASSERT_EQ(handed.size(), 1U);
  EXPECT_EQ(handed[0].fence.task_id, fresh);
  EXPECT_EQ(handed[0].task.expires_at, row.terms.expires_at);
  for (const auto task_id : {stale, also_stale}) {
    EXPECT_EQ(task(task_id).status, TaskStatus::cancelled);
    EXPECT_EQ(executions(task_id).at(0).error_message, "expired before it was started");
    EXPECT_EQ(to_text(executions(task_id).at(0).metadata), R"({"expired":true})");
  }
}

TEST_P(WorkClaims, only_the_types_that_were_asked_for_and_are_not_paused) {
  const auto alpha = type("ALPHA");
  const auto beta = add(type("BETA"));
  TaskType gamma = task_type("GAMMA");
  gamma.paused = true;
  add(must(repository().put_type(gamma, now())).type_id);
  add(alpha);
  const auto worker = register_worker({"ALPHA", "BETA", "GAMMA", "DELTA"});
  const auto asked = must(service().claim(
      {.worker_id = worker, .types = {"BETA", "GAMMA", "DELTA", "BETA"}, .limit = 10}));
  ASSERT_EQ(asked.tasks.size(), 1U);
  EXPECT_EQ(asked.tasks[0].fence.task_id, beta);
  EXPECT_TRUE(
      must(service().claim({.worker_id = worker, .types = {"DELTA"}, .limit = 10})).tasks.empty());
  EXPECT_EQ(claim(worker).size(), 1U);
  // A type that comes later is found without waiting for the cache.
  add(type("DELTA"));
  EXPECT_EQ(claim(worker).size(), 1U);
}

TEST_P(WorkClaims, what_becomes_due_is_promoted_and_what_will_be_is_told) {
  NewTaskRow row = new_task_row(type("ALPHA"));
  row.scheduled_for = now() + 1min;
  add(row);
  const auto worker = register_worker();
  const auto early = must(service().claim({.worker_id = worker, .types = {}, .limit = 1}));
  EXPECT_TRUE(early.tasks.empty());
  EXPECT_EQ(early.next_due_at, now() + 1min);
  pass(1min);
  EXPECT_EQ(claim(worker).size(), 1U);
}

TEST_P(WorkClaims, a_payload_that_its_type_refuses_fails_for_good_and_is_not_handed_out) {
  const auto alpha = type("ALPHA", R"({"type":"object","required":["a"]})");
  const auto bad = add(alpha, R"({"b":1})");
  const auto good = add(alpha, R"({"a":1})");
  const auto worker = register_worker();
  // One at a time: the claim goes on past the bad one.
  const auto handed = claim(worker, 1);
  ASSERT_EQ(handed.size(), 1U);
  EXPECT_EQ(handed[0].fence.task_id, good);
  EXPECT_EQ(task(bad).status, TaskStatus::failed);
  EXPECT_TRUE(task(bad).error_message->starts_with("payload refused: "));
  EXPECT_EQ(executions(bad).at(0).status, ExecutionStatus::failed);
}

TEST_P(WorkClaims, a_worker_that_is_not_registered_gets_no_answer) {
  add(type("ALPHA"));
  const ClaimCall call{.worker_id = "nobody", .types = {"ALPHA"}, .limit = 1};
  EXPECT_EQ(error_of(service().claim(call)).code, ErrorCode::not_found);
  EXPECT_EQ(error_of(service().heartbeat({.worker_id = "nobody", .tasks = {}})).code,
            ErrorCode::not_found);
  EXPECT_EQ(error_of(service().sign_off("nobody")).code, ErrorCode::not_found);
}

TEST_P(WorkClaims, two_services_never_hand_out_the_same_task) {
  const auto alpha = type("ALPHA");
  const std::vector<NewTaskRow> rows(200, new_task_row(alpha));
  must(repository().insert(rows, now()));
  const auto worker = register_worker();
  const auto other = register_worker();
  const auto elsewhere = another();
  std::vector<std::vector<TaskId>> got(4);
  run_together(4, [&](int index) {
    auto& mine = index % 2 == 0 ? service() : *elsewhere;
    const auto& name = index < 2 ? worker : other;
    for (;;) {
      const auto handed =
          must(mine.claim({.worker_id = name, .types = {"ALPHA"}, .limit = 7})).tasks;
      if (handed.empty()) break;
      ReportCall call{.worker_id = name};
      for (const auto& one : handed) {
        got[static_cast<std::size_t>(index)].push_back(one.fence.task_id);
        call.reports.push_back(completed_report(one));
      }
      for (const auto& told : must(mine.report(call)).reports) {
        EXPECT_EQ(told.status, ReportStatus::applied);
      }
    }
  });
  std::set<TaskId> all;
  std::size_t count = 0;
  for (const auto& mine : got) {
    count += mine.size();
    all.insert(mine.begin(), mine.end());
  }
  EXPECT_EQ(count, all.size());
  while (!claim(worker).empty()) continue;
  EXPECT_EQ(must(repository().stats(now())).by_status[0], 0);
}

TEST_P(WorkClaims, quiet_and_stop_are_seen_by_every_service) {
  const auto task_id = add(type("ALPHA"));
  const auto worker = register_worker();
  const auto heard = [&] {
    return must(service().heartbeat({.worker_id = worker, .tasks = {}})).command;
  };
  EXPECT_EQ(heard(), WorkerCommand::run);
  must(repository().command_worker(worker, WorkerCommand::quiet));
  EXPECT_EQ(heard(), WorkerCommand::quiet);
  EXPECT_TRUE(claim(worker).empty());
  must(repository().command_worker(worker, WorkerCommand::stop));
  EXPECT_EQ(heard(), WorkerCommand::stop);
  EXPECT_TRUE(claim(worker).empty());
  EXPECT_EQ(task(task_id).status, TaskStatus::pending);
  must(repository().command_worker(worker, WorkerCommand::run));
  EXPECT_EQ(claim(worker).size(), 1U);
}

TEST_P(WorkClaims, a_sign_off_gives_back_what_is_held_and_uses_no_retry) {
  const auto alpha = type("ALPHA");
  const auto first = add(alpha);
  const auto second = add(alpha);
  const auto others = add(alpha);
  const auto worker = register_worker();
  const auto other = register_worker();
  const auto mine = claim(worker, 2);
  EXPECT_EQ(claim(other, 1).at(0).fence.task_id, others);
  EXPECT_EQ(report(worker, completed_report(mine[0])), ReportStatus::applied);
  EXPECT_EQ(must(another()->sign_off(worker)), 1);
  EXPECT_EQ(task(first).status, TaskStatus::completed);
  const auto back = task(second);
  EXPECT_EQ(back.status, TaskStatus::pending);
  EXPECT_EQ(back.retries, 0);
  EXPECT_EQ(back.crashes, 0);
  EXPECT_EQ(executions(second).at(0).status, ExecutionStatus::interrupted);
  EXPECT_EQ(task(others).status, TaskStatus::processing);
  EXPECT_EQ(must(repository().workers()).size(), 1U);
  EXPECT_EQ(report(worker, completed_report(mine[1])), ReportStatus::already_applied);
  EXPECT_EQ(error_of(service().sign_off(worker)).code, ErrorCode::not_found);
}

// Loses the answers of so many ticks after they were done.
class Forgetful final : public sim::Delegate {
 public:
  explicit Forgetful(TaskRepository& inner) : sim::Delegate(inner) {}
  [[nodiscard]] Expected<TickAnswer> tick(const TickRequest& request, Time now) override {
    auto answer = inner().tick(request, now);
    if (lose <= 0) return answer;
    --lose;
    return fail(ErrorCode::in_doubt, "the answer was lost");
  }
  int lose = 0;
};

TEST_P(WorkClaims, a_claim_whose_answer_was_lost_is_asked_for_again) {
  const auto alpha = type("ALPHA");
  add(alpha);
  add(alpha);
  const auto worker = register_worker();
  const auto forgetful = std::make_shared<Forgetful>(repository());
  const auto mine = make_service(forgetful);
  const ClaimCall call{.worker_id = worker, .types = {}, .limit = 1};
  forgetful->lose = 1;
  const auto first = must(mine->claim(call)).tasks;
  ASSERT_EQ(first.size(), 1U);
  EXPECT_EQ(first[0].fence.task_id, 1);
  // Lost for good: the worker's next claim finds what this one got.
  forgetful->lose = 3;
  EXPECT_EQ(error_of(mine->claim(call)).code, ErrorCode::in_doubt);
  const auto second = must(mine->claim(call)).tasks;
  ASSERT_EQ(second.size(), 1U);
  EXPECT_EQ(second[0].fence.attempt, 1);
  EXPECT_TRUE(must(mine->claim(call)).tasks.empty());
  forgetful->lose = 2;
  const auto told = must(mine->report(
      {.worker_id = worker, .reports = {completed_report(first[0]), completed_report(second[0])}}));
  for (const auto& one : told.reports) EXPECT_EQ(one.status, ReportStatus::already_applied);
  EXPECT_EQ(executions(first[0].fence.task_id).size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Stores, WorkClaims, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
