// What a process that holds nothing in memory reads of other processes' claims and workers.
#include <algorithm>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class OpenClaims : public Contract {
 protected:
  [[nodiscard]] std::vector<std::optional<Claim>> read(const std::vector<Fence>& fences) {
    return must(repository().open_claims(fences));
  }
  [[nodiscard]] std::optional<Claim> read(const Fence& fence) {
    return read(std::vector{fence})[0];
  }
  void expect_same_terms(const std::optional<Claim>& read, const Claim& claimed) {
    ASSERT_TRUE(read);
    EXPECT_EQ(read->fence, claimed.fence);
    // What settle makes of it is what matters.
    EXPECT_EQ(failed(*read, now()), failed(claimed, now()));
    EXPECT_EQ(interrupted(*read, now()), interrupted(claimed, now()));
    EXPECT_EQ(read->timeout, claimed.timeout);
    EXPECT_EQ(read->lease_expires_at, claimed.lease_expires_at);
    EXPECT_EQ(read->cancel_requested, claimed.cancel_requested);
  }
};

TEST_P(OpenClaims, a_live_claim_is_read_back_with_all_that_settling_needs) {
  NewTaskRow row = new_task_row(type("ALPHA"), R"({"a":1})");
  row.priority = 7;
  row.max_retries = 9;
  row.timeout = 90s;
  add(row);
  const Claim first = claim_one(row.type_id);
  expect_same_terms(read(first.fence), first);
  EXPECT_EQ(finish(failed(first, now())), FinishStatus::applied);
  pass(5s);
  const Claim second = claim_one(row.type_id);
  EXPECT_EQ(second.retries, 1);
  expect_same_terms(read(second.fence), second);
}

TEST_P(OpenClaims, many_are_answered_in_the_order_of_the_question) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 5);
  auto claims = claim({alpha}, 3);
  std::ranges::copy(claim({alpha}, 2), std::back_inserter(claims));
  std::ranges::reverse(claims);
  std::vector<Fence> fences;
  for (const Claim& claim : claims) fences.push_back(claim.fence);
  fences.push_back(claims[0].fence);  // the same again
  const auto open = read(fences);
  ASSERT_EQ(open.size(), 6U);
  for (std::size_t i = 0; i < claims.size(); ++i) expect_same_terms(open[i], claims[i]);
  expect_same_terms(open[5], claims[0]);
  EXPECT_TRUE(read(std::vector<Fence>{}).empty());
}

TEST_P(OpenClaims, nothing_is_answered_under_a_fence_that_is_stale) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 2);
  const auto claims = claim({alpha});
  const Fence good = claims[0].fence;
  for (const Fence& forged : {Fence{good.task_id + 1000, good.attempt, good.lease_id},
                              Fence{good.task_id, good.attempt + 1, good.lease_id},
                              Fence{good.task_id, good.attempt - 1, good.lease_id},
                              Fence{good.task_id, good.attempt, chance.lease_id()}, Fence{}}) {
    EXPECT_FALSE(read(forged));
  }
  EXPECT_EQ(finish(completed(claims[0], now())), FinishStatus::applied);
  EXPECT_FALSE(read(good));
  EXPECT_TRUE(read(claims[1].fence));
  pass(1min);
  const auto taken = take_expired();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_FALSE(read(claims[1].fence));
  expect_same_terms(read(taken[0].claim.fence), taken[0].claim);
}

TEST_P(OpenClaims, a_cancel_that_was_asked_for_is_seen) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 2);
  const auto claims = claim({alpha});
  EXPECT_EQ(cancel(claims[1].fence.task_id), ChangeStatus::requested);
  const auto open = read({claims[0].fence, claims[1].fence});
  EXPECT_FALSE(open[0]->cancel_requested);
  EXPECT_TRUE(open[1]->cancel_requested);
}

