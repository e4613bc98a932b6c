// Unique keys: how long each scope holds one, and what each policy makes of a conflict.
#include <algorithm>
#include <array>
#include <atomic>
#include <map>

#include <gtest/gtest.h>

#include "base/mutex.hpp"
#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Unique : public Contract {
 protected:
  NewTaskRow row(UniqueScope scope, OnConflict on_conflict = OnConflict::refuse,
                 std::string payload = "{}") {
    NewTaskRow row = new_task_row(type("ALPHA"), std::move(payload));
    row.unique_key = "key";
    row.on_conflict = on_conflict;
    row.terms.unique_scope = scope;
    if (scope == UniqueScope::window) row.terms.unique_until = now() + window;
    return row;
  }
  Expected<std::vector<InsertedTask>> try_insert(const NewTaskRow& row) {
    return repository().insert(std::span{&row, 1}, now());
  }
  InsertedTask insert(const NewTaskRow& row) { return must(try_insert(row)).at(0); }
  // Who holds the key; 0: nobody. Leaves everything as it is, but where nobody does.
  TaskId holder(UniqueScope scope) {
    const auto answer = try_insert(row(scope));
    if (answer) {
      remove(answer->at(0).task_id);
      return 0;
    }
    EXPECT_EQ(answer.error().code, ErrorCode::conflict) << answer.error().message;
    return answer.error().task_id.value_or(-1);
  }
  std::size_t count() { return must(repository().tasks({.limit = 1000}, now())).size(); }

  Duration window = 10min;
};

TEST_P(Unique, a_key_of_the_scope_waiting_is_free_once_its_task_is_claimed) {
  const TaskId first = add(row(UniqueScope::waiting));
  EXPECT_EQ(holder(UniqueScope::waiting), first);
  const Claim claimed = claim_one(type("ALPHA"));
  EXPECT_EQ(holder(UniqueScope::waiting), 0) << "it runs";
  const TaskId second = add(row(UniqueScope::waiting));
  finish(failed(claimed, now()));
  EXPECT_EQ(status(first), TaskStatus::pending);
  EXPECT_EQ(holder(UniqueScope::waiting), second) << "a back-off takes no key";
  pass(1min);
  EXPECT_EQ(claim({type("ALPHA")}).size(), 2U);
  EXPECT_EQ(holder(UniqueScope::waiting), 0);
}

TEST_P(Unique, the_end_of_a_task_whose_key_was_free_leaves_its_next_holder_alone) {
  add(row(UniqueScope::waiting));
  const Claim claimed = claim_one(type("ALPHA"));
  const TaskId second = add(row(UniqueScope::waiting));
  finish(completed(claimed, now()));
  EXPECT_EQ(holder(UniqueScope::waiting), second);
}

TEST_P(Unique, a_key_of_the_scope_waiting_is_free_after_a_cancel) {
  cancel(add(row(UniqueScope::waiting)));
  EXPECT_EQ(holder(UniqueScope::waiting), 0);
}

TEST_P(Unique, a_scheduled_task_holds_its_key_until_it_is_claimed) {
  NewTaskRow later = row(UniqueScope::waiting);
  later.scheduled_for = now() + 1h;
  const TaskId task_id = add(later);
  pass(2h);
  EXPECT_EQ(holder(UniqueScope::waiting), task_id);
  EXPECT_EQ(claim_one(type("ALPHA")).fence.task_id, task_id);
  EXPECT_EQ(holder(UniqueScope::waiting), 0);
}

TEST_P(Unique, an_edited_task_holds_its_key_until_it_is_claimed) {
  const TaskId task_id = add(row(UniqueScope::waiting));
  EXPECT_EQ(edit(task_id, {.priority = 3}), ChangeStatus::applied);
  EXPECT_EQ(holder(UniqueScope::waiting), task_id);
  claim_one(type("ALPHA"));
  EXPECT_EQ(holder(UniqueScope::waiting), 0);
}

