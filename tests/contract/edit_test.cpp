// edit: a waiting task becomes another, whole, or stays as it was.
#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

TaskEditRow to_payload(std::string payload) { return {.payload = std::move(payload)}; }
TaskEditRow to_priority(int priority) { return {.priority = priority}; }
TaskEditRow to_tags(std::vector<std::string> tags) { return {.tags = std::move(tags)}; }
TaskEditRow to_time(Time time) { return {.reschedules = true, .scheduled_for = time}; }
TaskEditRow to_now() { return {.reschedules = true}; }

class Edit : public Contract {
 protected:
  TaskId add_scheduled(TypeId type_id, Duration delay) {
    NewTaskRow row = new_task_row(type_id);
    row.scheduled_for = now() + delay;
    return add(row);
  }
  std::vector<TaskId> tagged(const std::string& tag) {
    return ids_of(must(repository().tasks({.tag = tag}, now())));
  }
  // A task whose first attempt failed: it waits for its back-off of five seconds.
  TaskId add_failed(TypeId type_id) {
    const TaskId task_id = add(new_task_row(type_id));
    finish(failed(claim_one(type_id), now()));
    return task_id;
  }
};

TEST_P(Edit, a_waiting_task_gets_what_is_given_and_keeps_the_rest) {
  const TypeId alpha = type("ALPHA");
  NewTaskRow row = new_task_row(alpha, R"({"a":1})");
  row.priority = 3;
  row.tags = {"x", "y"};
  row.unique_key = "key";
  const TaskId task_id = add(row);
  const Task before = task(task_id);
  pass(1min);
  const EditAnswer answer = must(repository().edit(task_id, to_payload(R"({"a":2})"), now()));
  EXPECT_EQ(answer.status, ChangeStatus::applied);
  ASSERT_TRUE(answer.before && answer.after);
  EXPECT_EQ(answer.before->payload, Json({{"a", 1}}));
  EXPECT_EQ(answer.before->updated_at, std::nullopt);
  EXPECT_EQ(answer.after->payload, Json({{"a", 2}}));
  const Task after = task(task_id);
  EXPECT_EQ(after.payload, Json({{"a", 2}}));
  EXPECT_EQ(after.updated_at, now()) << "the edit is its last change";
  EXPECT_EQ(after.status, TaskStatus::pending);
  EXPECT_EQ(after.priority, 3);
  EXPECT_EQ(after.tags, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(after.unique_key, "key");
  EXPECT_EQ(after.attempt, 0);
  EXPECT_EQ(after.created_at, before.created_at);
  EXPECT_EQ(after.scheduled_for, std::nullopt);
  const Claim claim = claim_one(alpha);
  EXPECT_EQ(claim.fence.attempt, 1) << "an edit is no claim";
  EXPECT_EQ(must(parse_json(claim.payload)), Json({{"a", 2}}));
  EXPECT_EQ(claim.run_at, before.created_at) << "its place in the queue is kept";
}

TEST_P(Edit, a_payload_may_become_null) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha, R"({"a":1})"));
  EXPECT_EQ(edit(task_id, to_payload("null")), ChangeStatus::applied);
  EXPECT_EQ(task(task_id).payload, Json(nullptr));
  EXPECT_EQ(claim_one(alpha).payload, "null");
}

TEST_P(Edit, a_higher_priority_goes_first_and_a_lower_one_last) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 3);
  EXPECT_EQ(edit(ids[2], to_priority(5)), ChangeStatus::applied);
  EXPECT_EQ(edit(ids[0], to_priority(-5)), ChangeStatus::applied);
  EXPECT_EQ(task(ids[2]).priority, 5);
  EXPECT_EQ(ids_of(claim({alpha})), (std::vector{ids[2], ids[1], ids[0]}));
}