TEST_P(OpenClaims, what_a_worker_holds_is_found_by_its_name) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 5);
  auto mine = claim({alpha}, 2);
  std::ranges::copy(claim({alpha}, 1), std::back_inserter(mine));
  worker_name = "worker-2";
  const auto other = claim({alpha}, 2);
  EXPECT_EQ(finish(completed(mine[0], now())), FinishStatus::applied);
  auto held = must(repository().claims_of("worker-1"));
  std::ranges::sort(held, {}, &Claim::fence);
  ASSERT_EQ(held.size(), 2U);
  for (const Claim& claim : held) EXPECT_NE(claim.fence.task_id, mine[0].fence.task_id);
  EXPECT_EQ(must(repository().claims_of("worker-2")).size(), other.size());
  EXPECT_TRUE(must(repository().claims_of("worker-3")).empty());
  for (const Claim& claim : held) expect_same_terms(read(claim.fence), claim);
  pass(1min);
  take_expired();
  EXPECT_TRUE(must(repository().claims_of("worker-1")).empty());
  EXPECT_EQ(must(repository().claims_of("rescuer")).size(), 4U);
}

INSTANTIATE_TEST_SUITE_P(Stores, OpenClaims, testing::ValuesIn(every_store()), store_name);

class WorkerCommands : public Contract {
 protected:
  void put(const std::string& name) {
    must(repository().put_worker({.name = name,
                                  .host = "host",
                                  .types = {"ALPHA"},
                                  .slots = 4,
                                  .started_at = now(),
                                  .heartbeat_at = now()}));
  }
};

TEST_P(WorkerCommands, a_record_is_read_by_name) {
  put("w-1");
  const auto found = must(repository().worker("w-1"));
  ASSERT_TRUE(found);
  EXPECT_EQ(found->types, std::vector<std::string>{"ALPHA"});
  EXPECT_EQ(found->slots, 4);
  EXPECT_EQ(found->command, WorkerCommand::run);
  EXPECT_FALSE(must(repository().worker("w-2")));
}

TEST_P(WorkerCommands, a_heartbeat_moves_the_record_and_learns_the_command) {
  put("w-1");
  const auto elsewhere = another();
  EXPECT_EQ(must(repository().touch_worker("w-1", now() + 5s)), WorkerCommand::run);
  EXPECT_EQ(must(repository().worker("w-1"))->heartbeat_at, now() + 5s);
  EXPECT_EQ(must(repository().touch_worker("w-1", now())), WorkerCommand::run);
  EXPECT_EQ(must(repository().worker("w-1"))->heartbeat_at, now() + 5s);
  EXPECT_TRUE(must(elsewhere->command_worker("w-1", WorkerCommand::quiet)));
  EXPECT_EQ(must(repository().touch_worker("w-1", now() + 6s)), WorkerCommand::quiet);
  EXPECT_TRUE(must(elsewhere->command_worker("w-1", WorkerCommand::stop)));
  EXPECT_EQ(must(repository().worker("w-1"))->command, WorkerCommand::stop);
  EXPECT_EQ(must(repository().workers()).at(0).command, WorkerCommand::stop);
}

TEST_P(WorkerCommands, a_command_outlives_the_record_s_refresh_and_ends_with_it) {
  put("w-1");
  EXPECT_TRUE(must(repository().command_worker("w-1", WorkerCommand::quiet)));
  put("w-1");
  EXPECT_EQ(must(repository().worker("w-1"))->command, WorkerCommand::quiet);
  must(repository().remove_worker("w-1"));
  put("w-1");
  EXPECT_EQ(must(repository().worker("w-1"))->command, WorkerCommand::run);
}

TEST_P(WorkerCommands, nobody_is_told_anything_under_a_name_that_is_not_there) {
  EXPECT_FALSE(must(repository().touch_worker("w-1", now())));
  EXPECT_FALSE(must(repository().command_worker("w-1", WorkerCommand::stop)));
  EXPECT_TRUE(must(repository().workers()).empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, WorkerCommands, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