TEST_P(Unique, a_window_outlives_its_task) {
  const TaskId first = add(row(UniqueScope::window));
  finish(completed(claim_one(type("ALPHA")), now()));
  EXPECT_EQ(holder(UniqueScope::window), first);
  EXPECT_EQ(holder(UniqueScope::active), first) << "whatever the other asks for";
  pass(window - 1us);
  EXPECT_EQ(holder(UniqueScope::window), first);
  pass(1us);
  const TaskId second = add(row(UniqueScope::window));
  EXPECT_NE(second, first);
  EXPECT_EQ(holder(UniqueScope::window), second);
}

TEST_P(Unique, a_window_ends_while_its_task_still_waits) {
  const TaskId first = add(row(UniqueScope::window));
  pass(window);
  const TaskId second = add(row(UniqueScope::window));
  EXPECT_EQ(status(first), TaskStatus::pending);
  finish(completed(claim({type("ALPHA")}, 1).at(0), now()));
  EXPECT_EQ(holder(UniqueScope::window), second);
}

TEST_P(Unique, a_cancel_leaves_a_window_and_a_removal_does_not) {
  const TaskId task_id = add(row(UniqueScope::window));
  EXPECT_EQ(cancel(task_id), ChangeStatus::applied);
  EXPECT_EQ(holder(UniqueScope::window), task_id);
  EXPECT_EQ(remove(task_id), ChangeStatus::applied);
  EXPECT_EQ(holder(UniqueScope::window), 0);
  EXPECT_EQ(remove(add(row(UniqueScope::window))), ChangeStatus::applied) << "while it waits";
  EXPECT_EQ(holder(UniqueScope::window), 0);
}

TEST_P(Unique, the_retention_releases_the_window_of_a_task_that_it_removes) {
  window = 24h * 300;
  const TaskId task_id = add(row(UniqueScope::window));
  finish(completed(claim_one(type("ALPHA")), now()));
  pass(24h);
  EXPECT_EQ(must(repository().prune({.completed_older = 1h, .limit = 10}, now())), 1);
  EXPECT_FALSE(must(repository().task(task_id, now())));
  EXPECT_TRUE(insert(row(UniqueScope::window, OnConflict::existing)).created);
}

TEST_P(Unique, maintenance_forgets_windows_that_have_ended_and_no_others) {
  add(row(UniqueScope::window));
  NewTaskRow other = row(UniqueScope::window);
  other.unique_key = "other";
  other.terms.unique_until = now() + 1h;
  const TaskId task_id = add(other);
  const TaskId active = [&] {
    NewTaskRow third = row(UniqueScope::active);
    third.unique_key = "third";
    return add(third);
  }();
  pass(30min);
  must(repository().maintain(now()));
  EXPECT_EQ(error_of(try_insert(other)).task_id, task_id);
  NewTaskRow third = row(UniqueScope::active);
  third.unique_key = "third";
  EXPECT_EQ(error_of(try_insert(third)).task_id, active);
  EXPECT_TRUE(insert(row(UniqueScope::window)).created);
}

TEST_P(Unique, return_answers_the_holder) {
  for (const auto scope : {UniqueScope::active, UniqueScope::waiting, UniqueScope::window}) {
    const TaskId first = add(row(scope));
    const InsertedTask answer = insert(row(scope, OnConflict::existing, R"({"other":1})"));
    EXPECT_EQ(answer.task_id, first);
    EXPECT_FALSE(answer.created);
    EXPECT_EQ(task(first).payload, Json(JsonObject{}));
    EXPECT_EQ(task(first).updated_at, std::nullopt);
    remove(first);
  }
  EXPECT_EQ(count(), 0U);
}

