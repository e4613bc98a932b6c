// migrate: a schema is made once, and one that does not fit is refused with words.
#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Migration : public Contract {};

TEST_P(Migration, again_does_nothing) {
  const SchemaStatus before = must(repository().schema_status());
  EXPECT_TRUE(before.usable());
  EXPECT_TRUE(before.pending.empty());
  EXPECT_GT(before.latest, 0);
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  std::vector<std::string> applied;
  must(repository().migrate([&](std::string_view name) { applied.emplace_back(name); }));
  EXPECT_TRUE(applied.empty());
  EXPECT_EQ(must(repository().schema_status()).current, before.current);
  EXPECT_EQ(status(task_id), TaskStatus::pending);
}

INSTANTIATE_TEST_SUITE_P(Stores, Migration, testing::ValuesIn(every_store()), store_name);

class SharedMigration : public Contract {};

TEST_P(SharedMigration, tells_what_it_applies) {
  const std::string url = store().empty_url();
  const auto empty = must(open_repository(url, Migrate::never));
  const SchemaStatus before = must(empty->schema_status());
  EXPECT_EQ(before.current, 0);
  EXPECT_EQ(static_cast<int>(before.pending.size()), before.latest);
  EXPECT_FALSE(before.usable());
  std::vector<std::string> applied;
  must(empty->migrate([&](std::string_view name) { applied.emplace_back(name); }));
  EXPECT_EQ(applied, before.pending);
  EXPECT_TRUE(must(empty->schema_status()).usable());
  EXPECT_TRUE(must(open_repository(url, Migrate::if_embedded))->types());
}

TEST_P(SharedMigration, of_many_at_once_leaves_one_schema) {
  const std::string url = store().empty_url();
  run_together(4, [&](int) {
    const auto mine = must(open_repository(url, Migrate::always));
    EXPECT_TRUE(must(mine->schema_status()).usable());
  });
  const auto migrated = must(open_repository(url, Migrate::never));
  EXPECT_TRUE(must(migrated->types()).empty());
}

TEST_P(SharedMigration, a_schema_too_old_is_migrated_or_refused_with_words) {
  const std::string url = store().empty_url();
  const auto opened = open_repository(url, Migrate::if_embedded);
  if (store().migrates_itself()) {
    EXPECT_TRUE(must(must(opened)->schema_status()).usable());
    return;
  }
  const Error error = error_of(opened);
  EXPECT_EQ(error.code, ErrorCode::unsupported);
  EXPECT_NE(error.message.find("esteira migrate up"), std::string::npos) << error.message;
  EXPECT_NE(error.message.find("version 0"), std::string::npos) << error.message;
}

TEST_P(SharedMigration, from_before_the_keys_keeps_the_tasks) {
  const TaskId task_id = add(new_task_row(type("ALPHA")));
  const std::string before = everything_of(task_id);
  must(repository().put_worker({.name = "w-1", .started_at = now(), .heartbeat_at = now()}));
  store().take_back_to(3);
  const auto migrated = must(open_repository(store().url(), Migrate::always));
  EXPECT_EQ(must(migrated->worker("w-1"))->command, WorkerCommand::run);
  EXPECT_TRUE(must(migrated->schema_status()).usable());
  EXPECT_EQ(everything_of(task_id), before);
  EXPECT_TRUE(must(migrated->keys()).empty());
  const AuditEntry entry{.actor = "cli:ana", .action = "type.pause", .target = "ALPHA"};
  EXPECT_EQ(must(migrated->append_audit(entry, now())).seq, 1);
}

TEST_P(SharedMigration, a_schema_too_new_is_refused_with_words) {
  const int latest = must(repository().schema_status()).latest;
  store().pretend_newer_schema();
  for (const Migrate migrate : {Migrate::if_embedded, Migrate::always}) {
    const Error error = error_of(open_repository(store().url(), migrate));
    EXPECT_EQ(error.code, ErrorCode::unsupported);
    EXPECT_NE(error.message.find("newer"), std::string::npos) << error.message;
    EXPECT_NE(error.message.find(std::to_string(latest + 1)), std::string::npos) << error.message;
  }
  const auto looked_at = must(open_repository(store().url(), Migrate::never));
  EXPECT_EQ(must(looked_at->schema_status()).current, latest + 1);
  EXPECT_EQ(error_of(looked_at->migrate([](std::string_view) {})).code, ErrorCode::unsupported);
}

TEST_P(SharedMigration, from_before_the_scopes_keeps_who_holds_a_unique_key) {
  NewTaskRow row = new_task_row(type("ALPHA"));
  row.unique_key = "key";
  const TaskId holder = add(row);
  store().take_back_to(12);
  const auto migrated = must(open_repository(store().url(), Migrate::always));
  EXPECT_TRUE(must(migrated->schema_status()).usable());
  row.terms.unique_scope = UniqueScope::waiting;
  EXPECT_EQ(error_of(migrated->insert(std::span{&row, 1}, now())).task_id, holder);
  const Claim claimed = claim_one(row.type_id);
  EXPECT_EQ(error_of(migrated->insert(std::span{&row, 1}, now())).task_id, holder);
  finish(completed(claimed, now()));
  EXPECT_TRUE(must(migrated->insert(std::span{&row, 1}, now())).at(0).created);
}

TEST_P(SharedMigration, of_the_version_before_keeps_what_waits_and_what_has_ended) {
  const TypeId alpha = type("ALPHA");
  const TaskId done = ended(alpha, TaskStatus::failed);
  const TaskId waiting = add(new_task_row(alpha));
  const std::string before = everything_of(done) + everything_of(waiting);
  store().take_back_to(6);
  const auto migrated = must(open_repository(store().url(), Migrate::always));
  EXPECT_TRUE(must(migrated->schema_status()).usable());
  EXPECT_EQ(everything_of(done) + everything_of(waiting), before);
  EXPECT_EQ(must(migrated->edit(waiting, {.priority = 1}, now())).status, ChangeStatus::applied);
  const std::string place = must(migrated->changes(std::nullopt, 10)).cursor;
  const TaskId fresh = add(new_task_row(alpha));
  EXPECT_EQ(must(migrated->changes(place, 10)).task_ids, std::vector{fresh});
}

INSTANTIATE_TEST_SUITE_P(Stores, SharedMigration, testing::ValuesIn(shared_stores()), store_name);

TEST(Address, one_that_names_no_engine_is_refused_and_its_secrets_are_not_repeated) {
  for (const std::string url : {"mysql://root:secret@host/db", "", "esteira.db", "secret"}) {
    const Error error = error_of(open_repository(url));
    EXPECT_EQ(error.code, ErrorCode::invalid_argument) << url;
    EXPECT_EQ(error.message.find("root:secret"), std::string::npos) << error.message;
  }
}

TEST(Address, a_store_that_is_not_there_is_unavailable) {
  const Error error =
      error_of(open_repository("postgresql://nobody:hidden@127.0.0.1:1/none?connect_timeout=2"));
  EXPECT_EQ(error.code, ErrorCode::unavailable) << error.message;
  EXPECT_EQ(error.message.find("hidden"), std::string::npos) << error.message;
}

TEST(Address, a_file_in_a_folder_that_is_not_there_is_refused_with_its_path) {
  const Error error = error_of(open_repository("sqlite:/nonexistent/folder/esteira.db"));
  EXPECT_NE(error.message.find("/nonexistent/folder"), std::string::npos) << error.message;
}

}  // namespace
}  // namespace esteira::test
