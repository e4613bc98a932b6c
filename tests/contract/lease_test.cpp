// Leases: renewed by name, taken over once when they end without a word.
#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

using TakenOver = TaskRepository::TakenOver;

class Lease : public Contract {
 protected:
  [[nodiscard]] static std::vector<TaskId> ids_taken(const std::vector<TakenOver>& taken) {
    std::vector<TaskId> ids;
    for (const TakenOver& each : taken) ids.push_back(each.claim.fence.task_id);
    std::ranges::sort(ids);
    return ids;
  }
};

TEST_P(Lease, a_renewed_lease_lives_on) {
  const TypeId alpha = type("ALPHA");
  add(new_task_row(alpha));
  const Claim claim = claim_one(alpha);
  pass(20s);
  const RenewalAnswer answer = renew(claim.fence.lease_id, {held(claim)});
  EXPECT_EQ(answer.lease_expires_at, now() + lease_length);
  EXPECT_EQ(answer.held, std::vector{HeldStatus::ok});
  pass(29s);
  EXPECT_TRUE(take_expired().empty());
  pass(2s);
  EXPECT_EQ(take_expired().size(), 1U);
}

TEST_P(Lease, a_lease_that_has_not_ended_is_not_taken) {
  const TypeId alpha = type("ALPHA");
  add(new_task_row(alpha));
  claim_one(alpha);
  pass(lease_length);
  EXPECT_TRUE(take_expired().empty());
  pass(1us);
  EXPECT_EQ(take_expired().size(), 1U);
}

TEST_P(Lease, an_expired_lease_is_taken_over_once) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha, R"({"a":1})"));
  const Claim old = claim_one(alpha);
  pass(1min);
  const std::vector<TakenOver> taken = take_expired();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_EQ(taken[0].previous_worker, worker_name);
  EXPECT_EQ(taken[0].claim.fence.task_id, task_id);
  EXPECT_EQ(taken[0].claim.fence.attempt, old.fence.attempt);
  EXPECT_NE(taken[0].claim.fence.lease_id, old.fence.lease_id);
  EXPECT_EQ(taken[0].claim.started_at, old.started_at);
  EXPECT_EQ(taken[0].claim.run_at, old.run_at);
  EXPECT_EQ(taken[0].claim.type_id, alpha);
  EXPECT_EQ(taken[0].claim.max_retries, old.max_retries);
  EXPECT_EQ(taken[0].claim.lease_expires_at, now() + lease_length);
  EXPECT_TRUE(take_expired().empty());
  EXPECT_EQ(status(task_id), TaskStatus::processing);
}

TEST_P(Lease, the_old_holder_is_stale_and_the_history_says_expired) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Claim old = claim_one(alpha);
  pass(1min);
  const Claim taken = take_expired().at(0).claim;
  EXPECT_EQ(finish(completed(old, now())), FinishStatus::stale);
  EXPECT_EQ(renew(old.fence.lease_id, {held(old)}).held, std::vector{HeldStatus::lost});
  EXPECT_EQ(finish(expired(taken, now(), worker_name)), FinishStatus::applied);
  EXPECT_EQ(finish(completed(old, now())), FinishStatus::stale);
  const std::vector<Execution> history = executions(task_id);
  ASSERT_EQ(history.size(), 1U);
  EXPECT_EQ(history[0].status, ExecutionStatus::expired);
  EXPECT_EQ(history[0].started_at, old.started_at);
  const Task found = task(task_id);
  EXPECT_EQ(found.status, TaskStatus::pending);
  EXPECT_EQ(found.crashes, 1);
  EXPECT_EQ(found.retries, 0);
  pass(2s);
  const Claim again = claim_one(alpha);
  EXPECT_EQ(again.fence.attempt, 2);
  EXPECT_EQ(again.crashes, 1);
  EXPECT_EQ(again.run_at, old.run_at) << "it keeps its place";
}

TEST_P(Lease, a_task_that_ends_every_worker_ends_as_poison) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  for (int crash = 0; crash < plain_policy().max_crashes; ++crash) {
    claim_one(alpha);
    pass(1min);
    finish(expired(take_expired().at(0).claim, now(), worker_name));
    pass(2s);
  }
  const Task found = task(task_id);
  EXPECT_EQ(found.status, TaskStatus::failed);
  EXPECT_EQ(found.crashes, plain_policy().max_crashes);
  EXPECT_EQ(found.retries, 0);
  EXPECT_EQ(executions(task_id).back().metadata, Json({{"poison", true}}));
}