TEST_P(Unique, replace_gives_a_holder_that_waits_the_new_payload_priority_and_time) {
  for (const auto scope : {UniqueScope::active, UniqueScope::waiting, UniqueScope::window}) {
    NewTaskRow first = row(scope);
    first.tags = {"kept"};
    const TaskId task_id = add(first);
    NewTaskRow next = row(scope, OnConflict::replace, R"({"new":true})");
    next.priority = 7;
    next.scheduled_for = now() + 1min;
    const InsertedTask answer = insert(next);
    EXPECT_EQ(answer.task_id, task_id);
    EXPECT_FALSE(answer.created);
    const Task found = task(task_id);
    EXPECT_EQ(found.payload, must(parse_json(next.payload)));
    EXPECT_EQ(found.priority, 7);
    EXPECT_EQ(found.scheduled_for, next.scheduled_for);
    EXPECT_EQ(found.tags, first.tags);
    EXPECT_EQ(found.unique_key, "key");
    EXPECT_TRUE(claim({type("ALPHA")}).empty()) << "not due";
    pass(1min);
    const Claim claimed = claim_one(type("ALPHA"));
    EXPECT_EQ(claimed.fence.task_id, task_id);
    EXPECT_EQ(must(parse_json(claimed.payload)), found.payload);
    finish(completed(claimed, now()));
    remove(task_id);
  }
}

TEST_P(Unique, a_replaced_task_that_is_due_at_once_is_claimed) {
  NewTaskRow later = row(UniqueScope::waiting);
  later.scheduled_for = now() + 1h;
  const TaskId task_id = add(later);
  EXPECT_TRUE(claim({type("ALPHA")}).empty());
  EXPECT_EQ(insert(row(UniqueScope::waiting, OnConflict::replace)).task_id, task_id);
  EXPECT_EQ(claim_one(type("ALPHA")).fence.task_id, task_id);
}

TEST_P(Unique, replace_is_refused_where_the_holder_does_not_wait) {
  const TaskId running = add(row(UniqueScope::active));
  const Claim claimed = claim_one(type("ALPHA"));
  const NewTaskRow next = row(UniqueScope::active, OnConflict::replace, R"({"new":true})");
  EXPECT_EQ(error_of(try_insert(next)).task_id, running);
  finish(completed(claimed, now()));
  EXPECT_TRUE(insert(next).created);
  EXPECT_EQ(count(), 2U);
}

TEST_P(Unique, replace_is_refused_by_a_window_whose_task_has_ended) {
  const TaskId ended = add(row(UniqueScope::window));
  finish(completed(claim_one(type("ALPHA")), now()));
  EXPECT_EQ(error_of(try_insert(row(UniqueScope::window, OnConflict::replace))).task_id, ended);
  pass(window);
  EXPECT_TRUE(insert(row(UniqueScope::window, OnConflict::replace)).created);
}

TEST_P(Unique, replace_meets_no_holder_that_was_claimed_and_waits_again) {
  const TaskId first = add(row(UniqueScope::waiting));
  finish(failed(claim_one(type("ALPHA")), now()));
  const InsertedTask second = insert(row(UniqueScope::waiting, OnConflict::replace));
  EXPECT_TRUE(second.created);
  EXPECT_NE(second.task_id, first);
}

TEST_P(Unique, replace_takes_the_new_expiry_along) {
  NewTaskRow first = row(UniqueScope::waiting);
  first.terms.expires_at = now() + 1min;
  const TaskId task_id = add(first);
  NewTaskRow next = row(UniqueScope::waiting, OnConflict::replace);
  next.terms.expires_at = now() + 10min;
  insert(next);
  EXPECT_EQ(task(task_id).expires_at, next.terms.expires_at);
  EXPECT_EQ(task(task_id).unique_scope, UniqueScope::waiting);
  pass(5min);
  must(repository().expire_waiting(10, now()));
  EXPECT_EQ(status(task_id), TaskStatus::pending);
  pass(5min);
  must(repository().expire_waiting(10, now()));
  EXPECT_EQ(status(task_id), TaskStatus::cancelled);
  EXPECT_EQ(holder(UniqueScope::waiting), 0);
}

