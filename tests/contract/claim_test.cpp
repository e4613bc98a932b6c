// claim: what is due, in order, to one worker each.
#include <algorithm>
#include <atomic>

#include <gtest/gtest.h>

#include "base/mutex.hpp"
#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class ClaimTask : public Contract {
 protected:
  TaskId add_at(TypeId type_id, int priority, std::optional<Time> scheduled_for = {}) {
    NewTaskRow row = new_task_row(type_id);
    row.priority = priority;
    row.scheduled_for = scheduled_for;
    return add(row);
  }
  std::vector<Claim> claim_ageing(std::vector<TypeId> types, int limit, Duration ageing) {
    TickRequest request = claim_request(std::move(types), limit);
    request.claim->ageing = ageing;
    return tick(request).claims;
  }
};

TEST_P(ClaimTask, a_claim_carries_what_its_run_needs) {
  NewTaskRow row = new_task_row(type("ALPHA"), R"({"a":1})");
  row.priority = 3;
  row.max_retries = 7;
  row.timeout = 90s;
  row.unique_key = "key";
  row.tags = {"one"};
  row.traceparent = "00-trace";
  row.scheduled_for = now() - 5s;
  const TaskId task_id = add(row);
  const Time created_at = now();
  pass(2s);
  const TickRequest request = claim_request({row.type_id}, 10);
  const std::vector<Claim> claims = tick(request).claims;
  ASSERT_EQ(claims.size(), 1U);
  const Claim& claim = claims[0];
  EXPECT_EQ(claim.fence.task_id, task_id);
  EXPECT_EQ(claim.fence.attempt, 1);
  EXPECT_EQ(claim.fence.lease_id, request.claim->lease_id);
  EXPECT_EQ(claim.type_id, row.type_id);
  EXPECT_EQ(claim.priority, 3);
  EXPECT_EQ(claim.retries, 0);
  EXPECT_EQ(claim.max_retries, 7);
  EXPECT_EQ(claim.crashes, 0);
  EXPECT_EQ(claim.run_at, row.scheduled_for);
  EXPECT_EQ(claim.started_at, now());
  EXPECT_EQ(claim.lease_expires_at, now() + lease_length);
  EXPECT_FALSE(claim.cancel_requested);
  EXPECT_EQ(must(parse_json(claim.payload)), must(parse_json(row.payload)));
  EXPECT_EQ(claim.timeout, 90s);
  EXPECT_EQ(claim.tags, row.tags);
  EXPECT_EQ(claim.unique_key, "key");
  EXPECT_EQ(claim.traceparent, "00-trace");
  EXPECT_EQ(claim.scheduled_for, row.scheduled_for);
  EXPECT_EQ(claim.created_at, created_at);
  EXPECT_FALSE(claim.checkpoint);
}

TEST_P(ClaimTask, a_claimed_task_runs) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  pass(1s);
  claim_one(alpha);
  const Task found = task(task_id);
  EXPECT_EQ(found.status, TaskStatus::processing);
  EXPECT_EQ(found.attempt, 1);
  EXPECT_EQ(found.started_at, now());
  EXPECT_EQ(found.worker, worker_name);
  EXPECT_FALSE(found.completed_at);
  EXPECT_TRUE(claim({alpha}).empty());
}

TEST_P(ClaimTask, order_is_priority_then_time_then_id_across_types) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  const TaskId late_beta = add_at(beta, 0, now() - 1s);
  const TaskId first_alpha = add_at(alpha, 0);
  const TaskId second_beta = add_at(beta, 0);
  const TaskId third_alpha = add_at(alpha, 0);
  const TaskId high_beta = add_at(beta, 5);
  const TaskId high_alpha = add_at(alpha, 5);
  const TaskId early_high = add_at(alpha, 5, now() - 1h);
  const TaskId low = add_at(alpha, -5, now() - 2h);
  const std::vector<TaskId> order{early_high,  high_beta,   high_alpha,  late_beta,
                                  first_alpha, second_beta, third_alpha, low};
  EXPECT_EQ(ids_of(claim({alpha, beta})), order);
}

