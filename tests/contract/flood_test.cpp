// Many tasks that are due at one instant: each is claimed once, in its order, and they are in
// nobody's way.
#include <algorithm>
#include <atomic>
#include <map>
#include <set>

#include <gtest/gtest.h>

#include "base/mutex.hpp"
#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Floods : public Contract {
 protected:
  NewTaskRow due_row(TypeId type_id) const {
    NewTaskRow row = new_task_row(type_id);
    row.scheduled_for = instant;
    return row;
  }
  std::vector<TaskId> add_due(TypeId type_id, int count) {
    return add(std::vector(static_cast<std::size_t>(count), due_row(type_id)));
  }
  void reach_instant() { pass(instant - now()); }

  const Time instant = now() + 10s;
};

TEST_P(Floods, each_task_is_claimed_once_and_in_its_order) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> added = add_due(alpha, 3500);
  reach_instant();
  std::vector<TaskId> claimed;
  for (;;) {
    const TickAnswer answer = tick(claim_request({alpha}, 400));
    if (answer.claims.empty()) break;
    const auto ids = ids_of(answer.claims);
    claimed.insert(claimed.end(), ids.begin(), ids.end());
    EXPECT_TRUE(answer.claims.size() == 400 || claimed.size() == added.size());
  }
  EXPECT_EQ(claimed, added);
  EXPECT_FALSE(tick(claim_request({alpha}, 400)).next_due_at);
}

TEST_P(Floods, an_answer_says_that_more_is_due) {
  const TypeId alpha = type("ALPHA");
  add_due(alpha, 3500);
  reach_instant();
  for (int count = 0; count < 3; ++count) {
    const TickAnswer answer = tick(claim_request({alpha}, 400));
    ASSERT_TRUE(answer.next_due_at);
    EXPECT_LE(*answer.next_due_at, now());
  }
}

TEST_P(Floods, what_is_settled_in_the_middle_of_it_is_settled) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> added = add_due(alpha, 2500);
  reach_instant();
  std::vector<Settlement> settlements;
  int applied = 0;
  for (int count = 0; count < 12; ++count) {
    TickRequest request = claim_request({alpha}, 300);
    request.settlements = settlements;
    const TickAnswer answer = tick(request);
    applied += static_cast<int>(std::ranges::count(answer.settlements, FinishStatus::applied));
    settlements.clear();
    for (const Claim& claim : answer.claims) {
      settlements.push_back(settle(claim, outcome::Completed{"null"}, RetryPolicy{}, now()));
    }
  }
  EXPECT_EQ(applied, 2500);
  EXPECT_EQ(status(added.front()), TaskStatus::completed);
  EXPECT_EQ(status(added.back()), TaskStatus::completed);
}

TEST_P(Floods, a_more_urgent_task_is_claimed_next) {
  const TypeId alpha = type("ALPHA");
  add_due(alpha, 3500);
  reach_instant();
  for (int count = 0; count < 6; ++count) EXPECT_EQ(claim({alpha}, 300).size(), 300U);
  NewTaskRow urgent = new_task_row(alpha);
  urgent.priority = 5;
  const TaskId urgent_id = add(urgent);
  EXPECT_EQ(claim({alpha}, 300).at(0).fence.task_id, urgent_id);
}

TEST_P(Floods, tasks_of_another_type_hold_up_nobody_and_stay) {
  const TypeId alpha = type("ALPHA");
  const TypeId beta = type("BETA");
  add_due(beta, 3500);
  const TaskId last = add_due(alpha, 1).front();
  reach_instant();
  std::vector<TaskId> claimed;
  for (int count = 0; count < 12 && claimed.empty(); ++count) claimed = ids_of(claim({alpha}, 10));
  EXPECT_EQ(claimed, std::vector{last});
  std::size_t others = 0;
  for (;;) {
    const auto claims = claim({beta}, 1000);
    if (claims.empty()) break;
    others += claims.size();
  }
  EXPECT_EQ(others, 3500U);
}

TEST_P(Floods, a_type_that_is_paused_in_the_middle_of_it_starts_nothing_more) {
  const TypeId alpha = type("ALPHA");
  add_due(alpha, 3500);
  reach_instant();
  for (int count = 0; count < 6; ++count) EXPECT_EQ(claim({alpha}, 300).size(), 300U);
  change_type("ALPHA", [](TaskType& t) { t.paused = true; });
  for (int count = 0; count < 4; ++count) EXPECT_TRUE(claim({alpha}, 300).empty());
  change_type("ALPHA", [](TaskType&) {});
  std::size_t rest = 0;
  for (;;) {
    const auto claims = claim({alpha}, 1000);
    if (claims.empty()) break;
    rest += claims.size();
  }
  EXPECT_EQ(rest, 1700U);
}

TEST_P(Floods, limits_are_kept_in_it) {
  const TypeId alpha = type("ALPHA");
  const TypeId limited = change_type("LIMITED", [](TaskType& t) { t.concurrency = 3; }).type_id;
  const TypeId flowing = change_type("FLOWING", [](TaskType& t) {
                           t.flow.key = "/customer";
                           t.flow.key_concurrency = 1;
                         }).type_id;
  std::vector<NewTaskRow> rows;
  for (int index = 0; index < 1200; ++index) {
    rows.push_back(due_row(alpha));
    rows.push_back(due_row(limited));
    rows.push_back(due_row(flowing));
    rows.back().terms.flow_key = index % 2 == 0 ? "A" : "B";
  }
  add(rows);
  reach_instant();
  std::map<TypeId, int> claimed;
  for (int count = 0; count < 20; ++count) {
    for (const Claim& claim : claim({alpha, limited, flowing}, 300)) ++claimed[claim.type_id];
  }
  EXPECT_EQ(claimed[alpha], 1200);
  EXPECT_EQ(claimed[limited], 3);
  EXPECT_EQ(claimed[flowing], 2);
}

TEST_P(Floods, a_key_that_is_held_until_the_start_is_free_then) {
  const TypeId alpha = type("ALPHA");
  std::vector<NewTaskRow> rows(2500, due_row(alpha));
  rows.back().unique_key = "one";
  rows.back().terms.unique_scope = UniqueScope::waiting;
  add(rows);
  reach_instant();
  while (!claim({alpha}, 300).empty()) continue;
  NewTaskRow next = new_task_row(alpha);
  next.unique_key = "one";
  EXPECT_TRUE(must(repository().insert(std::span{&next, 1}, now())).at(0).created);
}

TEST_P(Floods, many_claimers_share_it) {
  constexpr int all = 4000;
  const TypeId alpha = type("ALPHA");
  add_due(alpha, all);
  reach_instant();
  Mutex mutex;
  std::set<TaskId> claimed;
  std::atomic<int> count{0};
  run_together(3, [&](int index) {
    const auto mine = another();
    SeededRandom random{static_cast<std::uint64_t>(index)};
    while (count < all) {
      TickRequest request;
      request.worker = "worker-" + std::to_string(index);
      request.promote_limit = limits::promote_tasks_max;
      request.claim = ClaimRequest{.lease_id = random.lease_id(),
                                   .types = {alpha},
                                   .limit = 1 + random.below(400),
                                   .lease = 1h,
                                   .ageing = {}};
      for (const Claim& claim : must(mine->tick(request, now())).claims) {
        const MutexLock lock{mutex};
        EXPECT_TRUE(claimed.insert(claim.fence.task_id).second);
        ++count;
      }
    }
  });
  EXPECT_EQ(claimed.size(), static_cast<std::size_t>(all));
}

INSTANTIATE_TEST_SUITE_P(Stores, Floods, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
