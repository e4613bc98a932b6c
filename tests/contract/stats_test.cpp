// stats: counters kept beside the rows say what a recount of the rows says.
#include <algorithm>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Statistics : public Contract {
 protected:
  Stats stats() { return must(repository().stats(now())); }
  std::int64_t count_of(TaskStatus status) {
    return stats().by_status[static_cast<std::size_t>(status)];
  }
  TypeStats of_type(const std::string& name) {
    for (const TypeStats& type : stats().types) {
      if (type.type == name) return type;
    }
    throw std::runtime_error("no statistics of " + name);
  }
};

TEST_P(Statistics, an_empty_store_has_zeros) {
  type("ALPHA");
  const Stats empty = stats();
  EXPECT_EQ(empty.generated_at, now());
  EXPECT_EQ(std::ranges::count(empty.by_status, 0), task_statuses);
  const TypeStats alpha = of_type("ALPHA");
  EXPECT_EQ(alpha.pending + alpha.ready + alpha.processing, 0);
  EXPECT_EQ(alpha.oldest_waiting_seconds, 0);
  EXPECT_EQ(alpha.failure_rate, 0);
  EXPECT_EQ(alpha.wait_seconds.p99, 0);
}

TEST_P(Statistics, each_status_is_counted) {
  const TypeId alpha = type("ALPHA");
  const TaskId running = add(new_task_row(alpha));
  claim_one(alpha);
  for (int count = 0; count < 4; ++count) ended(alpha, TaskStatus::completed);
  for (int count = 0; count < 3; ++count) ended(alpha, TaskStatus::failed);
  for (int count = 0; count < 2; ++count) ended(alpha, TaskStatus::cancelled);
  NewTaskRow future = new_task_row(alpha);
  future.scheduled_for = now() + 1h;
  add(future);
  add_many(alpha, 5);
  EXPECT_EQ(status(running), TaskStatus::processing);
  EXPECT_EQ(count_of(TaskStatus::pending), 6);
  EXPECT_EQ(count_of(TaskStatus::processing), 1);
  EXPECT_EQ(count_of(TaskStatus::completed), 4);
  EXPECT_EQ(count_of(TaskStatus::failed), 3);
  EXPECT_EQ(count_of(TaskStatus::cancelled), 2);
}

TEST_P(Statistics, a_retry_and_a_removal_count_back) {
  const TypeId alpha = type("ALPHA");
  const TaskId failed_id = ended(alpha, TaskStatus::failed);
  const TaskId done_id = ended(alpha, TaskStatus::completed);
  const TaskId stopped_id = ended(alpha, TaskStatus::cancelled);
  retry(failed_id);
  EXPECT_EQ(count_of(TaskStatus::failed), 0);
  EXPECT_EQ(count_of(TaskStatus::pending), 1);
  remove(done_id);
  EXPECT_EQ(count_of(TaskStatus::completed), 0);
  remove(stopped_id);
  EXPECT_EQ(count_of(TaskStatus::cancelled), 0);
  remove(failed_id);
  EXPECT_EQ(count_of(TaskStatus::pending), 0);
}

TEST_P(Statistics, what_is_pruned_is_counted_no_more) {
  const TypeId alpha = type("ALPHA");
  for (int count = 0; count < 5; ++count) ended(alpha, TaskStatus::completed);
  pass(24h * 8);
  must(repository().prune({.limit = 3}, now()));
  EXPECT_EQ(count_of(TaskStatus::completed), 2);
  must(repository().prune({.limit = 3}, now()));
  EXPECT_EQ(count_of(TaskStatus::completed), 0);
}

TEST_P(Statistics, counts_stay_right_when_old_minutes_are_rolled_up) {
  const TypeId alpha = type("ALPHA");
  for (int day = 0; day < 4; ++day) {
    ended(alpha, TaskStatus::completed);
    ended(alpha, TaskStatus::failed);
    pass(24h * 20);
    must(repository().maintain(now()));
    must(repository().maintain(now()));
  }
  EXPECT_EQ(count_of(TaskStatus::completed), 4);
  EXPECT_EQ(count_of(TaskStatus::failed), 4);
}

TEST_P(Statistics, types_are_told_apart_and_ordered_by_name) {
  const TypeId beta = type("BETA");
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 3);
  add_many(beta, 2);
  NewTaskRow future = new_task_row(beta);
  future.scheduled_for = now() + 1h;
  add(future);
  claim({alpha}, 1);
  const std::vector<TypeStats> types = stats().types;
  ASSERT_EQ(types.size(), 2U);
  EXPECT_EQ(types[0].type, "ALPHA");
  EXPECT_EQ(types[0].pending, 2);
  EXPECT_EQ(types[0].ready, 2);
  EXPECT_EQ(types[0].processing, 1);
  EXPECT_EQ(types[1].type, "BETA");
  EXPECT_EQ(types[1].pending, 3);
  EXPECT_EQ(types[1].ready, 2);
  EXPECT_EQ(types[1].processing, 0);
}

