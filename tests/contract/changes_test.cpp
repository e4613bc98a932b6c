// Changes: who shows tasks learns which ones changed, whoever changed them, and never misses one.
#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

constexpr int plenty = 10'000;
constexpr auto long_enough = limits::changes_kept + 15s;

class Changes : public Contract {
 protected:
  void begin_here() { cursor_ = must(repository().changes(std::nullopt, plenty)).cursor; }
  ChangesPage look(int limit = plenty) {
    ChangesPage page = must(repository().changes(cursor_, limit));
    cursor_ = page.cursor;
    return page;
  }
  // Since the last look.
  std::vector<TaskId> changed() {
    const ChangesPage page = look();
    EXPECT_FALSE(page.missed);
    EXPECT_FALSE(page.more);
    return page.task_ids;
  }
  // As the maintenance does while a program runs.
  void maintain_for(Duration duration) {
    for (const Time end = now() + duration; now() < end; pass(5s)) {
      must(repository().maintain(now()));
    }
    must(repository().maintain(now()));
  }

 private:
  std::optional<std::string> cursor_;
};

using Ids = std::vector<TaskId>;

TEST_P(Changes, a_task_is_named_when_it_is_created_claimed_and_ended) {
  const TypeId alpha = type("ALPHA");
  begin_here();
  const TaskId task_id = add(new_task_row(alpha));
  EXPECT_EQ(changed(), Ids{task_id});
  const Claim claim = claim_one(alpha);
  EXPECT_EQ(changed(), Ids{task_id});
  finish(completed(claim, now()));
  EXPECT_EQ(changed(), Ids{task_id});
  EXPECT_EQ(changed(), Ids{});
}

TEST_P(Changes, one_tick_names_what_it_ends_and_what_it_claims) {
  const TypeId alpha = type("ALPHA");
  const TaskId first = add(new_task_row(alpha));
  const Claim claim = claim_one(alpha);
  const TaskId second = add(new_task_row(alpha));
  pass(2s);
  begin_here();
  const Settlement settlement = completed(claim, now());
  TickRequest request = claim_request({alpha}, 1);
  request.settlements = std::span{&settlement, 1};
  ASSERT_EQ(tick(request).claims.size(), 1U);
  EXPECT_EQ(changed(), (Ids{first, second}));
}

TEST_P(Changes, a_retry_a_snooze_and_a_take_over_are_changes) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Claim first = claim_one(alpha);
  begin_here();
  finish(failed(first, now()));
  EXPECT_EQ(changed(), Ids{task_id});
  pass(1h);
  const Claim second = claim_one(alpha);
  EXPECT_EQ(changed(), Ids{task_id});
  finish(snoozed(second, now(), 1s));
  EXPECT_EQ(changed(), Ids{task_id});
  pass(1h);
  claim_one(alpha);
  EXPECT_EQ(changed(), Ids{task_id});
  pass(1h);
  ASSERT_EQ(take_expired().size(), 1U);
  EXPECT_EQ(changed(), Ids{task_id});
}

TEST_P(Changes, what_a_person_does_is_a_change) {
  const TypeId alpha = type("ALPHA");
  const TaskId waiting = add(new_task_row(alpha));
  begin_here();
  EXPECT_EQ(cancel(waiting), ChangeStatus::applied);
  EXPECT_EQ(changed(), Ids{waiting});
  EXPECT_EQ(retry(waiting), ChangeStatus::applied);
  EXPECT_EQ(changed(), Ids{waiting});
  EXPECT_EQ(remove(waiting), ChangeStatus::applied);
  EXPECT_EQ(changed(), Ids{waiting}) << "what is gone changed too";
  const TaskId running = add(new_task_row(alpha));
  claim_one(alpha);
  EXPECT_EQ(changed(), Ids{running});
  EXPECT_EQ(cancel(running), ChangeStatus::requested);
  EXPECT_EQ(changed(), Ids{running});
}

TEST_P(Changes, progress_is_a_change_and_a_log_line_is_none) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  const Claim claim = claim_one(alpha);
  begin_here();
  note(ProgressNote{.fence = claim.fence, .fraction = 0.5, .text = "half way"});
  EXPECT_EQ(changed(), Ids{task_id});
  note(LogNote{.fence = claim.fence, .line = 1, .at = now(), .text = "a"});
  renew(claim.fence.lease_id, {held(claim)});
  EXPECT_EQ(changed(), Ids{});
}

