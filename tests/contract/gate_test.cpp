// Gated types: never more at once, never faster and in no other order than their policy says.
#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/mutex.hpp"
#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Gates : public Contract {
 protected:
  TypeId limited(int concurrency) {
    return change_type("LIMITED", [&](TaskType& t) { t.concurrency = concurrency; }).type_id;
  }
  TypeId flowing(const std::function<void(TaskType&)>& change) {
    return change_type("FLOWING",
                       [&](TaskType& t) {
                         t.flow.key = "/customer";
                         change(t);
                       })
        .type_id;
  }
  static NewTaskRow row_of(TypeId type_id, const std::string& flow_key) {
    NewTaskRow row = new_task_row(type_id);
    row.terms.flow_key = flow_key;
    return row;
  }
  TaskId add_to(TypeId type_id, const std::string& flow_key) {
    return add(row_of(type_id, flow_key));
  }
  std::vector<TaskId> add_to(TypeId type_id, const std::string& flow_key, int count) {
    return add(std::vector(static_cast<std::size_t>(count), row_of(type_id, flow_key)));
  }
  std::vector<Claim> claim_some(TypeId type_id, int limit = 100) { return claim({type_id}, limit); }
  void end(const Claim& claim, const Outcome& outcome = outcome::Completed{"null"}) {
    EXPECT_EQ(finish(settle(claim, outcome, RetryPolicy{}, now())), FinishStatus::applied);
  }
  static std::string flows_of(std::span<const Claim> claims) {
    std::string flows;
    for (const Claim& claim : claims) flows += claim.terms.flow_key.value_or("-");
    return flows;
  }
};

TEST_P(Gates, a_type_is_gated_from_its_first_limit_on) {
  EXPECT_FALSE(change_type("ALPHA", [](TaskType&) {}).gated);
  EXPECT_TRUE(change_type("ALPHA", [](TaskType& t) { t.rate = "1/s"; }).gated);
  EXPECT_TRUE(change_type("ALPHA", [](TaskType&) {}).gated);
  EXPECT_TRUE(change_type("BETA", [](TaskType& t) { t.flow.key = "/a"; }).gated);
}

TEST_P(Gates, no_more_run_at_once_than_the_type_allows) {
  const TypeId limited = this->limited(3);
  add_many(limited, 10);
  const auto first = claim_some(limited, 2);
  EXPECT_EQ(first.size(), 2U);
  const auto second = claim_some(limited);
  ASSERT_EQ(second.size(), 1U);
  EXPECT_TRUE(claim_some(limited).empty());
  end(second[0]);
  EXPECT_EQ(claim_some(limited).size(), 1U);
  EXPECT_TRUE(claim_some(limited).empty());
}

TEST_P(Gates, a_start_takes_its_whole_cost_and_the_bucket_owes_what_it_has_not) {
  const TypeId alpha = change_type("ALPHA", [](TaskType& t) { t.rate = "10/s"; }).type_id;
  NewTaskRow dear = new_task_row(alpha);
  dear.terms.rate_cost = 4;
  add(std::vector(6, dear));
  // 4 and 4 leave two tokens, and the third owes two.
  EXPECT_EQ(claim_some(alpha).size(), 3U);
  pass(299ms);
  EXPECT_TRUE(claim_some(alpha).empty());
  pass(1ms);
  EXPECT_EQ(claim_some(alpha).size(), 1U);
  pass(399ms);
  TickRequest request = claim_request({alpha}, 10);
  const TickAnswer answer = tick(request);
  EXPECT_TRUE(answer.claims.empty());
  EXPECT_EQ(answer.next_due_at, now() + 1ms);
  pass(1ms);
  const auto next = claim_some(alpha);
  ASSERT_EQ(next.size(), 1U);
  EXPECT_EQ(next[0].terms.rate_cost, 4);
}

TEST_P(Gates, a_cost_is_taken_of_the_flow_and_of_the_type) {
  const TypeId flowing = this->flowing([](TaskType& t) {
    t.rate = "100/m";
    t.flow.key_rate = "10/m";
    t.flow.weights = {{"a", 100}, {"b", 100}};
  });
  const auto dear = [&](const std::string& flow, std::int64_t cost) {
    NewTaskRow row = row_of(flowing, flow);
    row.terms.rate_cost = cost;
    return row;
  };
  add(std::vector(5, dear("a", 6)));
  add(std::vector(5, dear("b", 1)));
  // Of a: 6 and 6, which owes two of its ten. Of b: all five, by themselves.
  EXPECT_EQ(flows_of(claim_some(flowing)), "aabbbbb");
  pass(18s);
  EXPECT_EQ(flows_of(claim_some(flowing)), "a");
  add(dear("c", 1000));
  EXPECT_EQ(flows_of(claim_some(flowing)), "c");
  // The type owes: nobody else starts.
  add(dear("d", 1));
  pass(1min);
  EXPECT_TRUE(claim_some(flowing).empty());
  pass(10min);
  EXPECT_FALSE(claim_some(flowing).empty());
}