TEST_P(Lease, a_late_result_counts_while_nobody_has_taken_over) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Claim claim = claim_one(alpha);
  pass(1h);
  EXPECT_EQ(finish(completed(claim, now())), FinishStatus::applied);
  EXPECT_TRUE(take_expired().empty());
  EXPECT_EQ(status(task_id), TaskStatus::completed);
}

TEST_P(Lease, a_take_over_repeated_answers_the_same) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 3);
  claim({alpha});
  pass(1min);
  const LeaseId lease_id = chance.lease_id();
  const auto first = must(repository().take_expired("rescuer", lease_id, lease_length, 10, now()));
  const auto second = must(repository().take_expired("rescuer", lease_id, lease_length, 10, now()));
  EXPECT_EQ(first.size(), 3U);
  EXPECT_EQ(ids_taken(second), ids_taken(first));
  for (const TakenOver& each : second) {
    EXPECT_EQ(each.claim.fence.lease_id, lease_id);
    EXPECT_EQ(each.claim.fence.attempt, 1);
  }
}

TEST_P(Lease, many_expired_leases_are_all_reached) {
  constexpr int leases = 230;
  constexpr int page = 100;
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, leases);
  for (int count = 0; count < leases; ++count) claim({alpha}, 1);
  pass(1min);
  std::set<TaskId> seen;
  for (const std::size_t expected : {100U, 100U, 30U, 0U}) {
    const std::vector<TakenOver> taken = take_expired(page);
    EXPECT_EQ(taken.size(), expected);
    for (const TakenOver& each : taken) seen.insert(each.claim.fence.task_id);
  }
  EXPECT_EQ(seen, std::set<TaskId>(ids.begin(), ids.end()));
}

TEST_P(Lease, a_take_over_that_ends_without_a_word_is_taken_over_too) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  claim_one(alpha);
  pass(1min);
  const Claim first = take_expired().at(0).claim;
  pass(1min);
  const std::vector<TakenOver> second = take_expired();
  ASSERT_EQ(ids_taken(second), std::vector{task_id});
  EXPECT_EQ(finish(expired(first, now())), FinishStatus::stale);
  EXPECT_EQ(finish(expired(second[0].claim, now())), FinishStatus::applied);
}

TEST_P(Lease, only_open_tasks_are_taken_over) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 3);
  const std::vector<Claim> claims = claim({alpha});
  finish(completed(claims[1], now()));
  pass(1min);
  EXPECT_EQ(ids_taken(take_expired()), (std::vector{ids[0], ids[2]}));
}

TEST_P(Lease, of_many_takers_one_gets_each_lease) {
  constexpr int leases = 60;
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, leases);
  for (int count = 0; count < leases; ++count) claim({alpha}, 1);
  pass(1min);
  std::vector<std::vector<TaskId>> taken(3);
  run_together(3, [&](int index) {
    const auto mine = another();
    SeededRandom random{static_cast<std::uint64_t>(index)};
    for (int empty = 0; empty < 3;) {
      const auto got =
          must(mine->take_expired("rescuer", random.lease_id(), lease_length, 7, now()));
      for (const TakenOver& each : got) {
        taken[static_cast<std::size_t>(index)].push_back(each.claim.fence.task_id);
      }
      empty = got.empty() ? empty + 1 : 0;
    }
  });
  std::vector<TaskId> all;
  for (const auto& each : taken) all.insert(all.end(), each.begin(), each.end());
  std::ranges::sort(all);
  EXPECT_EQ(all, ids);
}

TEST_P(Lease, a_renewal_lets_go_of_what_it_does_not_name) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 4);
  const std::vector<Claim> claims = claim({alpha});
  const LeaseId lease_id = claims[0].fence.lease_id;
  pass(20s);
  EXPECT_EQ(renew(lease_id, {held(claims[0]), held(claims[2])}).held,
            (std::vector{HeldStatus::ok, HeldStatus::ok}));
  pass(15s);
  EXPECT_EQ(ids_taken(take_expired()), (std::vector{ids[1], ids[3]}));
  EXPECT_EQ(finish(completed(claims[1], now())), FinishStatus::stale);
  EXPECT_EQ(finish(completed(claims[0], now())), FinishStatus::applied);
  EXPECT_EQ(finish(completed(claims[2], now())), FinishStatus::applied);
}

