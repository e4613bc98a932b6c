// insert_within: a task lives and dies with its caller's transaction.
#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class ForeignConnection : public Contract {};

TEST_P(ForeignConnection, is_refused) {
  const NewTaskRow row = new_task_row(type("ALPHA"));
  const auto answer =
      repository().insert_within(store().foreign_connection(), std::span{&row, 1}, now());
  EXPECT_EQ(error_of(answer).code, ErrorCode::unsupported);
  EXPECT_TRUE(must(repository().tasks({}, now())).empty());
}

INSTANTIATE_TEST_SUITE_P(Stores, ForeignConnection, testing::ValuesIn(every_store()), store_name);

class InsertWithin : public Contract {
 protected:
  Expected<std::vector<InsertedTask>> insert(OtherTransaction& transaction, const NewTaskRow& row) {
    return repository().insert_within(transaction.connection(), std::span{&row, 1}, now());
  }
};

TEST_P(InsertWithin, a_committed_task_exists_and_runs) {
  NewTaskRow row = new_task_row(type("ALPHA"), R"({"a":"é"})");
  row.tags = {"tag"};
  row.unique_key = "key";
  const auto transaction = store().begin();
  const TaskId task_id = must(insert(*transaction, row)).at(0).task_id;
  transaction->commit();
  EXPECT_EQ(task(task_id).payload, Json({{"a", "é"}}));
  EXPECT_EQ(task(task_id).tags, row.tags);
  pass(2s);
  EXPECT_EQ(ids_of(claim({row.type_id})), std::vector{task_id});
}

TEST_P(InsertWithin, a_rolled_back_task_never_was) {
  NewTaskRow row = new_task_row(type("ALPHA"));
  row.unique_key = "key";
  row.idempotency_key = "idempotency";
  row.tags = {"tag"};
  const auto transaction = store().begin();
  const TaskId task_id = must(insert(*transaction, row)).at(0).task_id;
  transaction->roll_back();
  EXPECT_FALSE(must(repository().task(task_id, now())));
  EXPECT_TRUE(must(repository().tasks({}, now())).empty());
  pass(2s);
  EXPECT_TRUE(claim({row.type_id}).empty());
  EXPECT_TRUE(must(repository().insert(std::span{&row, 1}, now())).at(0).created);
}

TEST_P(InsertWithin, leaves_the_transaction_to_its_caller) {
  const NewTaskRow row = new_task_row(type("ALPHA"));
  const auto transaction = store().begin();
  const TaskId first = must(insert(*transaction, row)).at(0).task_id;
  const TaskId second = must(insert(*transaction, row)).at(0).task_id;
  EXPECT_GT(second, first);
  transaction->roll_back();
  EXPECT_TRUE(must(repository().tasks({}, now())).empty());
}

TEST_P(InsertWithin, a_unique_conflict_names_the_holder) {
  NewTaskRow row = new_task_row(type("ALPHA"));
  row.unique_key = "key";
  const TaskId holder = add(row);
  const auto transaction = store().begin();
  const auto answer = insert(*transaction, row);
  EXPECT_EQ(error_of(answer).code, ErrorCode::conflict);
  EXPECT_EQ(error_of(answer).task_id, holder);
  transaction->roll_back();
  EXPECT_EQ(must(repository().tasks({}, now())).size(), 1U);
}

TEST_P(InsertWithin, many_rows_keep_their_order) {
  constexpr std::int64_t rows = 500;
  const TypeId alpha = type("ALPHA");
  std::vector<NewTaskRow> batch;
  for (std::int64_t index = 0; index < rows; ++index) {
    batch.push_back(new_task_row(alpha, std::to_string(index)));
  }
  const auto transaction = store().begin();
  const auto inserted = must(repository().insert_within(transaction->connection(), batch, now()));
  transaction->commit();
  ASSERT_EQ(std::ssize(inserted), rows);
  EXPECT_EQ(task(inserted.front().task_id).payload, Json(0));
  EXPECT_EQ(task(inserted.back().task_id).payload, Json(rows - 1));
}

INSTANTIATE_TEST_SUITE_P(Stores, InsertWithin, testing::ValuesIn(shared_stores()), store_name);

}  // namespace
}  // namespace esteira::test
