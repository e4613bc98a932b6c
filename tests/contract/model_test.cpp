// A long walk of random operations beside a plain model in memory: every answer and every status
// must be the model's.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

// What the model knows of a task.
struct Known {
  TypeId type_id = 0;
  int priority = 0;
  int max_retries = 0;
  std::optional<std::string> unique_key;
  TaskStatus status = TaskStatus::pending;
  int retries = 0;
  int crashes = 0;
  int attempt = 0;
  int history = 0;
  Time run_at{};
  Time completed_at{};
  Time expires_at{};
  bool cancel_requested = false;
  LeaseId lease_id{};
};

class Model : public Contract {
 protected:
  void SetUp() override {
    types_ = {type("ALPHA"), type("BETA"), type("GAMMA")};
    worker_name = "walker";
  }
  void walk(int steps);
  void compare_each();

 private:
  void insert();
  void insert_unique();
  void claim_some();
  void finish_some();
  void repeat_some();
  void renew_some();
  void take_over();
  void cancel_one();
  void retry_one();
  void remove_one();
  void prune_old();
  void compare();

  NewTaskRow random_row();
  void learn(TaskId task_id, const NewTaskRow& row);
  [[nodiscard]] std::vector<TaskId> due_in_order() const;
  [[nodiscard]] std::optional<TaskId> holder_of(const Known& known) const;
  [[nodiscard]] Outcome random_outcome();
  [[nodiscard]] Settlement random_settlement(const Claim& claim);
  // Any task that the model has ever known, or none.
  [[nodiscard]] TaskId random_task();
  [[nodiscard]] FinishStatus expected(const Settlement& settlement) const;
  void apply(const Settlement& settlement);
  void offer(const std::vector<Settlement>& settlements);

  std::vector<TypeId> types_;
  std::map<TaskId, Known> tasks_;
  TaskId last_ = 0;
  std::vector<Claim> held_;          // also those that were taken from us since
  std::vector<Settlement> settled_;  // applied, to be offered again
  RetryPolicy policy_ = plain_policy();
};

NewTaskRow Model::random_row() {
  NewTaskRow row = new_task_row(types_[static_cast<std::size_t>(chance.below(3))]);
  row.priority = chance.below(4) - 1;
  row.max_retries = chance.below(3);
  if (chance.below(3) == 0) row.scheduled_for = now() + std::chrono::seconds{chance.below(90) - 30};
  return row;
}

void Model::learn(TaskId task_id, const NewTaskRow& row) {
  EXPECT_GT(task_id, last_);
  last_ = task_id;
  tasks_[task_id] = {.type_id = row.type_id,
                     .priority = row.priority,
                     .max_retries = row.max_retries,
                     .unique_key = row.unique_key,
                     .run_at = row.scheduled_for.value_or(now())};
}

void Model::insert() {
  std::vector<NewTaskRow> rows;
  for (int count = chance.below(12); count >= 0; --count) rows.push_back(random_row());
  const std::vector<TaskId> ids = add(rows);
  ASSERT_EQ(ids.size(), rows.size());
  for (std::size_t at = 0; at < ids.size(); ++at) learn(ids[at], rows[at]);
}

std::optional<TaskId> Model::holder_of(const Known& known) const {
  if (!known.unique_key) return std::nullopt;
  for (const auto& [task_id, other] : tasks_) {
    const bool lives =
        other.status == TaskStatus::pending || other.status == TaskStatus::processing;
    if (lives && other.type_id == known.type_id && other.unique_key == known.unique_key) {
      return task_id;
    }
  }
  return std::nullopt;
}

void Model::insert_unique() {
  NewTaskRow row = random_row();
  row.unique_key = "key-" + std::to_string(chance.below(4));
  const auto holder = holder_of({.type_id = row.type_id, .unique_key = row.unique_key});
  const auto answer = repository().insert(std::span{&row, 1}, now());
  ASSERT_EQ(answer.has_value(), !holder.has_value());
  if (answer) {
    learn(answer->at(0).task_id, row);
  } else {
    EXPECT_EQ(answer.error().task_id, holder);
  }
}