TEST_P(Gates, every_end_of_an_attempt_gives_its_slot_back) {
  const TypeId limited = this->limited(1);
  const std::vector<Outcome> outcomes{outcome::Completed{"null"},
                                      outcome::Failed{"no", RetryNever{}},
                                      outcome::Failed{"later", RetryAfter{1h}},
                                      outcome::TimedOut{"slow"},
                                      outcome::Snoozed{1h},
                                      outcome::Cancelled{"no more"},
                                      outcome::Interrupted{}};
  for (const Outcome& outcome : outcomes) {
    add(new_task_row(limited));
    const auto claims = claim_some(limited);
    ASSERT_EQ(claims.size(), 1U) << outcome.index();
    EXPECT_TRUE(claim_some(limited).empty());
    end(claims[0], outcome);
  }
  EXPECT_EQ(claim_some(limited).size(), 1U);
}

TEST_P(Gates, a_slot_belongs_to_its_lease_until_the_attempt_is_settled) {
  const TypeId limited = this->limited(1);
  add_many(limited, 2);
  ASSERT_EQ(claim_some(limited).size(), 1U);
  pass(lease_length + 1s);
  EXPECT_TRUE(claim_some(limited).empty());
  const auto taken = take_expired();
  ASSERT_EQ(taken.size(), 1U);
  EXPECT_TRUE(claim_some(limited).empty());
  end(taken[0].claim, outcome::Expired{"worker-1"});
  EXPECT_EQ(claim_some(limited).size(), 1U);
  EXPECT_TRUE(claim_some(limited).empty());
}

TEST_P(Gates, a_changed_limit_counts_at_once) {
  const TypeId limited = this->limited(4);
  add_many(limited, 10);
  const auto claims = claim_some(limited);
  ASSERT_EQ(claims.size(), 4U);
  this->limited(2);
  end(claims[0]);
  end(claims[1]);
  EXPECT_TRUE(claim_some(limited).empty());
  end(claims[2]);
  EXPECT_EQ(claim_some(limited).size(), 1U);
  change_type("LIMITED", [](TaskType&) {});
  EXPECT_EQ(claim_some(limited).size(), 5U);
}

TEST_P(Gates, a_paused_gated_type_starts_nothing) {
  const TypeId limited = this->limited(2);
  const TypeId flowing = this->flowing([](TaskType&) {});
  add(new_task_row(limited));
  add_to(flowing, "A");
  change_type("LIMITED", [](TaskType& t) {
    t.concurrency = 2;
    t.paused = true;
  });
  this->flowing([](TaskType& t) { t.paused = true; });
  EXPECT_TRUE(claim({limited, flowing}).empty());
  EXPECT_FALSE(must(repository().has_ready(std::vector{limited, flowing}, now())));
  this->limited(2);
  this->flowing([](TaskType&) {});
  EXPECT_TRUE(must(repository().has_ready(std::vector{flowing}, now())));
  EXPECT_EQ(claim({limited, flowing}).size(), 2U);
}

TEST_P(Gates, starts_keep_the_rate_and_the_answer_says_when_the_next_is_due) {
  const TypeId rated = change_type("RATED", [](TaskType& t) { t.rate = "4/s"; }).type_id;
  add_many(rated, 20);
  EXPECT_EQ(claim_some(rated).size(), 4U);
  const TickAnswer empty = tick(claim_request({rated}, 100));
  EXPECT_TRUE(empty.claims.empty());
  EXPECT_EQ(empty.next_due_at, now() + 250ms);
  pass(249ms);
  EXPECT_TRUE(claim_some(rated).empty());
  pass(1ms);
  EXPECT_EQ(claim_some(rated).size(), 1U);
  pass(500ms);
  EXPECT_EQ(claim_some(rated).size(), 2U);
  pass(1h);
  EXPECT_EQ(claim_some(rated).size(), 4U);
}

