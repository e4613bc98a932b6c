// prune with an archive: what goes is written first, whole, and where it can't be, nothing goes.
#include "repository/archive.hpp"

#include <algorithm>
#include <map>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

// Keeps what it is given, or fails as it is told.
class MemoryArchive final : public TaskArchive {
 public:
  enum class Trouble : std::uint8_t { none, begin, add, keep };

  Expected<std::unique_ptr<ArchiveFile>> begin() override {
    if (trouble == Trouble::begin) return full();
    return std::make_unique<File>(*this);
  }
  [[nodiscard]] std::vector<TaskId> ids() const {
    std::vector<TaskId> all;
    for (const auto& [task_id, _] : kept) all.push_back(task_id);
    return all;
  }

  Trouble trouble = Trouble::none;
  std::function<void()> on_keep;
  std::map<TaskId, TaskRecord> kept;

 private:
  static std::unexpected<Error> full() {
    return fail(ErrorCode::unavailable, "no space left on device");
  }
  class File final : public ArchiveFile {
   public:
    explicit File(MemoryArchive& archive) : archive_(archive) {}
    Expected<void> add(std::span<const TaskRecord> records) override {
      if (archive_.trouble == Trouble::add) return full();
      for (const auto& record : records) records_.emplace(record.task.task_id, record);
      return {};
    }
    Expected<void> keep() override {
      if (archive_.on_keep) archive_.on_keep();
      if (archive_.trouble == Trouble::keep) return full();
      archive_.kept.merge(records_);
      return {};
    }

   private:
    MemoryArchive& archive_;
    std::map<TaskId, TaskRecord> records_;
  };
};

class Archived : public Contract {
 protected:
  Expected<std::int64_t> prune_all() {
    return repository().prune(
        {.completed_older = 0s, .failed_older = 0s, .limit = 1000, .archive = &archive_}, now());
  }
  bool exists(TaskId task_id) { return must(repository().task(task_id, now())).has_value(); }
  MemoryArchive archive_;
};

// A task that failed, wrote a line, drew a number, was retried by a person, edited and completed.
TEST_P(Archived, a_task_is_kept_with_all_that_belongs_to_it) {
  NewTaskRow row = new_task_row(type("ALPHA"));
  row.tags = {"blue", "round"};
  const TaskId task_id = add(row);
  const Claim first = claim_one(row.type_id);
  note(LogNote{.fence = first.fence, .line = 1, .at = now(), .text = "hello"});
  EXPECT_EQ(note(NumberNote{.fence = first.fence, .counter = "boleto"}).number, 1);
  finish(failed_for_good(first, now()));
  pass(1s);
  EXPECT_EQ(retry(task_id), ChangeStatus::applied);
  pass(1s);
  EXPECT_EQ(edit(task_id, {.priority = 7}), ChangeStatus::applied);
  pass(1s);
  finish(completed(claim_one(row.type_id), now()));
  const Task before = task(task_id);
  const auto attempts = executions(task_id);
  EXPECT_EQ(must(prune_all()), 1);
  EXPECT_FALSE(exists(task_id));
  ASSERT_EQ(archive_.ids(), std::vector{task_id});
  const TaskRecord& record = archive_.kept.at(task_id);
  EXPECT_EQ(record.task.priority, 7);
  EXPECT_EQ(record.task.tags, before.tags);
  EXPECT_EQ(record.task.payload, before.payload);
  EXPECT_EQ(record.task.result, before.result);
  EXPECT_EQ(record.task.completed_at, before.completed_at);
  ASSERT_EQ(record.executions.size(), attempts.size());
  EXPECT_EQ(record.executions.front().execution_id, attempts.front().execution_id);
  EXPECT_EQ(record.executions.back().status, ExecutionStatus::completed);
  ASSERT_EQ(record.log.size(), 1U);
  EXPECT_EQ(record.log.front().text, "hello");
  ASSERT_EQ(record.numbers.size(), 1U);
  EXPECT_EQ(record.numbers.front().counter, "boleto");
  ASSERT_TRUE(record.edited && record.reopened);
  EXPECT_EQ(record.edited->at, now() - 1s);
  EXPECT_EQ(record.reopened->after_attempt, 1);
}

TEST_P(Archived, what_is_kept_is_what_goes) {
  const TypeId alpha = type("ALPHA");
  std::vector<TaskId> done;
  for (int i = 0; i < 120; ++i) done.push_back(ended(alpha, TaskStatus::completed));
  const TaskId waiting = add(new_task_row(alpha));
  EXPECT_EQ(must(prune_all()), std::ssize(done));
  EXPECT_EQ(archive_.ids(), done);
  EXPECT_EQ(ids_of(must(repository().tasks({.limit = 1000}, now()))), std::vector{waiting});
  EXPECT_EQ(must(prune_all()), 0);
}

TEST_P(Archived, nothing_goes_where_nothing_can_be_written) {
  const TypeId alpha = type("ALPHA");
  const TaskId done = ended(alpha, TaskStatus::completed);
  const std::string before = everything_of(done);
  using enum MemoryArchive::Trouble;
  for (const auto trouble : {begin, add, keep}) {
    archive_.trouble = trouble;
    EXPECT_EQ(error_of(prune_all()).code, ErrorCode::unavailable);
    EXPECT_EQ(everything_of(done), before);
    EXPECT_TRUE(archive_.kept.empty());
  }
  archive_.trouble = none;
  EXPECT_EQ(must(prune_all()), 1);
  EXPECT_EQ(archive_.ids(), std::vector{done});
}

TEST_P(Archived, a_file_is_not_begun_for_nothing) {
  archive_.trouble = MemoryArchive::Trouble::begin;
  add(new_task_row(type("ALPHA")));
  EXPECT_EQ(must(prune_all()), 0);
}

INSTANTIATE_TEST_SUITE_P(Stores, Archived, testing::ValuesIn(every_store()), store_name);

class ArchivedBeside : public Archived {};

TEST_P(ArchivedBeside, a_task_that_a_person_retries_meanwhile_is_not_lost) {
  const TypeId alpha = type("ALPHA");
  const TaskId done = ended(alpha, TaskStatus::failed);
  const auto other = another();
  ChangeStatus answer = ChangeStatus::wrong_status;
  std::jthread person;
  archive_.on_keep = [&] {
    person = std::jthread{[&] { answer = must(other->retry(std::array{done}, now())).at(0); }};
  };
  EXPECT_EQ(must(prune_all()), 1);
  person.join();
  // It waits for the file and finds that the task is gone: nobody was told that it runs again.
  EXPECT_EQ(answer, ChangeStatus::not_found);
  EXPECT_EQ(archive_.ids(), std::vector{done});
}

INSTANTIATE_TEST_SUITE_P(Stores, ArchivedBeside, testing::ValuesIn(concurrent_stores()),
                         store_name);

}  // namespace
}  // namespace esteira::test