std::vector<TaskId> Model::due_in_order() const {
  std::vector<TaskId> due;
  for (const auto& [task_id, known] : tasks_) {
    if (known.status == TaskStatus::pending && known.run_at <= now()) due.push_back(task_id);
  }
  std::ranges::sort(due, {}, [&](TaskId task_id) {
    const Known& known = tasks_.at(task_id);
    return std::tuple{-known.priority, known.run_at, task_id};
  });
  return due;
}

void Model::claim_some() {
  // Long enough for an engine that remembers where it stood to look at everything again.
  pass(10s);
  const int limit = 1 + chance.below(15);
  std::vector<TaskId> due = due_in_order();
  due.resize(std::min(due.size(), static_cast<std::size_t>(limit)));
  const std::vector<Claim> claims = claim(types_, limit);
  ASSERT_EQ(ids_of(claims), due);
  for (const Claim& claim : claims) {
    Known& known = tasks_.at(claim.fence.task_id);
    known.status = TaskStatus::processing;
    known.attempt += 1;
    known.expires_at = now() + lease_length;
    known.lease_id = claim.fence.lease_id;
    known.cancel_requested = false;
    EXPECT_EQ(claim.fence.attempt, known.attempt);
    EXPECT_EQ(claim.retries, known.retries);
    EXPECT_EQ(claim.crashes, known.crashes);
    EXPECT_EQ(claim.max_retries, known.max_retries);
    EXPECT_EQ(claim.run_at, known.run_at);
    EXPECT_FALSE(claim.cancel_requested);
    held_.push_back(claim);
  }
}

Outcome Model::random_outcome() {
  switch (chance.below(8)) {
    case 0:
      return outcome::Failed{.message = "broken"};
    case 1:
      return outcome::Failed{.message = "broken", .retry = RetryNever{}};
    case 2:
      return outcome::Failed{.message = "broken", .retry = RetryAfter{20s}};
    case 3:
      return outcome::TimedOut{.message = "slow"};
    case 4:
      return outcome::Snoozed{.delay = std::chrono::seconds{chance.below(30)}};
    case 5:
      return outcome::Cancelled{.reason = "no longer wanted"};
    case 6:
      return outcome::Interrupted{};
    default:
      break;
  }
  return outcome::Completed{.result = R"({"done":true})"};
}

Settlement Model::random_settlement(const Claim& claim) {
  return settle(claim, random_outcome(), policy_, now(), chance.fraction());
}

FinishStatus Model::expected(const Settlement& settlement) const {
  const auto found = tasks_.find(settlement.fence.task_id);
  if (found == tasks_.end()) return FinishStatus::stale;
  const Known& known = found->second;
  const bool live = known.status == TaskStatus::processing &&
                    known.attempt == settlement.fence.attempt &&
                    known.lease_id == settlement.fence.lease_id;
  if (!live) return FinishStatus::stale;
  const bool well = settlement.next == Next{Ended{TaskStatus::completed}} ||
                    settlement.next == Next{Ended{TaskStatus::cancelled}};
  return known.cancel_requested && !well ? FinishStatus::cancel_requested : FinishStatus::applied;
}

void Model::apply(const Settlement& settlement) {
  Known& known = tasks_.at(settlement.fence.task_id);
  known.retries = settlement.retries;
  known.crashes = settlement.crashes;
  known.history += 1;
  known.completed_at = settlement.completed_at;
  if (const auto* ended = std::get_if<Ended>(&settlement.next)) {
    known.status = ended->status;
  } else {
    known.status = TaskStatus::pending;
    known.run_at = std::get<Again>(settlement.next).run_at;
  }
  settled_.push_back(settlement);
}

void Model::offer(const std::vector<Settlement>& settlements) {
  std::vector<FinishStatus> wanted;
  for (const Settlement& settlement : settlements) wanted.push_back(expected(settlement));
  ASSERT_EQ(finish(settlements), wanted);
  for (std::size_t at = 0; at < settlements.size(); ++at) {
    if (wanted[at] == FinishStatus::applied) apply(settlements[at]);
  }
}

void Model::finish_some() {
  std::vector<Settlement> settlements;
  std::vector<Claim> kept;
  for (Claim& claim : held_) {
    if (chance.below(2) == 0) {
      kept.push_back(claim);
      continue;
    }
    settlements.push_back(random_settlement(claim));
    if (expected(settlements.back()) != FinishStatus::cancel_requested) continue;
    // The engine says that a cancel was requested; the next settlement knows of it.
    claim.cancel_requested = true;
    kept.push_back(claim);
  }
  held_ = std::move(kept);
  offer(settlements);
}