TEST_P(Gates, a_burst_is_what_may_come_at_once) {
  const TypeId rated = change_type("RATED", [](TaskType& t) { t.rate = "10/s burst 2"; }).type_id;
  add_many(rated, 20);
  EXPECT_EQ(claim_some(rated).size(), 2U);
  pass(1h);
  EXPECT_EQ(claim_some(rated).size(), 2U);
  pass(100ms);
  EXPECT_EQ(claim_some(rated).size(), 1U);
}

TEST_P(Gates, flows_have_limits_of_their_own) {
  const TypeId flowing = this->flowing([](TaskType& t) {
    t.concurrency = 5;
    t.flow.key_concurrency = 2;
  });
  add_to(flowing, "A", 5);
  add_to(flowing, "B", 5);
  add_to(flowing, "C", 5);
  const auto claims = claim_some(flowing);
  EXPECT_EQ(flows_of(claims), "ABCAB");
  EXPECT_TRUE(claim_some(flowing).empty());
  end(claims[0]);
  EXPECT_EQ(flows_of(claim_some(flowing)), "C");
  end(claims[2]);
  EXPECT_EQ(flows_of(claim_some(flowing)), "A");
}

TEST_P(Gates, flows_have_rates_of_their_own) {
  const TypeId flowing = this->flowing([](TaskType& t) { t.flow.key_rate = "2/s"; });
  add_to(flowing, "A", 5);
  add_to(flowing, "B", 3);
  EXPECT_EQ(flows_of(claim_some(flowing)), "ABAB");
  EXPECT_TRUE(claim_some(flowing).empty());
  add_to(flowing, "C", 1);
  EXPECT_EQ(flows_of(claim_some(flowing)), "C");
  pass(500ms);
  EXPECT_EQ(flows_of(claim_some(flowing)), "AB");
  const TickAnswer empty = tick(claim_request({flowing}, 100));
  EXPECT_TRUE(empty.claims.empty());
  EXPECT_EQ(empty.next_due_at, now() + 500ms);
}

TEST_P(Gates, a_large_backlog_of_one_flow_holds_up_nobody) {
  const TypeId flowing = this->flowing([](TaskType&) {});
  add_to(flowing, "A", 500);
  add_to(flowing, "B", 3);
  std::string flows;
  for (int i = 0; i < 7; ++i) flows += flows_of(claim_some(flowing, 1));
  EXPECT_EQ(flows, "ABABABA");
  EXPECT_EQ(flows_of(claim_some(flowing, 4)), "AAAA");
}

TEST_P(Gates, a_flow_gets_turns_by_its_weight) {
  const TypeId flowing = this->flowing([](TaskType& t) { t.flow.weights = {{"A", 3}, {"B", 2}}; });
  for (const auto* key : {"A", "B", "C"}) add_to(flowing, key, 20);
  EXPECT_EQ(flows_of(claim_some(flowing, 12)), "AAABBCAAABBC");
  // One at a time is no other order.
  std::string flows;
  for (int i = 0; i < 12; ++i) flows += flows_of(claim_some(flowing, 1));
  EXPECT_EQ(flows, "AAABBCAAABBC");
}

TEST_P(Gates, within_a_flow_priority_then_time_order_the_tasks) {
  const TypeId flowing = this->flowing([](TaskType&) {});
  const TaskId first = add_to(flowing, "A");
  NewTaskRow row = row_of(flowing, "A");
  row.priority = 5;
  const TaskId high = add(row);
  row.priority = 0;
  row.scheduled_for = now() - 1h;
  const TaskId early = add(row);
  EXPECT_EQ(ids_of(claim_some(flowing)), (std::vector{high, early, first}));
}

TEST_P(Gates, an_ordered_flow_runs_its_tasks_one_after_the_other) {
  const TypeId flowing = this->flowing([](TaskType& t) { t.flow.ordered = true; });
  NewTaskRow row = row_of(flowing, "A");
  const TaskId first = add(row);
  row.priority = 9;
  const TaskId second = add(row);
  const TaskId other = add_to(flowing, "B");
  auto claims = claim_some(flowing);
  EXPECT_EQ(ids_of(claims), (std::vector{first, other}));
  EXPECT_TRUE(claim_some(flowing).empty());
  // A task that is to be tried again holds up those behind it.
  end(claims[0], outcome::Failed{"later", RetryAfter{10s}});
  EXPECT_TRUE(claim_some(flowing).empty());
  pass(10s);
  claims = claim_some(flowing);
  EXPECT_EQ(ids_of(claims), std::vector{first});
  EXPECT_TRUE(claim_some(flowing).empty());
  end(claims[0]);
  EXPECT_EQ(ids_of(claim_some(flowing)), std::vector{second});
}