TEST_P(Lease, what_was_let_go_may_be_named_again_before_its_end) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 3);
  const std::vector<Claim> claims = claim({alpha});
  const LeaseId lease_id = claims[0].fence.lease_id;
  pass(10s);
  renew(lease_id, {held(claims[0])});
  pass(10s);
  EXPECT_EQ(renew(lease_id, {held(claims[0]), held(claims[1])}).held,
            (std::vector{HeldStatus::ok, HeldStatus::ok}));
  pass(15s);
  EXPECT_EQ(ids_taken(take_expired()), std::vector{ids[2]});
  EXPECT_EQ(finish(completed(claims[1], now())), FinishStatus::applied);
  EXPECT_EQ(finish(completed(claims[0], now())), FinishStatus::applied);
}

TEST_P(Lease, what_was_let_go_may_still_be_settled_before_its_end) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 2);
  const std::vector<Claim> claims = claim({alpha});
  renew(claims[0].fence.lease_id, {held(claims[0])});
  EXPECT_EQ(finish(completed(claims[1], now())), FinishStatus::applied);
  EXPECT_EQ(finish(completed(claims[1], now())), FinishStatus::already_applied);
  pass(1min);
  EXPECT_EQ(ids_taken(take_expired()), std::vector{claims[0].fence.task_id});
}

TEST_P(Lease, renewing_the_same_few_again_and_again_changes_nothing_else) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 3);
  const std::vector<Claim> claims = claim({alpha});
  for (int round = 0; round < 5; ++round) {
    pass(10s);
    EXPECT_EQ(renew(claims[0].fence.lease_id, {held(claims[0])}).held, std::vector{HeldStatus::ok});
  }
  EXPECT_EQ(ids_taken(take_expired()), (std::vector{ids[1], ids[2]}));
  EXPECT_TRUE(take_expired().empty());
  EXPECT_EQ(finish(completed(claims[0], now())), FinishStatus::applied);
}

TEST_P(Lease, a_stale_renewal_is_told_so_and_renews_nothing) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 3);
  const std::vector<Claim> claims = claim({alpha});
  const LeaseId lease_id = claims[0].fence.lease_id;
  finish(completed(claims[1], now()));
  pass(20s);
  EXPECT_EQ(
      renew(lease_id, {held(claims[0]), held(claims[1]), {.task_id = ids[2], .attempt = 9}}).held,
      (std::vector{HeldStatus::ok, HeldStatus::lost, HeldStatus::lost}));
  EXPECT_EQ(renew(chance.lease_id(), {held(claims[2])}).held, std::vector{HeldStatus::lost});
  pass(15s);
  EXPECT_EQ(ids_taken(take_expired()), std::vector{ids[2]});
}

TEST_P(Lease, a_requested_cancel_comes_back_on_the_renewal) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 2);
  const std::vector<Claim> claims = claim({alpha});
  EXPECT_EQ(cancel(ids[1]), ChangeStatus::requested);
  EXPECT_EQ(renew(claims[0].fence.lease_id, {held(claims[0]), held(claims[1])}).held,
            (std::vector{HeldStatus::ok, HeldStatus::cancel}));
  pass(29s);
  EXPECT_TRUE(take_expired().empty()) << "it is renewed all the same";
}

TEST_P(Lease, a_cancelled_task_that_expires_ends_cancelled) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  claim_one(alpha);
  cancel(task_id);
  pass(1min);
  const Claim taken = take_expired().at(0).claim;
  EXPECT_TRUE(taken.cancel_requested);
  EXPECT_EQ(finish(expired(taken, now())), FinishStatus::applied);
  EXPECT_EQ(status(task_id), TaskStatus::cancelled);
}

TEST_P(Lease, many_renewals_travel_together) {
  constexpr std::size_t leases = 20;
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 2 * static_cast<int>(leases));
  std::vector<Renewal> renewals;
  for (std::size_t count = 0; count < leases; ++count) {
    Renewal renewal;
    for (const Claim& claim : claim({alpha}, 2)) {
      renewal.lease_id = claim.fence.lease_id;
      renewal.held.push_back(held(claim));
    }
    renewals.push_back(std::move(renewal));
  }
  pass(20s);
  TickRequest request;
  request.worker = worker_name;
  request.renewals = renewals;
  request.lease = lease_length;
  const TickAnswer answer = tick(request);
  ASSERT_EQ(answer.renewals.size(), leases);
  for (const RenewalAnswer& each : answer.renewals) {
    EXPECT_EQ(each.held, (std::vector{HeldStatus::ok, HeldStatus::ok}));
  }
  pass(20s);
  EXPECT_TRUE(take_expired().empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, Lease, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