void Model::repeat_some() {
  std::vector<Settlement> repeated;
  std::vector<FinishStatus> wanted;
  for (const Settlement& settlement : settled_) {
    if (chance.below(8) != 0) continue;
    repeated.push_back(settlement);
    const bool exists = tasks_.contains(settlement.fence.task_id);
    wanted.push_back(exists ? FinishStatus::already_applied : FinishStatus::stale);
  }
  EXPECT_EQ(finish(repeated), wanted);
}

void Model::renew_some() {
  std::map<LeaseId, std::vector<Renewal::Held>> named;
  std::map<LeaseId, std::vector<HeldStatus>> wanted;
  for (const Claim& claim : held_) {
    if (chance.below(3) == 0) continue;
    const LeaseId& lease_id = claim.fence.lease_id;
    named[lease_id].push_back(held(claim));
    const auto found = tasks_.find(claim.fence.task_id);
    const bool live = found != tasks_.end() && found->second.status == TaskStatus::processing &&
                      found->second.lease_id == lease_id;
    HeldStatus answer = HeldStatus::lost;
    if (live) {
      found->second.expires_at = now() + lease_length;
      answer = found->second.cancel_requested ? HeldStatus::cancel : HeldStatus::ok;
    }
    wanted[lease_id].push_back(answer);
  }
  for (const auto& [lease_id, helds] : named) {
    EXPECT_EQ(renew(lease_id, helds).held, wanted.at(lease_id));
  }
}

void Model::take_over() {
  pass(std::chrono::seconds{chance.below(20)} + 1us);
  std::vector<TaskId> ended;
  for (const auto& [task_id, known] : tasks_) {
    if (known.status == TaskStatus::processing && known.expires_at < now()) {
      ended.push_back(task_id);
    }
  }
  std::vector<TaskId> taken;
  std::vector<Settlement> settlements;
  for (const auto& each : take_expired(limits::expired_leases_max)) {
    Known& known = tasks_.at(each.claim.fence.task_id);
    taken.push_back(each.claim.fence.task_id);
    known.lease_id = each.claim.fence.lease_id;
    known.expires_at = now() + lease_length;
    EXPECT_EQ(each.claim.fence.attempt, known.attempt);
    EXPECT_EQ(each.claim.cancel_requested, known.cancel_requested);
    settlements.push_back(settle(each.claim, outcome::Expired{.worker = each.previous_worker},
                                 policy_, now(), chance.fraction()));
  }
  std::ranges::sort(taken);
  ASSERT_EQ(taken, ended);
  // The microsecond that made the leases older than `now` goes again: times stay in whole seconds.
  pass(1s - 1us);
  offer(settlements);
}

TaskId Model::random_task() {
  return 1 + static_cast<TaskId>(chance.below(static_cast<int>(last_) + 2));
}

void Model::cancel_one() {
  const TaskId task_id = random_task();
  const auto found = tasks_.find(task_id);
  const ChangeStatus answer = cancel(task_id);
  if (found == tasks_.end()) {
    EXPECT_EQ(answer, ChangeStatus::not_found);
    return;
  }
  Known& known = found->second;
  switch (known.status) {
    case TaskStatus::pending:
      EXPECT_EQ(answer, ChangeStatus::applied);
      known.status = TaskStatus::cancelled;
      known.attempt += 1;
      known.history += 1;
      known.completed_at = now();
      return;
    case TaskStatus::processing:
      EXPECT_EQ(answer, ChangeStatus::requested);
      known.cancel_requested = true;
      return;
    case TaskStatus::completed:
    case TaskStatus::failed:
    case TaskStatus::cancelled:
      EXPECT_EQ(answer, ChangeStatus::wrong_status);
  }
}

void Model::retry_one() {
  const TaskId task_id = random_task();
  const auto found = tasks_.find(task_id);
  const ChangeStatus answer = retry(task_id);
  if (found == tasks_.end()) {
    EXPECT_EQ(answer, ChangeStatus::not_found);
    return;
  }
  Known& known = found->second;
  if (known.status == TaskStatus::pending || known.status == TaskStatus::processing) {
    EXPECT_EQ(answer, ChangeStatus::wrong_status);
  } else if (holder_of(known)) {
    EXPECT_EQ(answer, ChangeStatus::unique_conflict);
  } else {
    EXPECT_EQ(answer, ChangeStatus::applied);
    known.status = TaskStatus::pending;
    known.retries = 0;
    known.crashes = 0;
    known.run_at = now();
  }
}