TEST_P(ClaimTask, order_holds_over_many_small_claims) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  std::vector<NewTaskRow> rows;
  for (int index = 0; index < 120; ++index) {
    NewTaskRow row = new_task_row(index % 3 == 0 ? beta : alpha);
    row.priority = index % 4;
    row.scheduled_for = now() - std::chrono::seconds{chance.below(20)};
    rows.push_back(row);
  }
  const std::vector<TaskId> ids = add(rows);
  std::vector<std::size_t> order(rows.size());
  for (std::size_t index = 0; index < order.size(); ++index) order[index] = index;
  std::ranges::sort(order, {}, [&](std::size_t index) {
    return std::tuple{-rows[index].priority, rows[index].scheduled_for, ids[index]};
  });
  std::vector<TaskId> expected;
  for (const std::size_t index : order) expected.push_back(ids[index]);
  std::vector<TaskId> claimed;
  for (int limit = 1; claimed.size() < ids.size(); limit = limit % 13 + 1) {
    const std::vector<Claim> claims = claim({alpha, beta}, limit);
    ASSERT_EQ(claims.size(),
              std::min<std::size_t>(static_cast<std::size_t>(limit), ids.size() - claimed.size()));
    for (const TaskId task_id : ids_of(claims)) claimed.push_back(task_id);
  }
  EXPECT_EQ(claimed, expected);
}

TEST_P(ClaimTask, a_limit_is_kept) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 2 * limits::claim_tasks_max);
  EXPECT_EQ(claim({alpha}, 3).size(), 3U);
  EXPECT_EQ(claim({alpha}).size(), static_cast<std::size_t>(limits::claim_tasks_max));
}

TEST_P(ClaimTask, only_the_types_asked_for_come) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  const TaskId mine = add(new_task_row(alpha));
  add(new_task_row(beta));
  EXPECT_EQ(ids_of(claim({alpha})), std::vector{mine});
  EXPECT_TRUE(claim({alpha}).empty());
  EXPECT_TRUE(claim({}).empty());
}

TEST_P(ClaimTask, a_paused_type_does_not_come_until_it_is_resumed) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  const TaskId waiting = add(new_task_row(alpha));
  change_type("ALPHA", [](TaskType& changed) { changed.paused = true; });
  const TaskId other = add(new_task_row(beta));
  EXPECT_EQ(ids_of(claim({alpha, beta})), std::vector{other});
  pass(2s);
  EXPECT_TRUE(claim({alpha, beta}).empty());
  change_type("ALPHA", [](TaskType&) {});
  pass(2s);
  EXPECT_EQ(ids_of(claim({alpha, beta})), std::vector{waiting});
}

TEST_P(ClaimTask, a_task_of_the_future_comes_when_it_is_due) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add_at(alpha, 0, now() + 10s);
  EXPECT_TRUE(claim({alpha}).empty());
  pass(9999ms);
  EXPECT_TRUE(claim({alpha}).empty());
  EXPECT_EQ(status(task_id), TaskStatus::pending);
  pass(1ms);
  EXPECT_EQ(ids_of(claim({alpha})), std::vector{task_id});
}

TEST_P(ClaimTask, promotion_is_bounded_and_tells_what_is_next) {
  const TypeId alpha = type("ALPHA");
  for (int index = 0; index < 25; ++index) add_at(alpha, 0, now() + 10s);
  add_at(alpha, 0, now() + 1h);
  TickRequest request;
  request.worker = worker_name;
  request.promote_limit = 10;
  EXPECT_EQ(tick(request).promoted, 0);
  EXPECT_EQ(tick(request).next_due_at, now() + 10s);
  pass(10s);
  EXPECT_EQ(tick(request).promoted, 10);
  const TickAnswer second = tick(request);
  EXPECT_EQ(second.promoted, 10);
  EXPECT_EQ(second.next_due_at, now());
  const TickAnswer third = tick(request);
  EXPECT_EQ(third.promoted, 5);
  EXPECT_EQ(third.next_due_at, now() + 1h - 10s);
}

TEST_P(ClaimTask, nothing_is_promoted_unless_asked) {
  const TypeId alpha = type("ALPHA");
  add_at(alpha, 0, now() + 1s);
  pass(1s);
  TickRequest request = claim_request({alpha}, 10);
  request.promote_limit = 0;
  const TickAnswer none = tick(request);
  EXPECT_EQ(none.promoted, 0);
  EXPECT_FALSE(none.next_due_at);
  EXPECT_TRUE(none.claims.empty());
  const TickAnswer some = tick(claim_request({alpha}, 10));
  EXPECT_EQ(some.promoted, 1);
  EXPECT_FALSE(some.next_due_at);
  EXPECT_EQ(some.claims.size(), 1U);
}