TEST_P(Gates, an_older_task_that_becomes_due_does_not_overtake_one_that_has_begun) {
  const TypeId flowing = this->flowing([](TaskType& t) { t.flow.ordered = true; });
  NewTaskRow row = row_of(flowing, "A");
  row.scheduled_for = now() + 5s;
  const TaskId later = add(row);
  const TaskId begun = add_to(flowing, "A");
  const auto claims = claim_some(flowing);
  ASSERT_EQ(ids_of(claims), std::vector{begun});
  end(claims[0], outcome::Failed{"later", RetryAfter{10s}});
  pass(6s);
  EXPECT_TRUE(claim_some(flowing).empty());
  pass(4s);
  const auto again = claim_some(flowing);
  ASSERT_EQ(ids_of(again), std::vector{begun});
  end(again[0]);
  EXPECT_EQ(ids_of(claim_some(flowing)), std::vector{later});
}

TEST_P(Gates, a_task_that_holds_up_its_flow_makes_way_when_it_is_cancelled_or_deleted) {
  const TypeId flowing = this->flowing([](TaskType& t) { t.flow.ordered = true; });
  add_to(flowing, "A", 3);
  for (const bool cancels : {true, false}) {
    const auto claims = claim_some(flowing);
    ASSERT_EQ(claims.size(), 1U);
    const TaskId task_id = claims[0].fence.task_id;
    end(claims[0], outcome::Failed{"later", RetryAfter{1h}});
    EXPECT_TRUE(claim_some(flowing).empty());
    EXPECT_EQ(cancels ? cancel(task_id) : remove(task_id), ChangeStatus::applied);
  }
  EXPECT_EQ(claim_some(flowing).size(), 1U);
}

TEST_P(Gates, a_task_of_a_flow_is_seen_and_changed_like_any_other) {
  const TypeId flowing = this->flowing([](TaskType&) {});
  const TaskId due = add_to(flowing, "A");
  NewTaskRow row = row_of(flowing, "A");
  row.scheduled_for = now() + 1h;
  const TaskId scheduled = add(row);
  EXPECT_EQ(status(due), TaskStatus::pending);
  EXPECT_EQ(status(scheduled), TaskStatus::pending);
  TaskFilter filter;
  filter.status = TaskStatus::pending;
  EXPECT_EQ(must(repository().tasks(filter, now())).size(), 2U);
  EXPECT_EQ(must(repository().stats(now())).types.at(0).pending, 2);
  EXPECT_EQ(must(repository().stats(now())).types.at(0).ready, 1);
  EXPECT_EQ(edit(due, {.priority = 7}), ChangeStatus::applied);
  EXPECT_EQ(task(due).priority, 7);
  EXPECT_EQ(edit(due, {.reschedules = true, .scheduled_for = now() + 2h}), ChangeStatus::applied);
  EXPECT_TRUE(claim_some(flowing).empty());
  EXPECT_EQ(edit(due, {.reschedules = true}), ChangeStatus::applied);
  EXPECT_EQ(cancel(scheduled), ChangeStatus::applied);
  EXPECT_EQ(status(scheduled), TaskStatus::cancelled);
  EXPECT_EQ(retry(scheduled), ChangeStatus::applied);
  EXPECT_EQ(remove(due), ChangeStatus::applied);
  const auto claims = claim_some(flowing);
  EXPECT_EQ(ids_of(claims), std::vector{scheduled});
  end(claims[0]);
  EXPECT_EQ(status(scheduled), TaskStatus::completed);
  EXPECT_TRUE(claim_some(flowing).empty());
}

TEST_P(Gates, an_edited_payload_moves_a_task_to_its_new_flow) {
  const TypeId flowing = this->flowing([](TaskType& t) { t.flow.key_concurrency = 1; });
  add_to(flowing, "A");
  const TaskId moved = add_to(flowing, "A");
  EXPECT_EQ(edit(moved, {.payload = "{}", .flow_key = "B"}), ChangeStatus::applied);
  EXPECT_EQ(flows_of(claim_some(flowing)), "AB");
}