TEST_P(Edit, a_claimer_that_has_passed_a_place_finds_what_an_edit_puts_there) {
  const TypeId alpha = type("ALPHA");
  const TaskId early = add(new_task_row(alpha));
  edit(early, to_priority(-1));
  pass(1s);
  const TaskId late = add(new_task_row(alpha));
  EXPECT_EQ(ids_of(claim({alpha}, 1)), std::vector{late});
  const auto elsewhere = another();
  EXPECT_EQ(must(elsewhere->edit(early, to_priority(0), now())).status, ChangeStatus::applied);
  TickRequest request = claim_request({alpha}, 1);
  request.claim->hinted = true;
  EXPECT_EQ(ids_of(tick(request).claims), std::vector{early});
}

TEST_P(Edit, a_task_of_the_future_becomes_due_and_waits_from_then_on) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add_scheduled(alpha, 24h);
  pass(1h);
  EXPECT_EQ(edit(task_id, to_now()), ChangeStatus::applied);
  const Task found = task(task_id);
  EXPECT_EQ(found.scheduled_for, std::nullopt);
  EXPECT_EQ(found.status, TaskStatus::pending);
  const Claim claim = claim_one(alpha);
  EXPECT_EQ(claim.fence.task_id, task_id);
  EXPECT_EQ(claim.run_at, now());
}

TEST_P(Edit, a_task_that_is_due_keeps_its_place_when_it_is_made_due) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 2);
  pass(1min);
  EXPECT_EQ(edit(ids[0], to_now()), ChangeStatus::applied);
  EXPECT_EQ(ids_of(claim({alpha})), ids);
}

TEST_P(Edit, a_task_that_is_due_waits_for_a_new_time) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  EXPECT_EQ(edit(task_id, to_time(now() + 1h)), ChangeStatus::applied);
  EXPECT_EQ(task(task_id).scheduled_for, now() + 1h);
  const TickAnswer none = tick(claim_request({alpha}, 1));
  EXPECT_TRUE(none.claims.empty());
  EXPECT_EQ(none.next_due_at, now() + 1h);
  pass(1h);
  const Claim claim = claim_one(alpha);
  EXPECT_EQ(claim.fence.task_id, task_id);
  EXPECT_EQ(claim.scheduled_for, now());
}

TEST_P(Edit, a_time_that_has_passed_is_due) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add_scheduled(alpha, 1h);
  EXPECT_EQ(edit(task_id, to_time(now() - 1h)), ChangeStatus::applied);
  EXPECT_EQ(task(task_id).scheduled_for, now() - 1h);
  EXPECT_EQ(claim_one(alpha).fence.task_id, task_id);
}

TEST_P(Edit, a_task_that_is_due_but_not_promoted_is_edited) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add_scheduled(alpha, 1s);
  pass(1min);
  EXPECT_EQ(edit(task_id, to_priority(2)), ChangeStatus::applied);
  const Claim claim = claim_one(alpha);
  EXPECT_EQ(claim.fence.task_id, task_id);
  EXPECT_EQ(claim.priority, 2);
  EXPECT_EQ(task(task_id).scheduled_for, now() - 1min + 1s);
}

TEST_P(Edit, a_task_that_waits_for_its_retry_keeps_its_back_off_and_its_history) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add_failed(alpha);
  const Task before = task(task_id);
  pass(1s);
  EXPECT_EQ(edit(task_id, to_payload(R"({"b":1})")), ChangeStatus::applied);
  const Task after = task(task_id);
  EXPECT_EQ(after.scheduled_for, before.scheduled_for);
  EXPECT_EQ(after.retries, 1);
  EXPECT_EQ(after.attempt, 1);
  EXPECT_EQ(after.error_message, before.error_message);
  EXPECT_EQ(after.updated_at, now());
  EXPECT_TRUE(claim({alpha}).empty());
  pass(5s);
  const Claim claim = claim_one(alpha);
  EXPECT_EQ(claim.fence.attempt, 2);
  EXPECT_EQ(claim.retries, 1);
  EXPECT_EQ(must(parse_json(claim.payload)), Json({{"b", 1}}));
}