TEST_P(ClaimTask, a_lane_that_starves_is_promoted_by_its_age) {
  const TypeId alpha = type("ALPHA");
  const TaskId starving = add_at(alpha, 0);
  pass(31min);
  const TaskId fresh = add_at(alpha, 2);
  const TaskId urgent = add_at(alpha, 4);
  EXPECT_EQ(ids_of(claim_ageing({alpha}, 10, 10min)), (std::vector{urgent, starving, fresh}));
}

TEST_P(ClaimTask, without_ageing_priority_alone_counts) {
  const TypeId alpha = type("ALPHA");
  const TaskId starving = add_at(alpha, 0);
  pass(24h);
  const TaskId fresh = add_at(alpha, 1);
  EXPECT_EQ(ids_of(claim_ageing({alpha}, 10, 0s)), (std::vector{fresh, starving}));
}

TEST_P(ClaimTask, lanes_of_equal_rank_are_merged_by_time) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  const TaskId first = add_at(alpha, 0, now() - 25min);
  const TaskId second = add_at(beta, 1, now() - 15min);
  const TaskId third = add_at(alpha, 0, now() - 12min);
  const TaskId fourth = add_at(beta, 2, now() - 1min);
  EXPECT_EQ(ids_of(claim_ageing({alpha, beta}, 10, 10min)),
            (std::vector{first, second, third, fourth}));
}

TEST_P(ClaimTask, a_new_high_priority_is_not_hidden_by_a_backlog) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 100);
  claim({alpha}, 10);
  const TaskId urgent = add_at(alpha, 9);
  EXPECT_EQ(ids_of(claim({alpha}, 1)), std::vector{urgent});
  const TaskId between = add_at(alpha, 4);
  const TaskId below = add_at(alpha, -4);
  EXPECT_EQ(claim({alpha}, 1).at(0).fence.task_id, between);
  EXPECT_EQ(claim({alpha}).back().fence.task_id, below);
}

TEST_P(ClaimTask, a_new_task_is_found_at_once_after_an_empty_claim) {
  const TypeId alpha = type("ALPHA");
  EXPECT_TRUE(claim({alpha}).empty());
  const TaskId first = add(new_task_row(alpha));
  EXPECT_EQ(ids_of(claim({alpha})), std::vector{first});
  const TaskId second = add(new_task_row(alpha));
  EXPECT_EQ(ids_of(claim({alpha})), std::vector{second});
}

TEST_P(ClaimTask, a_task_whose_time_is_long_past_is_found_behind_others) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 5);
  EXPECT_EQ(claim({alpha}).size(), 5U);
  const TaskId old = add_at(alpha, 0, now() - 1h);
  pass(2s);
  EXPECT_EQ(ids_of(claim({alpha})), std::vector{old});
}

TEST_P(ClaimTask, a_task_of_the_past_is_found_soon_even_during_a_backlog) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 500);
  claim({alpha}, 10);
  const TaskId old = add_at(alpha, 0, now() - 1h);
  bool found = false;
  for (int claims = 0; claims < 20 && !found; ++claims) {
    pass(500ms);
    found = claim({alpha}, 1).at(0).fence.task_id == old;
  }
  EXPECT_TRUE(found);
}

// A hinted claim may skip a look at the queue, never a task when it answers that there is none.
TEST_P(ClaimTask, a_hinted_claim_finds_what_came_whatever_its_place) {
  const TypeId alpha = type("ALPHA");
  const auto hinted = [&] {
    TickRequest request = claim_request({alpha}, 10);
    request.claim->hinted = true;
    return ids_of(tick(request).claims);
  };
  EXPECT_TRUE(hinted().empty());
  add_many(alpha, 5);
  EXPECT_EQ(hinted().size(), 5U);
  const TaskId behind = add_at(alpha, 0, now() - 1h);
  EXPECT_EQ(hinted(), std::vector{behind});
  const TaskId above = add_at(alpha, 7);
  EXPECT_EQ(hinted(), std::vector{above});
  const TaskId below = add_at(alpha, -7);
  EXPECT_EQ(hinted(), std::vector{below});
  EXPECT_TRUE(hinted().empty());
}