TEST_P(Gates, a_replaced_payload_moves_its_task_to_its_new_flow) {
  const TypeId flowing = this->flowing([](TaskType& t) { t.flow.key_concurrency = 1; });
  add_to(flowing, "A");
  NewTaskRow row = row_of(flowing, "A");
  row.unique_key = "key";
  row.terms.unique_scope = UniqueScope::waiting;
  const TaskId holder = add(row);
  row.terms.flow_key = "B";
  row.terms.expires_at = now() + 1h;
  row.on_conflict = OnConflict::replace;
  EXPECT_EQ(add(row), holder);
  EXPECT_EQ(flows_of(claim_some(flowing)), "AB");
  // Its start has released the key.
  EXPECT_NE(add(row), holder);
}

TEST_P(Gates, an_edited_payload_joins_the_flow_that_its_type_did_not_have_before) {
  const TypeId type_id = type("FLOWING");
  const TaskId task_id = add(new_task_row(type_id));
  flowing([](TaskType& t) { t.flow.key_concurrency = 1; });
  EXPECT_EQ(edit(task_id, {.payload = "{}", .flow_key = "B"}), ChangeStatus::applied);
  EXPECT_EQ(status(task_id), TaskStatus::pending);
  EXPECT_EQ(flows_of(claim_some(type_id)), "B");
}

TEST_P(Gates, what_is_due_later_joins_its_flow_then) {
  const TypeId flowing = this->flowing([](TaskType&) {});
  const TypeId plain = type("PLAIN");
  NewTaskRow row = row_of(flowing, "A");
  row.scheduled_for = now() + 10s;
  const TaskId of_flow = add(row);
  NewTaskRow other = new_task_row(plain);
  other.scheduled_for = now() + 10s;
  const TaskId of_none = add(other);
  EXPECT_TRUE(claim({flowing, plain}).empty());
  pass(10s);
  const auto claims = claim({flowing, plain});
  EXPECT_EQ(std::set({claims.at(0).fence.task_id, claims.at(1).fence.task_id}),
            std::set({of_flow, of_none}));
  EXPECT_TRUE(claim({flowing, plain}).empty());
}

TEST_P(Gates, gated_and_plain_types_share_a_claim) {
  const TypeId plain = type("PLAIN");
  const TypeId flowing = this->flowing([](TaskType&) {});
  add_many(plain, 100);
  add_to(flowing, "A", 100);
  std::map<TypeId, int> counts;
  for (int i = 0; i < 4; ++i) {
    for (const Claim& claim : claim({plain, flowing}, 10)) ++counts[claim.type_id];
  }
  EXPECT_GE(counts[plain], 10);
  EXPECT_GE(counts[flowing], 10);
}

TEST_P(Gates, a_claim_takes_no_more_of_gated_types_than_it_has_slots_for) {
  const TypeId limited = this->limited(10);
  add_many(limited, 10);
  TickRequest request = claim_request({limited}, 100);
  request.claim->gated_limit = 3;
  EXPECT_EQ(tick(request).claims.size(), 3U);
}

TEST_P(Gates, a_lost_claim_is_answered_again_with_its_slots) {
  const TypeId limited = this->limited(2);
  add_many(limited, 5);
  TickRequest request = claim_request({limited}, 100);
  const auto first = tick(request).claims;
  ASSERT_EQ(first.size(), 2U);
  request.claim->again = true;
  EXPECT_EQ(ids_of(tick(request).claims), ids_of(first));
  EXPECT_TRUE(claim_some(limited).empty());
}

TEST_P(Gates, a_flow_key_may_be_any_text) {
  const TypeId flowing = this->flowing([](TaskType&) {});
  std::set<TaskId> added;
  for (const auto* key : {"", "São Paulo", "'; DROP TABLE task_queued; --", "\"a\\\\b\"", "ÿ"}) {
    added.insert(add_to(flowing, key));
  }
  const auto ids = ids_of(claim_some(flowing));
  EXPECT_EQ(std::set(ids.begin(), ids.end()), added);
}

TEST_P(Gates, nothing_holds_up_a_flow_whose_type_is_no_longer_ordered) {
  const TypeId flowing = this->flowing([](TaskType& t) { t.flow.ordered = true; });
  add_to(flowing, "A", 3);
  const auto claims = claim_some(flowing);
  end(claims.at(0), outcome::Failed{"later", RetryAfter{1h}});
  this->flowing([](TaskType&) {});
  EXPECT_EQ(claim_some(flowing).size(), 2U);
}