TEST_P(Edit, a_back_off_is_cut_short_or_drawn_out) {
  const TypeId alpha = type("ALPHA");
  const TaskId sooner = add_failed(alpha);
  const TaskId later = add_failed(alpha);
  EXPECT_EQ(edit(sooner, to_now()), ChangeStatus::applied);
  EXPECT_EQ(edit(later, to_time(now() + 1h)), ChangeStatus::applied);
  EXPECT_EQ(task(sooner).scheduled_for, std::nullopt);
  EXPECT_EQ(task(later).scheduled_for, now() + 1h);
  EXPECT_EQ(ids_of(claim({alpha})), std::vector{sooner});
  pass(1min);
  EXPECT_TRUE(claim({alpha}).empty());
  EXPECT_EQ(task(later).retries, 1);
  // What is edited again for another reason stays where the first edit put it.
  EXPECT_EQ(edit(later, to_priority(1)), ChangeStatus::applied);
  EXPECT_EQ(task(later).scheduled_for, now() - 1min + 1h);
  pass(1h);
  EXPECT_EQ(ids_of(claim({alpha})), std::vector{later});
}

TEST_P(Edit, the_next_back_off_counts_after_an_edit) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add_failed(alpha);
  edit(task_id, to_time(now() + 1h));
  pass(1h);
  finish(failed(claim_one(alpha), now()));
  EXPECT_EQ(task(task_id).scheduled_for, now() + 10s);
  EXPECT_EQ(task(task_id).updated_at, now());
  EXPECT_EQ(edit(task_id, to_priority(1)), ChangeStatus::applied);
  EXPECT_EQ(task(task_id).scheduled_for, now() + 10s);
  pass(10s);
  EXPECT_EQ(claim_one(alpha).fence.attempt, 3);
}

TEST_P(Edit, a_task_that_a_person_retried_is_edited_where_it_waits) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = ended(alpha, TaskStatus::failed);
  retry(task_id);
  pass(1s);
  EXPECT_EQ(edit(task_id, to_time(now() + 1h)), ChangeStatus::applied);
  const Task found = task(task_id);
  EXPECT_EQ(found.status, TaskStatus::pending);
  EXPECT_EQ(found.scheduled_for, now() + 1h);
  EXPECT_EQ(found.updated_at, now());
  EXPECT_EQ(found.retries, 0);
  EXPECT_TRUE(claim({alpha}).empty());
  pass(1h);
  EXPECT_EQ(claim_one(alpha).fence.attempt, 2);
}

TEST_P(Edit, an_edited_task_may_be_cancelled_retried_and_removed) {
  const TypeId alpha = type("ALPHA");
  for (const TaskEditRow& change : {to_priority(7), to_time(now() + 1h), to_now()}) {
    const TaskId task_id = add_scheduled(alpha, 10min);
    EXPECT_EQ(edit(task_id, change), ChangeStatus::applied);
    EXPECT_EQ(cancel(task_id), ChangeStatus::applied);
    EXPECT_EQ(status(task_id), TaskStatus::cancelled);
    EXPECT_EQ(retry(task_id), ChangeStatus::applied);
    EXPECT_EQ(edit(task_id, change), ChangeStatus::applied);
    EXPECT_EQ(remove(task_id), ChangeStatus::applied);
    EXPECT_FALSE(must(repository().task(task_id, now())));
  }
  pass(2h);
  EXPECT_TRUE(claim({alpha}).empty());
}

TEST_P(Edit, an_interrupted_task_goes_back_to_the_place_that_its_edit_gave) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add_scheduled(alpha, 24h);
  edit(task_id, to_now());
  const Claim first = claim_one(alpha);
  pass(1min);
  finish(interrupted(first, now()));
  EXPECT_EQ(edit(task_id, to_priority(1)), ChangeStatus::applied);
  const Claim second = claim_one(alpha);
  EXPECT_EQ(second.run_at, first.run_at);
  EXPECT_EQ(second.priority, 1);
}