TEST_P(Statistics, the_oldest_waiting_task_is_known) {
  const TypeId alpha = type("ALPHA");
  NewTaskRow row = new_task_row(alpha);
  row.priority = -3;
  add(row);
  pass(90s);
  row.priority = 3;
  add(row);
  pass(10s);
  EXPECT_DOUBLE_EQ(of_type("ALPHA").oldest_waiting_seconds, 100);
}

TEST_P(Statistics, rates_are_of_the_last_minutes) {
  const TypeId alpha = type("ALPHA");
  ended(alpha, TaskStatus::completed);
  pass(1h);
  for (int count = 0; count < 30; ++count) ended(alpha, TaskStatus::completed);
  for (int count = 0; count < 10; ++count) ended(alpha, TaskStatus::failed);
  const TypeStats recent = of_type("ALPHA");
  EXPECT_GT(recent.completed_per_minute, 0);
  EXPECT_NEAR(recent.completed_per_minute / recent.failed_per_minute, 3, 1e-6);
  EXPECT_NEAR(recent.failure_rate, 0.25, 1e-9);
  pass(1h);
  EXPECT_EQ(of_type("ALPHA").completed_per_minute, 0);
  EXPECT_EQ(of_type("ALPHA").failure_rate, 0);
}

TEST_P(Statistics, times_fall_into_their_percentiles) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 100);
  pass(8s);
  std::vector<Claim> claims = claim({alpha});
  pass(2s);
  std::vector<Settlement> settlements;
  for (std::size_t at = 0; at < 90; ++at) settlements.push_back(completed(claims[at], now()));
  finish(settlements);
  pass(18s);
  settlements.clear();
  for (std::size_t at = 90; at < claims.size(); ++at) {
    settlements.push_back(completed(claims[at], now()));
  }
  finish(settlements);
  const TypeStats seen = of_type("ALPHA");
  const auto near = [](double value, double expected) {
    EXPECT_GT(value, expected / 1.2);
    EXPECT_LT(value, expected * 1.2);
  };
  near(seen.wait_seconds.p50, 8);
  near(seen.wait_seconds.p99, 8);
  near(seen.run_seconds.p50, 2);
  near(seen.run_seconds.p99, 20);
}

TEST_P(Statistics, what_is_cancelled_while_it_waits_has_no_times) {
  const TypeId alpha = type("ALPHA");
  NewTaskRow row = new_task_row(alpha);
  add(row);
  row.scheduled_for = parse_time("9999-12-30T00:00:00Z");
  for (int count = 0; count < 100; ++count) add(row);
  pass(1h);
  for (const Task& task : must(repository().tasks({.limit = 1000}, now()))) {
    EXPECT_EQ(cancel(task.task_id), ChangeStatus::applied);
  }
  EXPECT_EQ(count_of(TaskStatus::cancelled), 101);
  EXPECT_EQ(of_type("ALPHA").wait_seconds.p99, 0);
  EXPECT_EQ(of_type("ALPHA").run_seconds.p99, 0);
}

TEST_P(Statistics, a_settlement_repeated_is_counted_once) {
  const TypeId alpha = type("ALPHA");
  add(new_task_row(alpha));
  const Settlement settlement = completed(claim_one(alpha), now());
  finish(settlement);
  const double once = of_type("ALPHA").completed_per_minute;
  finish(settlement);
  EXPECT_EQ(count_of(TaskStatus::completed), 1);
  EXPECT_EQ(of_type("ALPHA").completed_per_minute, once);
}

TEST_P(Statistics, concurrent_workers_count_together) {
  constexpr int threads = 4;
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 400);
  run_together(threads, [&](int index) {
    const auto mine = another();
    SeededRandom random{static_cast<std::uint64_t>(index)};
    std::vector<Settlement> settlements;
    Time moment = now();
    for (int empty = 0; empty < 3; moment += 2s) {
      TickRequest request;
      request.settlements = settlements;
      request.claim = ClaimRequest{
          .lease_id = random.lease_id(), .types = {alpha}, .limit = 10, .lease = 1h, .ageing = {}};
      const TickAnswer answer = must(mine->tick(request, moment));
      settlements.clear();
      for (const Claim& claim : answer.claims) settlements.push_back(completed(claim, moment));
      empty = answer.claims.empty() ? empty + 1 : 0;
    }
  });
  EXPECT_EQ(count_of(TaskStatus::completed), 400);
  EXPECT_EQ(count_of(TaskStatus::processing), 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, Statistics, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