TEST_P(ClaimTask, hints_that_never_cease_do_not_hide_a_task_behind_the_others) {
  const TypeId alpha = type("ALPHA");
  EXPECT_TRUE(claim({alpha}).empty());
  add(new_task_row(alpha));
  EXPECT_EQ(claim({alpha}).size(), 1U);
  const TaskId behind = add_at(alpha, 0, now() - 1h);
  bool found = false;
  for (int claims = 0; claims < 20 && !found; ++claims) {
    add(new_task_row(alpha));
    pass(50ms);
    TickRequest request = claim_request({alpha}, 10);
    request.claim->hinted = true;
    for (const TaskId task_id : ids_of(tick(request).claims)) found = found || task_id == behind;
  }
  EXPECT_TRUE(found);
}

TEST_P(ClaimTask, an_attempt_is_counted_by_its_claim) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  for (int attempt = 1; attempt <= 4; ++attempt) {
    const Claim claim = claim_one(alpha);
    EXPECT_EQ(claim.fence.attempt, attempt);
    EXPECT_EQ(task(task_id).attempt, attempt);
    finish(snoozed(claim, now(), 1s));
    pass(3s);
  }
}

TEST_P(ClaimTask, a_repeated_claim_answers_the_same_tasks) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 6);
  TickRequest request = claim_request({alpha}, 4);
  const std::vector<Claim> first = tick(request).claims;
  request.claim->again = true;
  const std::vector<Claim> second = tick(request).claims;
  ASSERT_EQ(ids_of(second), ids_of(first));
  for (std::size_t index = 0; index < first.size(); ++index) {
    EXPECT_EQ(second[index].fence, first[index].fence);
    EXPECT_EQ(second[index].payload, first[index].payload);
    EXPECT_EQ(second[index].run_at, first[index].run_at);
    EXPECT_EQ(second[index].started_at, first[index].started_at);
    EXPECT_EQ(second[index].lease_expires_at, first[index].lease_expires_at);
  }
  EXPECT_EQ(claim({alpha}).size(), 2U);
}

TEST_P(ClaimTask, a_repeated_claim_answers_what_is_still_open) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 3);
  TickRequest request = claim_request({alpha}, 2);
  const std::vector<Claim> first = tick(request).claims;
  finish(completed(first.at(0), now()));
  request.claim->again = true;
  EXPECT_EQ(ids_of(tick(request).claims), std::vector{first.at(1).fence.task_id});
}

TEST_P(ClaimTask, a_repeated_claim_that_never_arrived_claims) {
  const TypeId alpha = type("ALPHA");
  add_many(alpha, 3);
  TickRequest request = claim_request({alpha}, 2);
  request.claim->again = true;
  EXPECT_EQ(tick(request).claims.size(), 2U);
}

TEST_P(ClaimTask, ready_is_what_could_be_claimed) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  const auto has_ready = [&](std::vector<TypeId> types) {
    return must(repository().has_ready(types, now()));
  };
  EXPECT_FALSE(has_ready({alpha, beta}));
  add_at(alpha, 0, now() + 1h);
  EXPECT_FALSE(has_ready({alpha, beta}));
  add(new_task_row(beta));
  EXPECT_TRUE(has_ready({alpha, beta}));
  EXPECT_FALSE(has_ready({alpha}));
  EXPECT_FALSE(has_ready({}));
  change_type("BETA", [](TaskType& changed) { changed.paused = true; });
  EXPECT_FALSE(has_ready({alpha, beta}));
  change_type("BETA", [](TaskType&) {});
  pass(2s);
  claim({beta});
  EXPECT_FALSE(has_ready({alpha, beta}));
}

TEST_P(ClaimTask, two_claimers_never_share_a_task) {
  constexpr int threads = 4;
  constexpr int tasks = 4000;
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  std::vector<NewTaskRow> rows;
  for (int index = 0; index < tasks; ++index) {
    NewTaskRow row = new_task_row(index % 2 == 0 ? alpha : beta);
    row.priority = index % 3;
    rows.push_back(row);
  }
  add(rows);
  std::vector<std::vector<TaskId>> claimed(threads);
  run_together(threads, [&](int index) {
    const auto mine = another();
    SeededRandom random{static_cast<std::uint64_t>(index)};
    std::vector<TaskId>& ids = claimed[static_cast<std::size_t>(index)];
    Time moment = now();
    for (int empty = 0; empty < 3;) {
      TickRequest request;
      request.worker = "worker-" + std::to_string(index);
      request.claim = ClaimRequest{.lease_id = random.lease_id(),
                                   .types = {alpha, beta},
                                   .limit = 1 + random.below(60),
                                   .lease = 1min,
                                   .ageing = {}};
      const std::vector<Claim> claims = must(mine->tick(request, moment)).claims;
      for (const Claim& claim : claims) ids.push_back(claim.fence.task_id);
      empty = claims.empty() ? empty + 1 : 0;
      if (claims.empty()) moment += 2s;
    }
  });
  std::vector<TaskId> all;
  for (const auto& ids : claimed) all.insert(all.end(), ids.begin(), ids.end());
  std::ranges::sort(all);
  EXPECT_EQ(all.size(), static_cast<std::size_t>(tasks));
  EXPECT_EQ(std::ranges::adjacent_find(all), all.end());
}