TEST_P(Edit, what_does_not_wait_is_not_edited) {
  const TypeId alpha = type("ALPHA");
  std::vector<TaskId> ids;
  for (const TaskStatus end : {TaskStatus::completed, TaskStatus::failed, TaskStatus::cancelled}) {
    ids.push_back(ended(alpha, end));
  }
  ids.push_back(add(new_task_row(alpha)));
  const Claim claim = claim_one(alpha);
  for (const TaskId task_id : ids) {
    const std::string before = everything_of(task_id);
    EXPECT_EQ(edit(task_id, to_payload("1")), ChangeStatus::wrong_status);
    EXPECT_EQ(everything_of(task_id), before);
  }
  EXPECT_EQ(edit(999999, to_payload("1")), ChangeStatus::not_found);
  EXPECT_EQ(finish(completed(claim, now())), FinishStatus::applied);
}

TEST_P(Edit, tags_are_replaced_and_found) {
  const TypeId alpha = type("ALPHA");
  NewTaskRow row = new_task_row(alpha);
  row.tags = {"old", "both"};
  const TaskId task_id = add(row);
  EXPECT_EQ(edit(task_id, to_tags({"both", "new", "with \"quotes\""})), ChangeStatus::applied);
  EXPECT_EQ(task(task_id).tags, (std::vector<std::string>{"both", "new", "with \"quotes\""}));
  EXPECT_TRUE(tagged("old").empty());
  EXPECT_EQ(tagged("both"), std::vector{task_id});
  EXPECT_EQ(tagged("new"), std::vector{task_id});
  EXPECT_EQ(edit(task_id, to_priority(1)), ChangeStatus::applied);
  EXPECT_EQ(tagged("new"), std::vector{task_id}) << "an edit that names no tags leaves them";
  EXPECT_EQ(edit(task_id, to_tags({})), ChangeStatus::applied);
  EXPECT_TRUE(task(task_id).tags.empty());
  EXPECT_TRUE(tagged("new").empty());
  EXPECT_EQ(edit(task_id, to_tags({"last", "last"})), ChangeStatus::applied);
  EXPECT_EQ(tagged("last"), std::vector{task_id});
  EXPECT_EQ(claim_one(alpha).tags.size(), 2U);
}

TEST_P(Edit, the_unique_key_stays_with_the_edited_task_and_is_released_at_its_end) {
  const TypeId alpha = type("ALPHA");
  NewTaskRow row = new_task_row(alpha);
  row.unique_key = "key";
  const TaskId task_id = add(row);
  EXPECT_EQ(edit(task_id, {.payload = "1", .priority = 2, .reschedules = true}),
            ChangeStatus::applied);
  EXPECT_EQ(error_of(repository().insert(std::span{&row, 1}, now())).task_id, task_id);
  finish(completed(claim_one(alpha), now()));
  EXPECT_GT(add(row), task_id);
}

TEST_P(Edit, the_statistics_count_an_edited_task_once) {
  const TypeId alpha = type("ALPHA");
  const auto waiting = [&] {
    const Stats stats = must(repository().stats(now()));
    const auto& of_alpha = stats.types.at(0);
    EXPECT_EQ(stats.by_status[static_cast<std::size_t>(TaskStatus::pending)], of_alpha.pending);
    return std::pair{of_alpha.pending, of_alpha.ready};
  };
  const TaskId task_id = add_scheduled(alpha, 1h);
  EXPECT_EQ(waiting(), std::pair(1L, 0L));
  edit(task_id, to_now());
  EXPECT_EQ(waiting(), std::pair(1L, 1L));
  edit(task_id, {.priority = 3, .reschedules = true, .scheduled_for = now() + 1min});
  EXPECT_EQ(waiting(), std::pair(1L, 0L));
  EXPECT_EQ(ids_of(must(repository().tasks({.status = TaskStatus::pending}, now()))),
            std::vector{task_id});
}