TEST_P(Gates, a_type_that_fails_too_often_rests_then_is_tried_and_goes_on_when_that_goes_well) {
  const TypeId broken = change_type("BROKEN", [](TaskType& t) {
                          t.flow.breaker = CircuitBreaker{
                              .failure_rate = 0.5, .attempts = 4, .window = 1min, .open = 30s};
                        }).type_id;
  const auto phase = [&] { return must(repository().types()).at(0).breaker.phase; };
  add_many(broken, 100);
  for (const Claim& claim : claim_some(broken, 3)) end(claim, outcome::Failed{"no", RetryNever{}});
  const auto fourth = claim_some(broken, 1);
  ASSERT_EQ(fourth.size(), 1U);
  EXPECT_EQ(phase(), BreakerPhase::closed);
  end(fourth[0], outcome::Failed{"no", RetryNever{}});
  const TickAnswer opens = tick(claim_request({broken}, 10));
  EXPECT_TRUE(opens.claims.empty());
  EXPECT_EQ(opens.next_due_at, now() + 30s);
  EXPECT_EQ(phase(), BreakerPhase::open);
  pass(29s);
  EXPECT_TRUE(claim_some(broken).empty());
  pass(1s);
  // One probe, which fails.
  auto probe = claim_some(broken);
  ASSERT_EQ(probe.size(), 1U);
  EXPECT_EQ(phase(), BreakerPhase::half_open);
  EXPECT_TRUE(claim_some(broken).empty());
  end(probe[0], outcome::TimedOut{"slow"});
  EXPECT_TRUE(claim_some(broken).empty());
  EXPECT_EQ(phase(), BreakerPhase::open);
  pass(30s);
  // A probe that is put off is neither good nor bad.
  probe = claim_some(broken);
  ASSERT_EQ(probe.size(), 1U);
  end(probe[0], outcome::Snoozed{1h});
  probe = claim_some(broken);
  ASSERT_EQ(probe.size(), 1U);
  end(probe[0]);
  EXPECT_EQ(claim_some(broken, 50).size(), 50U);
  EXPECT_EQ(phase(), BreakerPhase::closed);
}

TEST_P(Gates, many_claimers_at_once_never_pass_a_limit) {
  const TypeId flowing = this->flowing([](TaskType& t) {
    t.concurrency = 5;
    t.flow.key_concurrency = 1;
  });
  constexpr int keys = 8;
  constexpr int tasks_of_key = 25;
  for (int key = 0; key < keys; ++key) add_to(flowing, std::to_string(key), tasks_of_key);
  Mutex mutex;
  std::map<std::string, int> running;
  int all = 0;
  int most = 0;
  std::atomic<int> done{0};
  std::atomic<bool> wrong{false};
  const auto work = [&](int number) {
    const auto mine = another();
    SeededRandom random{static_cast<std::uint64_t>(number)};
    std::vector<Claim> held;
    while (done.load() < keys * tasks_of_key && !wrong.load()) {
      TickRequest request;
      request.worker = "worker-" + std::to_string(number);
      request.claim = ClaimRequest{.lease_id = random.lease_id(),
                                   .types = {flowing},
                                   .limit = 3,
                                   .gated = {flowing},
                                   .lease = lease_length};
      auto claims = must(mine->tick(request, now())).claims;
      std::vector<Settlement> settlements;
      {
        const MutexLock lock{mutex};
        for (const Claim& claim : claims) {
          if (++running[*claim.terms.flow_key] > 1 || ++all > 5) wrong = true;
          most = std::max(most, all);
        }
        // Counted as ended before they are: a start that is counted twice is one too many.
        for (const Claim& claim : held) {
          settlements.push_back(completed(claim, now()));
          --running[*claim.terms.flow_key];
          --all;
        }
      }
      held = std::move(claims);
      if (settlements.empty()) continue;
      TickRequest ends;
      ends.worker = request.worker;
      ends.settlements = settlements;
      static_cast<void>(must(mine->tick(ends, now())));
      done += static_cast<int>(settlements.size());
    }
  };
  {
    std::vector<std::jthread> threads;
    for (int number = 0; number < 6; ++number) threads.emplace_back(work, number);
  }
  EXPECT_FALSE(wrong.load());
  EXPECT_EQ(done.load(), keys * tasks_of_key);
  EXPECT_GT(most, 1);
  // No slot is left behind.
  for (int key = 0; key < keys; ++key) add_to(flowing, std::to_string(key));
  EXPECT_EQ(claim_some(flowing).size(), 5U);
}

INSTANTIATE_TEST_SUITE_P(Stores, Gates, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
