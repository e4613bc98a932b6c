// Several calls in one transaction, and the answers that are kept for those who ask again.
#include <algorithm>
#include <thread>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

std::unexpected<Error> refusal() { return fail(ErrorCode::conflict, "not this time"); }

class Atomically : public Contract {
 protected:
  [[nodiscard]] std::size_t trail_size() { return must(repository().audit_scan(0, 100)).size(); }
  Expected<void> note_in_trail(std::string_view action) {
    const AuditEntry entry{.actor = "test", .action = std::string(action), .target = "it"};
    if (auto written = repository().append_audit(entry, now()); !written) {
      return std::unexpected(written.error());
    }
    return {};
  }
};

TEST_P(Atomically, keeps_all_of_it) {
  const auto row = new_task_row(type("ALPHA"));
  TaskId task_id = 0;
  must(repository().atomically([&]() -> Expected<void> {
    task_id = must(repository().insert(std::span{&row, 1}, now())).at(0).task_id;
    must(repository().cancel(std::span{&task_id, 1}, now()));
    return note_in_trail("task.cancel");
  }));
  EXPECT_EQ(status(task_id), TaskStatus::cancelled);
  EXPECT_EQ(trail_size(), 1U);
  EXPECT_EQ(
      must(another()->stats(now())).by_status.at(static_cast<std::size_t>(TaskStatus::cancelled)),
      1);
}

TEST_P(Atomically, keeps_nothing_where_the_work_is_refused_at_its_end) {
  const auto row = new_task_row(type("ALPHA"));
  const TaskId waiting = add(row);
  const TaskId over = ended(row.type_id, TaskStatus::failed);
  const auto before = everything_of(waiting) + everything_of(over);
  TaskId new_id = 0;
  const auto done = repository().atomically([&]() -> Expected<void> {
    new_id = must(repository().insert(std::span{&row, 1}, now())).at(0).task_id;
    must(repository().cancel(std::span{&waiting, 1}, now()));
    must(repository().retry(std::span{&over, 1}, now()));
    must(note_in_trail("all"));
    EXPECT_EQ(must(repository().task(waiting, now()))->status, TaskStatus::cancelled);
    return refusal();
  });
  EXPECT_EQ(error_of(done).code, ErrorCode::conflict);
  EXPECT_FALSE(must(repository().task(new_id, now())));
  EXPECT_EQ(everything_of(waiting) + everything_of(over), before);
  EXPECT_EQ(trail_size(), 0U);
  // What waits is still there to be claimed, and nothing else.
  pass(1s);
  EXPECT_EQ(ids_of(claim({row.type_id})), std::vector{waiting});
}

TEST_P(Atomically, a_call_that_fails_undoes_itself_alone) {
  auto row = new_task_row(type("ALPHA"));
  row.unique_key = "one";
  add(row);
  const auto plain = new_task_row(row.type_id);
  const std::vector rows{plain, row};
  TaskId kept = 0;
  must(repository().atomically([&]() -> Expected<void> {
    EXPECT_EQ(error_of(repository().insert(rows, now())).code, ErrorCode::conflict);
    kept = must(repository().insert(std::span{&plain, 1}, now())).at(0).task_id;
    return {};
  }));
  EXPECT_EQ(status(kept), TaskStatus::pending);
  EXPECT_EQ(must(repository().tasks({}, now())).size(), 2U);
}

TEST_P(Atomically, another_thread_of_the_same_object_waits_for_its_end) {
  const auto row = new_task_row(type("ALPHA"));
  std::size_t seen = 0;
  std::thread reader;
  must(repository().atomically([&]() -> Expected<void> {
    must(repository().insert(std::span{&row, 1}, now()));
    reader = std::thread([&] { seen = must(repository().tasks({}, now())).size(); });
    must(repository().insert(std::span{&row, 1}, now()));
    return {};
  }));
  reader.join();
  EXPECT_EQ(seen, 2U);
}