TEST_P(Changes, what_was_refused_is_none) {
  const TypeId alpha = type("ALPHA");
  NewTaskRow row = new_task_row(alpha);
  row.idempotency_key = "key";
  row.unique_key = "unique";
  const TaskId task_id = add(row);
  const Claim claim = claim_one(alpha);
  finish(completed(claim, now()));
  row.idempotency_key.reset();
  add(row);
  begin_here();
  EXPECT_EQ(cancel(task_id), ChangeStatus::wrong_status);
  EXPECT_EQ(remove(task_id + 1000), ChangeStatus::not_found);
  EXPECT_FALSE(repository().insert(std::span{&row, 1}, now())) << "the unique key is held";
  row.idempotency_key = "key";
  EXPECT_EQ(add(row), task_id) << "the key answers the first";
  tick(claim_request({type("BETA")}, 1));
  EXPECT_EQ(changed(), Ids{});
}

TEST_P(Changes, a_large_batch_says_that_there_is_more) {
  const TypeId alpha = type("ALPHA");
  begin_here();
  const std::vector<TaskId> few = add_many(alpha, static_cast<int>(limits::change_ids_max));
  EXPECT_EQ(changed(), few);
  add_many(alpha, static_cast<int>(limits::change_ids_max) + 1);
  EXPECT_TRUE(look().more);
  EXPECT_EQ(changed(), Ids{}) << "a look goes past them";
}

TEST_P(Changes, a_look_names_as_many_as_it_was_asked_for) {
  const TypeId alpha = type("ALPHA");
  begin_here();
  for (int i = 0; i < 5; ++i) add(new_task_row(alpha));
  const ChangesPage page = look(3);
  EXPECT_EQ(page.task_ids.size(), 3U);
  EXPECT_TRUE(page.more);
  EXPECT_EQ(changed(), Ids{});
}

TEST_P(Changes, a_task_that_changed_often_is_named_once) {
  const TypeId alpha = type("ALPHA");
  begin_here();
  const TaskId first = add(new_task_row(alpha));
  const TaskId second = add(new_task_row(alpha));
  for (const Claim& claim : claim({alpha})) finish(completed(claim, now()));
  EXPECT_EQ(changed(), (Ids{first, second}));
}

TEST_P(Changes, an_earlier_place_is_gone_back_to_for_two_minutes) {
  const TypeId alpha = type("ALPHA");
  maintain_for(long_enough);
  begin_here();
  const TaskId first = add(new_task_row(alpha));
  maintain_for(limits::changes_kept - 20s);
  const TaskId second = add(new_task_row(alpha));
  EXPECT_EQ(changed(), (Ids{first, second}));
}

TEST_P(Changes, who_comes_too_late_is_told) {
  const TypeId alpha = type("ALPHA");
  begin_here();
  add(new_task_row(alpha));
  add(new_task_row(alpha));
  maintain_for(2 * long_enough);
  const ChangesPage page = look();
  EXPECT_TRUE(page.missed);
  EXPECT_EQ(page.task_ids, Ids{});
  EXPECT_EQ(changed(), Ids{}) << "from here on nothing is missed";
  const TaskId task_id = add(new_task_row(alpha));
  EXPECT_EQ(changed(), Ids{task_id});
}

TEST_P(Changes, what_is_no_place_is_refused) {
  for (const std::string wrong : {"", "x", "1:", "-1", "+1", " 1", "1 ", "3:2:", "1:2:2", "1:2:1,",
                                  "0:1:", "1:2:1:", "99999999999999999999", "1:3:2,1", "9:9:\n"}) {
    EXPECT_EQ(error_of(repository().changes(wrong, plenty)).code, ErrorCode::invalid_argument)
        << wrong;
  }
}