void Model::remove_one() {
  const TaskId task_id = random_task();
  const auto found = tasks_.find(task_id);
  const ChangeStatus answer = remove(task_id);
  if (found == tasks_.end()) {
    EXPECT_EQ(answer, ChangeStatus::not_found);
  } else if (found->second.status == TaskStatus::processing) {
    EXPECT_EQ(answer, ChangeStatus::wrong_status);
  } else {
    EXPECT_EQ(answer, ChangeStatus::applied);
    tasks_.erase(found);
  }
}

void Model::prune_old() {
  // Not a whole number of seconds, so that no task stands on the very edge.
  const Duration age = 15min + 500ms;
  const auto old = [&](const auto& entry) {
    const Known& known = entry.second;
    const bool ended =
        known.status != TaskStatus::pending && known.status != TaskStatus::processing;
    return ended && known.completed_at < now() - age;
  };
  const auto count = std::erase_if(tasks_, old);
  EXPECT_EQ(
      must(repository().prune({.completed_older = age, .failed_older = age, .limit = 1000}, now())),
      static_cast<std::int64_t>(count));
}

void Model::compare() {
  std::array<std::int64_t, task_statuses> counts{};
  // Newest first, as the list is; the walk never makes more tasks than a page holds.
  auto expected = tasks_.rbegin();
  const std::vector<Task> listed =
      must(repository().tasks({.limit = limits::page_items_max}, now()));
  ASSERT_EQ(listed.size(), tasks_.size());
  for (const Task& found : listed) {
    SCOPED_TRACE("task " + std::to_string(found.task_id));
    const auto& [task_id, known] = *expected++;
    ASSERT_EQ(found.task_id, task_id);
    ASSERT_EQ(found.status, known.status);
    EXPECT_EQ(found.retries, known.retries);
    EXPECT_EQ(found.crashes, known.crashes);
    EXPECT_EQ(found.attempt, known.attempt);
    counts[static_cast<std::size_t>(known.status)] += 1;
  }
  EXPECT_EQ(must(repository().stats(now())).by_status, counts);
}

void Model::compare_each() {
  for (const auto& [task_id, known] : tasks_) {
    SCOPED_TRACE("task " + std::to_string(task_id));
    EXPECT_EQ(status(task_id), known.status);
    const int running = known.status == TaskStatus::processing ? 1 : 0;
    EXPECT_EQ(std::ssize(executions(task_id)), known.history + running);
  }
}

void Model::walk(int steps) {
  using Step = void (Model::*)();
  // The more often a step stands here, the more often it is taken.
  const std::vector<Step> choices{&Model::insert,      &Model::insert,      &Model::insert_unique,
                                  &Model::claim_some,  &Model::claim_some,  &Model::claim_some,
                                  &Model::finish_some, &Model::finish_some, &Model::finish_some,
                                  &Model::repeat_some, &Model::renew_some,  &Model::take_over,
                                  &Model::cancel_one,  &Model::cancel_one,  &Model::retry_one,
                                  &Model::retry_one,   &Model::remove_one,  &Model::prune_old};
  for (int step = 1; step <= steps && !HasFailure(); ++step) {
    SCOPED_TRACE("step " + std::to_string(step));
    pass(std::chrono::seconds{chance.below(4)});
    const int choice = chance.below(static_cast<int>(choices.size()));
    try {
      (this->*choices[static_cast<std::size_t>(choice)])();
    } catch (const std::exception& error) {
      // Told here, where the seed and the step are known.
      ADD_FAILURE() << error.what();
    }
    if (step % 40 == 0) compare();
  }
  compare();
}

TEST_P(Model, agrees_over_a_long_walk) {
  for (const std::uint64_t seed : {1U, 2U, 3U}) {
    SCOPED_TRACE("seed " + std::to_string(seed));
    chance = SeededRandom{seed};
    walk(250);
  }
  compare_each();
}

INSTANTIATE_TEST_SUITE_P(Stores, Model, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