TEST_P(Unique, a_batch_that_meets_itself_does_as_its_rows_say) {
  std::vector<NewTaskRow> rows{row(UniqueScope::active, OnConflict::existing, R"({"no":1})"),
                               row(UniqueScope::active, OnConflict::existing, R"({"no":2})"),
                               new_task_row(type("ALPHA"), R"({"no":3})"),
                               row(UniqueScope::active, OnConflict::replace, R"({"no":4})")};
  const auto answers = must(repository().insert(rows, now()));
  ASSERT_EQ(answers.size(), 4U);
  EXPECT_TRUE(answers[0].created);
  EXPECT_FALSE(answers[1].created);
  EXPECT_TRUE(answers[2].created);
  EXPECT_FALSE(answers[3].created);
  EXPECT_EQ(answers[1].task_id, answers[0].task_id);
  EXPECT_EQ(answers[3].task_id, answers[0].task_id);
  EXPECT_EQ(count(), 2U);
  EXPECT_EQ(to_text(task(answers[0].task_id).payload), R"({"no":4})");
  EXPECT_EQ(claim({type("ALPHA")}).size(), 2U);
}

TEST_P(Unique, a_batch_that_meets_itself_at_the_end_of_a_window_does_as_its_rows_say) {
  add(row(UniqueScope::window));
  pass(window);
  const std::vector<NewTaskRow> rows(3, row(UniqueScope::window, OnConflict::existing));
  const auto answers = must(repository().insert(rows, now()));
  EXPECT_TRUE(answers[0].created);
  EXPECT_FALSE(answers[1].created);
  EXPECT_EQ(answers[1].task_id, answers[0].task_id);
  EXPECT_EQ(answers[2].task_id, answers[0].task_id);
  EXPECT_EQ(count(), 2U);
}

TEST_P(Unique, of_two_tasks_that_are_retried_at_once_one_takes_their_key) {
  const TaskId first = add(row(UniqueScope::active));
  cancel(first);
  const TaskId second = add(row(UniqueScope::active));
  cancel(second);
  add(row(UniqueScope::window));
  pass(window);
  const auto statuses = must(repository().retry(std::vector{first, second}, now()));
  EXPECT_EQ(statuses, (std::vector{ChangeStatus::applied, ChangeStatus::unique_conflict}));
  EXPECT_EQ(holder(UniqueScope::active), first);
}

TEST_P(Unique, of_a_batch_that_replaces_one_holder_the_last_word_stands) {
  const TaskId holder = add(row(UniqueScope::waiting));
  const std::vector<NewTaskRow> rows{row(UniqueScope::waiting, OnConflict::replace, R"({"no":1})"),
                                     row(UniqueScope::waiting, OnConflict::replace, R"({"no":2})")};
  for (const InsertedTask& answer : must(repository().insert(rows, now()))) {
    EXPECT_EQ(answer.task_id, holder);
    EXPECT_FALSE(answer.created);
  }
  EXPECT_EQ(to_text(task(holder).payload), R"({"no":2})");
}

TEST_P(Unique, a_refused_batch_replaces_nothing) {
  const TaskId waits = add(row(UniqueScope::waiting));
  NewTaskRow other = row(UniqueScope::active);
  other.unique_key = "other";
  const TaskId holder = add(other);
  const std::vector<NewTaskRow> rows{row(UniqueScope::waiting, OnConflict::replace, R"({"no":1})"),
                                     other};
  EXPECT_EQ(error_of(repository().insert(rows, now())).task_id, holder);
  EXPECT_EQ(task(waits).payload, Json(JsonObject{}));
}

TEST_P(Unique, an_idempotency_key_answers_the_holder_again) {
  const TaskId holder = add(row(UniqueScope::active));
  NewTaskRow asked = row(UniqueScope::active, OnConflict::existing);
  asked.idempotency_key = "idempotency";
  asked.idempotency_hash = "hash";
  EXPECT_EQ(insert(asked).task_id, holder);
  finish(completed(claim_one(type("ALPHA")), now()));
  EXPECT_EQ(insert(asked).task_id, holder) << "the key is free, but this call was answered before";
  EXPECT_EQ(count(), 1U);
}