TEST_P(Changes, the_state_of_many_tasks_is_read_together) {
  const TypeId alpha = type("ALPHA");
  const TaskId waiting = add(new_task_row(alpha));
  const TaskId failing = ended(alpha, TaskStatus::failed);
  const TaskId gone = ended(alpha, TaskStatus::completed);
  EXPECT_EQ(remove(gone), ChangeStatus::applied);
  const auto states = must(repository().task_states(Ids{gone, failing, waiting}));
  ASSERT_EQ(states.size(), 2U);
  for (const TaskState& state : states) {
    const Task whole = task(state.task_id);
    EXPECT_EQ(state.type, whole.type);
    EXPECT_EQ(state.status, whole.status);
    EXPECT_EQ(state.attempt, whole.attempt);
    EXPECT_EQ(state.priority, whole.priority);
    EXPECT_EQ(state.retries, whole.retries);
    EXPECT_EQ(state.worker, whole.worker);
    EXPECT_EQ(state.progress, whole.progress);
    EXPECT_EQ(state.scheduled_for, whole.scheduled_for);
    EXPECT_EQ(state.updated_at, whole.updated_at);
  }
}

INSTANTIATE_TEST_SUITE_P(Stores, Changes, testing::ValuesIn(every_store()), store_name);

class ChangesWithin : public Changes {
 protected:
  TaskId insert(OtherTransaction& transaction, TypeId type_id) {
    const NewTaskRow row = new_task_row(type_id);
    return must(repository().insert_within(transaction.connection(), std::span{&row, 1}, now()))
        .at(0)
        .task_id;
  }
};

TEST_P(ChangesWithin, a_callers_transaction_shows_when_it_is_committed) {
  const TypeId alpha = type("ALPHA");
  begin_here();
  const auto transaction = store().begin();
  const TaskId task_id = insert(*transaction, alpha);
  EXPECT_EQ(changed(), Ids{});
  transaction->commit();
  EXPECT_EQ(changed(), Ids{task_id});
}

TEST_P(ChangesWithin, a_callers_transaction_that_is_rolled_back_never_shows) {
  const TypeId alpha = type("ALPHA");
  begin_here();
  const auto transaction = store().begin();
  insert(*transaction, alpha);
  transaction->roll_back();
  EXPECT_EQ(changed(), Ids{});
}

INSTANTIATE_TEST_SUITE_P(Stores, ChangesWithin, testing::ValuesIn(shared_stores()), store_name);

class ConcurrentChanges : public ChangesWithin {};

TEST_P(ConcurrentChanges, what_was_begun_first_and_committed_last_is_not_passed_over) {
  const TypeId alpha = type("ALPHA");
  begin_here();
  const auto slow = store().begin();
  const TaskId late = insert(*slow, alpha);
  const auto quick = store().begin();
  const TaskId early = insert(*quick, alpha);
  quick->commit();
  EXPECT_EQ(changed(), Ids{early});
  const TaskId later = add(new_task_row(alpha));
  EXPECT_EQ(changed(), Ids{later});
  slow->commit();
  EXPECT_EQ(changed(), Ids{late});
  EXPECT_EQ(changed(), Ids{}) << "and nothing shows twice";
}

TEST_P(ConcurrentChanges, what_is_committed_late_is_kept_as_long_as_anything_else) {
  const TypeId alpha = type("ALPHA");
  const auto slow = store().begin();
  const TaskId late = insert(*slow, alpha);
  maintain_for(2 * long_enough);
  begin_here();
  slow->commit();
  maintain_for(limits::changes_kept - 20s);
  EXPECT_EQ(changed(), Ids{late});
}

TEST_P(ConcurrentChanges, a_long_transaction_keeps_nothing_from_being_shown_or_removed) {
  const TypeId alpha = type("ALPHA");
  const auto slow = store().begin();
  insert(*slow, alpha);
  begin_here();
  add(new_task_row(alpha));
  maintain_for(2 * long_enough);
  EXPECT_TRUE(look().missed);
  const TaskId task_id = add(new_task_row(alpha));
  EXPECT_EQ(changed(), Ids{task_id});
  EXPECT_EQ(store().query("SELECT count(*) FROM task_changes"), (SqlRows{{"1"}}));
}

INSTANTIATE_TEST_SUITE_P(Stores, ConcurrentChanges, testing::ValuesIn(concurrent_stores()),
                         store_name);

}  // namespace
}  // namespace esteira::test