TEST_P(ClaimTask, nothing_is_lost_among_producers_and_workers) {
  constexpr int batches = 40;
  constexpr int batch = 25;
  const TypeId alpha = type("ALPHA");
  std::atomic<int> ended{0};
  run_together(4, [&](int index) {
    const auto mine = another();
    SeededRandom random{static_cast<std::uint64_t>(index)};
    if (index == 0) {
      const std::vector<NewTaskRow> rows(batch, new_task_row(alpha));
      for (int count = 0; count < batches; ++count) must(mine->insert(rows, now()));
      return;
    }
    std::vector<Settlement> settlements;
    // Time moves by itself, so that rescans happen; what waits for a retry becomes due.
    for (Time moment = now(); ended < batches * batch; moment += 300ms) {
      TickRequest request;
      request.worker = "worker-" + std::to_string(index);
      request.settlements = settlements;
      request.promote_limit = 1000;
      request.claim = ClaimRequest{.lease_id = random.lease_id(),
                                   .types = {alpha},
                                   .limit = 1 + random.below(40),
                                   .lease = 1h,
                                   .ageing = {}};
      const TickAnswer answer = must(mine->tick(request, moment));
      for (std::size_t at = 0; at < settlements.size(); ++at) {
        EXPECT_EQ(answer.settlements.at(at), FinishStatus::applied);
        if (std::holds_alternative<Ended>(settlements[at].next)) ++ended;
      }
      settlements.clear();
      for (const Claim& claim : answer.claims) {
        const bool again = claim.fence.attempt == 1 && random.below(4) == 0;
        settlements.push_back(again ? snoozed(claim, moment, 1s) : completed(claim, moment));
      }
    }
  });
  const Stats stats = must(repository().stats(now()));
  EXPECT_EQ(stats.by_status[static_cast<std::size_t>(TaskStatus::completed)], batches * batch);
  EXPECT_EQ(stats.by_status[static_cast<std::size_t>(TaskStatus::pending)], 0);
  EXPECT_EQ(stats.by_status[static_cast<std::size_t>(TaskStatus::processing)], 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, ClaimTask, testing::ValuesIn(every_store()), store_name);

class LateCommit : public Contract {};

TEST_P(LateCommit, is_found_in_spite_of_what_was_claimed_since) {
  const TypeId alpha = type("ALPHA");
  const auto late = store().begin();
  const NewTaskRow row = new_task_row(alpha);
  const TaskId task_id =
      must(repository().insert_within(late->connection(), std::span{&row, 1}, now())).at(0).task_id;
  pass(1s);
  const std::vector<TaskId> others = add_many(alpha, 10);
  ASSERT_LT(task_id, others.front());
  EXPECT_EQ(ids_of(claim({alpha})), others);
  late->commit();
  pass(2s);
  EXPECT_EQ(ids_of(claim({alpha})), std::vector{task_id});
}

TEST_P(LateCommit, is_found_soon_during_a_backlog) {
  const TypeId alpha = type("ALPHA");
  const auto late = store().begin();
  const NewTaskRow row = new_task_row(alpha);
  const TaskId task_id =
      must(repository().insert_within(late->connection(), std::span{&row, 1}, now())).at(0).task_id;
  pass(1s);
  add_many(alpha, 500);
  EXPECT_EQ(claim({alpha}, 100).size(), 100U);
  late->commit();
  bool found = false;
  for (int claims = 0; claims < 20 && !found; ++claims) {
    pass(500ms);
    found = claim({alpha}, 1).at(0).fence.task_id == task_id;
  }
  EXPECT_TRUE(found);
}

INSTANTIATE_TEST_SUITE_P(Stores, LateCommit, testing::ValuesIn(concurrent_stores()), store_name);

}  // namespace
}  // namespace esteira::test