TEST_P(Atomically, may_follow_one_that_was_refused) {
  const auto row = new_task_row(type("ALPHA"));
  for (int turn = 0; turn < 3; ++turn) {
    EXPECT_FALSE(repository().atomically([&]() -> Expected<void> {
      must(repository().insert(std::span{&row, 1}, now()));
      return refusal();
    }));
    must(repository().atomically([&] { return note_in_trail("turn"); }));
  }
  EXPECT_EQ(trail_size(), 3U);
  EXPECT_TRUE(must(repository().tasks({}, now())).empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, Atomically, testing::ValuesIn(every_store()), store_name);

class AtomicallyShared : public Atomically {};

TEST_P(AtomicallyShared, is_seen_by_others_at_its_end_only) {
  const auto row = new_task_row(type("ALPHA"));
  const auto other = another();
  must(repository().atomically([&]() -> Expected<void> {
    must(repository().insert(std::span{&row, 1}, now()));
    EXPECT_TRUE(must(other->tasks({}, now())).empty());
    return {};
  }));
  EXPECT_EQ(must(other->tasks({}, now())).size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Stores, AtomicallyShared, testing::ValuesIn(shared_stores()), store_name);

class KeptAnswers : public Contract {
 protected:
  [[nodiscard]] std::optional<KeptAnswer> kept(std::string_view actor, std::string_view key) {
    return must(repository().kept_answer(actor, key, now()));
  }
};

TEST_P(KeptAnswers, come_back_for_a_day_to_the_same_caller) {
  const KeptAnswer answer{.hash = "a hash", .status = 201, .body = R"({"a":"é ☕"})"};
  EXPECT_FALSE(kept("key:1", "order-1"));
  must(repository().keep_answer("key:1", "order-1", answer, now()));
  pass(limits::idempotency_kept - 1s);
  const auto found = kept("key:1", "order-1");
  ASSERT_TRUE(found);
  EXPECT_EQ(found->hash, answer.hash);
  EXPECT_EQ(found->status, answer.status);
  EXPECT_EQ(found->body, answer.body);
  EXPECT_FALSE(kept("key:2", "order-1"));
  EXPECT_FALSE(kept("key:1", "order-2"));
  pass(2s);
  EXPECT_FALSE(kept("key:1", "order-1"));
}

TEST_P(KeptAnswers, are_not_overwritten_before_their_time) {
  const KeptAnswer first{.hash = "1", .status = 200, .body = "{}"};
  const KeptAnswer second{.hash = "2", .status = 200, .body = "[]"};
  must(repository().keep_answer("a", "k", first, now()));
  EXPECT_EQ(error_of(repository().keep_answer("a", "k", second, now())).code, ErrorCode::conflict);
  EXPECT_EQ(kept("a", "k")->hash, "1");
  pass(limits::idempotency_kept + 1s);
  must(repository().keep_answer("a", "k", second, now()));
  EXPECT_EQ(kept("a", "k")->hash, "2");
}

TEST_P(KeptAnswers, live_and_die_with_their_transaction) {
  const KeptAnswer answer{.hash = "1", .status = 200, .body = "{}"};
  EXPECT_FALSE(repository().atomically([&]() -> Expected<void> {
    must(repository().keep_answer("a", "k", answer, now()));
    return refusal();
  }));
  EXPECT_FALSE(kept("a", "k"));
}

TEST_P(KeptAnswers, are_cleared_away_after_their_time) {
  const KeptAnswer answer{.hash = "1", .status = 200, .body = "{}"};
  const Time begun = now();
  must(repository().keep_answer("a", "old", answer, now()));
  pass(limits::idempotency_kept);
  must(repository().keep_answer("a", "young", answer, now()));
  pass(1s);
  must(repository().maintain(now()));
  // Looked at as of then, so that its age does not hide it.
  EXPECT_FALSE(must(repository().kept_answer("a", "old", begun)));
  EXPECT_TRUE(must(repository().kept_answer("a", "young", begun)));
}

INSTANTIATE_TEST_SUITE_P(Stores, KeptAnswers, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