TEST_P(Edit, the_same_edit_again_changes_nothing_more) {
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add_scheduled(alpha, 1h);
  const TaskEditRow change{.payload = "[1]",
                           .priority = 2,
                           .tags = std::vector<std::string>{"t"},
                           .reschedules = true,
                           .scheduled_for = std::nullopt};
  EXPECT_EQ(edit(task_id, change), ChangeStatus::applied);
  const std::string once = everything_of(task_id);
  EXPECT_EQ(edit(task_id, change), ChangeStatus::applied);
  EXPECT_EQ(everything_of(task_id), once);
  EXPECT_EQ(claim({alpha}).size(), 1U);
}

TEST_P(Edit, of_edit_and_claim_either_sees_the_other) {
  constexpr int tasks = 200;
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, tasks);
  std::map<TaskId, ChangeStatus> edited;
  std::map<TaskId, Claim> claimed;
  run_together(2, [&](int index) {
    const auto mine = another();
    if (index == 0) {
      SeededRandom random{1};
      Time moment = now();
      for (int empty = 0; empty < 3; moment += 2s) {
        TickRequest request;
        request.worker = "w";
        request.claim = ClaimRequest{
            .lease_id = random.lease_id(), .types = {alpha}, .limit = 5, .lease = 1h, .ageing = {}};
        const auto claims = must(mine->tick(request, moment)).claims;
        for (const Claim& claim : claims) claimed.emplace(claim.fence.task_id, claim);
        empty = claims.empty() ? empty + 1 : 0;
      }
    } else {
      for (std::size_t at = ids.size(); at-- > 0;) {
        const TaskEditRow change{.payload = R"("new")", .priority = static_cast<int>(at % 3)};
        edited[ids[at]] = must(mine->edit(ids[at], change, now())).status;
      }
    }
  });
  pass(10s);
  for (const Claim& claim : claim({alpha})) claimed.emplace(claim.fence.task_id, claim);
  ASSERT_EQ(claimed.size(), ids.size()) << "no task is lost, and none is claimed twice";
  for (const TaskId task_id : ids) {
    const bool applied = edited.at(task_id) == ChangeStatus::applied;
    EXPECT_TRUE(applied || edited.at(task_id) == ChangeStatus::wrong_status);
    EXPECT_EQ(claimed.at(task_id).payload, applied ? R"("new")" : "{}");
    EXPECT_EQ(claimed.at(task_id).fence.attempt, 1);
    EXPECT_EQ(status(task_id), TaskStatus::processing);
  }
}

TEST_P(Edit, of_two_edits_at_once_the_later_stands_whole) {
  const TypeId alpha = type("ALPHA");
  const std::vector<TaskId> ids = add_many(alpha, 50);
  run_together(2, [&](int index) {
    const auto mine = another();
    for (const TaskId task_id : ids) {
      const TaskEditRow change{.payload = std::to_string(index),
                               .priority = index,
                               .tags = std::vector<std::string>{"t" + std::to_string(index)}};
      EXPECT_EQ(must(mine->edit(task_id, change, now())).status, ChangeStatus::applied);
    }
  });
  pass(10s);
  const std::vector<Claim> claims = claim({alpha});
  ASSERT_EQ(claims.size(), ids.size());
  for (const Claim& claim : claims) {
    EXPECT_EQ(claim.payload, std::to_string(claim.priority));
    const std::string tag = "t" + std::to_string(claim.priority);
    EXPECT_EQ(claim.tags, std::vector{tag});
  }
  EXPECT_EQ(tagged("t0").size() + tagged("t1").size(), ids.size());
}

INSTANTIATE_TEST_SUITE_P(Stores, Edit, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