TEST_P(Unique, a_persons_retry_takes_a_key_of_the_scope_waiting_again) {
  const TaskId first = add(row(UniqueScope::waiting));
  finish(failed_for_good(claim_one(type("ALPHA")), now()));
  const TaskId second = add(row(UniqueScope::waiting));
  EXPECT_EQ(retry(first), ChangeStatus::unique_conflict);
  EXPECT_EQ(cancel(second), ChangeStatus::applied);
  EXPECT_EQ(retry(first), ChangeStatus::applied);
  EXPECT_EQ(holder(UniqueScope::waiting), first);
  claim_one(type("ALPHA"));
  EXPECT_EQ(holder(UniqueScope::waiting), 0);
}

TEST_P(Unique, a_persons_retry_needs_no_window) {
  const TaskId first = add(row(UniqueScope::window));
  finish(failed_for_good(claim_one(type("ALPHA")), now()));
  pass(window);
  const TaskId second = add(row(UniqueScope::window));
  EXPECT_EQ(retry(first), ChangeStatus::applied);
  EXPECT_EQ(holder(UniqueScope::window), second);
}

TEST_P(Unique, a_persons_retry_takes_a_key_whose_window_has_ended) {
  const TaskId first = add(row(UniqueScope::active));
  finish(failed_for_good(claim_one(type("ALPHA")), now()));
  add(row(UniqueScope::window));
  EXPECT_EQ(retry(first), ChangeStatus::unique_conflict);
  pass(window);
  EXPECT_EQ(retry(first), ChangeStatus::applied);
  EXPECT_EQ(holder(UniqueScope::active), first);
}

INSTANTIATE_TEST_SUITE_P(Stores, Unique, testing::ValuesIn(every_store()), store_name);

// Programs that race for a few keys in transactions of their own, of which three in ten are rolled
// back.
class UniqueRace : public Contract {
 protected:
  static constexpr int clients = 32;
  static constexpr int rounds = 12;
  static constexpr int keys = 4;

  void race(UniqueScope scope, OnConflict on_conflict) {
    const TypeId alpha = type("ALPHA");
    run_together(clients, [&](int client) {
      SeededRandom mine{static_cast<std::uint64_t>(client) * 7919 + 1};
      for (int round = 0; round < rounds; ++round) {
        NewTaskRow row = new_task_row(alpha, std::to_string(client * rounds + round));
        row.unique_key = "key-" + std::to_string(mine.next() % keys);
        row.on_conflict = on_conflict;
        row.terms.unique_scope = scope;
        if (scope == UniqueScope::window) row.terms.unique_until = now() + 1h;
        once(row, mine.fraction() < 0.3);
      }
    });
    check();
  }

 private:
  void once(const NewTaskRow& row, bool rolls_back) {
    const auto transaction = store().begin();
    const auto answer =
        repository().insert_within(transaction->connection(), std::span{&row, 1}, now());
    const bool creates = answer && answer->front().created;
    if (rolls_back) {
      transaction->roll_back();
    } else {
      transaction->commit();
    }
    if (!creates) meet(answer);
    if (!creates || rolls_back) return;
    const MutexLock lock(mutex_);
    made_[*row.unique_key].push_back(answer->front().task_id);
  }
  // Only a holder that is committed is ever named; none of these tasks ends or is removed.
  void meet(const Expected<std::vector<InsertedTask>>& answer) {
    if (!answer) {
      ASSERT_EQ(answer.error().code, ErrorCode::conflict) << answer.error().message;
    }
    const TaskId holder = answer ? answer->front().task_id : answer.error().task_id.value_or(0);
    EXPECT_TRUE(must(repository().task(holder, now()))) << "task " << holder << " does not exist";
  }
  void check() {
    const MutexLock lock(mutex_);
    EXPECT_EQ(made_.size(), static_cast<std::size_t>(keys));
    for (const auto& [key, ids] : made_) EXPECT_EQ(ids.size(), 1U) << key;
    EXPECT_EQ(must(repository().tasks({.limit = 1000}, now())).size(), made_.size());
  }

  Mutex mutex_;
  std::map<std::string, std::vector<TaskId>> made_ ESTEIRA_GUARDED_BY(mutex_);
};

TEST_P(UniqueRace, one_holds_the_key_and_no_refusal_names_one_that_does_not_exist) {
  race(UniqueScope::active, OnConflict::refuse);
}
TEST_P(UniqueRace, one_holds_the_key_and_none_is_answered_that_does_not_exist) {
  race(UniqueScope::waiting, OnConflict::existing);
}
TEST_P(UniqueRace, one_holds_the_key_and_is_replaced_by_the_others) {
  race(UniqueScope::window, OnConflict::replace);
}

INSTANTIATE_TEST_SUITE_P(Stores, UniqueRace, testing::ValuesIn(shared_stores()), store_name);

// Producers of batches over the same keys, workers that claim and end, and people who remove.
class UniqueTraffic : public Contract {
 protected:
  static constexpr int producers = 6;
  static constexpr int rounds = 40;
  static constexpr std::array scopes{UniqueScope::active, UniqueScope::waiting,
                                     UniqueScope::window};
  static constexpr std::array policies{OnConflict::refuse, OnConflict::existing,
                                       OnConflict::replace};

  std::vector<NewTaskRow> batch(TypeId type_id, SeededRandom& random) const {
    std::vector<NewTaskRow> rows(5, new_task_row(type_id));
    for (NewTaskRow& row : rows) {
      row.unique_key = "key-" + std::to_string(random.next() % 12);
      row.on_conflict = policies[1 + random.next() % 2];
      row.terms.unique_scope = scopes[random.next() % 3];
      if (random.next() % 2 == 0) row.scheduled_for = now() + 1h;
      // Half of the windows have ended when they are met.
      if (row.terms.unique_scope == UniqueScope::window) {
        row.terms.unique_until = now() + (random.next() % 2 == 0 ? 1h : -1h);
      }
    }
    return rows;
  }
  void produce(TaskRepository& mine, TypeId type_id, int index) {
    SeededRandom random{static_cast<std::uint64_t>(index) + 100};
    for (int round = 0; round < rounds; ++round) {
      const auto rows = batch(type_id, random);
      const auto answer = mine.insert(rows, now());
      if (answer) continue;
      EXPECT_EQ(answer.error().code, ErrorCode::conflict) << answer.error().message;
    }
  }
  void work(TaskRepository& mine, TypeId type_id, int index) {
    SeededRandom random{static_cast<std::uint64_t>(index) + 200};
    while (!over) {
      TickRequest request = claim_request({type_id}, 7);
      request.worker = "worker-" + std::to_string(index);
      request.claim->lease_id = random.lease_id();
      const auto claims = must(mine.tick(request, now())).claims;
      std::vector<Settlement> settlements;
      for (const Claim& one : claims) settlements.push_back(completed(one, now()));
      must(mine.tick({.worker = request.worker, .settlements = settlements}, now()));
    }
  }
  void remove_some(TaskRepository& mine) {
    while (!over) {
      std::vector<TaskId> ids = ids_of(must(mine.tasks({.limit = 6}, now())));
      if (!ids.empty()) must(mine.remove(ids, now()));
    }
  }

  std::atomic<bool> over{false};
};

TEST_P(UniqueTraffic, nobody_waits_in_a_circle) {
  const TypeId alpha = type("ALPHA");
  std::atomic<int> left{producers};
  run_together(producers + 3, [&](int index) {
    const auto mine = another();
    if (index < producers) {
      produce(*mine, alpha, index);
      if (--left == 0) over = true;
    } else if (index < producers + 2) {
      work(*mine, alpha, index);
    } else {
      remove_some(*mine);
    }
  });
  // What holds a key is there, and holds it alone.
  const std::string holders =
      "SELECT count(*) FROM task_unique u WHERE NOT EXISTS (SELECT 1 FROM "
      "task_requests r WHERE r.task_id = u.task_id)";
  EXPECT_EQ(store().query(holders).at(0).at(0), "0");
}

INSTANTIATE_TEST_SUITE_P(Stores, UniqueTraffic, testing::ValuesIn(concurrent_stores()), store_name);

}  // namespace
}  // namespace esteira::test
