// Types and workers: small tables that come back as they were put.
#include <algorithm>

#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Types : public Contract {
 protected:
  std::int64_t version() { return must(repository().types_version()); }
};

TaskType full_type() {
  TaskType type = task_type("MESSAGE_SEND");
  type.description = "Sends a message. São Paulo, ☕, 'quoted'";
  type.paused = true;
  type.max_retries = 17;
  type.timeout = 90s + 5us;
  type.back_off = {.base = 250ms, .factor = 1.75, .cap = 2h, .jitter = true};
  type.payload_schema = R"({"type":"object"})";
  type.retention = {.completed = 3h, .failed = 4h, .cancelled = 5h};
  type.concurrency = 8;
  type.rate = "100/s";
  type.flow = {.key = "/customer/id",
               .key_concurrency = 2,
               .key_rate = "10/m",
               .ordered = true,
               .weights = {{"São Paulo", 3}, {"", 2}},
               .max_waiting = 100'000,
               .encrypted = true,
               .breaker = CircuitBreaker{
                   .failure_rate = 0.25, .attempts = 7, .window = 90s, .open = 5s, .probes = 3}};
  return type;
}

void expect_same_policy(const TaskType& one, const TaskType& other) {
  EXPECT_EQ(one.name, other.name);
  EXPECT_EQ(one.description, other.description);
  EXPECT_EQ(one.paused, other.paused);
  EXPECT_EQ(one.max_retries, other.max_retries);
  EXPECT_EQ(one.timeout, other.timeout);
  EXPECT_EQ(one.back_off, other.back_off);
  EXPECT_EQ(one.payload_schema, other.payload_schema);
  EXPECT_EQ(one.retention, other.retention);
  EXPECT_EQ(one.concurrency, other.concurrency);
  EXPECT_EQ(one.rate, other.rate);
  EXPECT_EQ(one.flow, other.flow);
}

TEST_P(Types, a_type_comes_back_as_it_was_put) {
  const TaskType stored = must(repository().put_type(full_type(), now()));
  expect_same_policy(stored, full_type());
  EXPECT_GT(stored.type_id, 0);
  EXPECT_EQ(stored.created_at, now());
  const std::vector<TaskType> listed = must(repository().types());
  ASSERT_EQ(listed.size(), 1U);
  expect_same_policy(listed[0], full_type());
  EXPECT_EQ(listed[0].type_id, stored.type_id);
  EXPECT_EQ(listed[0].created_at, now());
}

TEST_P(Types, putting_a_type_again_replaces_its_policy_and_keeps_its_identity) {
  const TaskType first = must(repository().put_type(full_type(), now()));
  pass(1h);
  const TaskType plain = task_type("MESSAGE_SEND");
  const TaskType second = must(repository().put_type(plain, now()));
  expect_same_policy(second, plain);
  EXPECT_EQ(second.type_id, first.type_id);
  EXPECT_EQ(second.created_at, first.created_at);
  EXPECT_EQ(second.updated_at, now());
  EXPECT_EQ(must(repository().types()).size(), 1U);
}

TEST_P(Types, the_version_rises_with_every_change) {
  const std::int64_t first = version();
  type("ALPHA");
  const std::int64_t second = version();
  EXPECT_GT(second, first);
  change_type("ALPHA", [](TaskType& changed) { changed.paused = true; });
  EXPECT_GT(version(), second);
  EXPECT_EQ(version(), version());
}

TEST_P(Types, threads_that_put_one_type_agree) {
  std::vector<TypeId> ids(4);
  run_together(4, [&](int index) {
    const auto mine = another();
    ids[static_cast<std::size_t>(index)] = must(mine->put_type(task_type("ALPHA"), now())).type_id;
  });
  EXPECT_EQ(std::ranges::count(ids, ids[0]), 4);
  EXPECT_EQ(must(repository().types()).size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Stores, Types, testing::ValuesIn(every_store()), store_name);

class Workers : public Contract {};

TEST_P(Workers, are_registered_refreshed_and_removed) {
  WorkerRecord record{.name = "host-1",
                      .host = "host",
                      .pid = 4711,
                      .version = "1.2.3",
                      .types = {"ALPHA", "BETA"},
                      .slots = 10,
                      .started_at = now(),
                      .heartbeat_at = now()};
  must(repository().put_worker(record));
  record.heartbeat_at = now() + 10s;
  record.slots = 12;
  must(repository().put_worker(record));
  must(repository().put_worker({.name = "host-2", .started_at = now(), .heartbeat_at = now()}));
  std::vector<WorkerRecord> listed = must(repository().workers());
  std::ranges::sort(listed, {}, &WorkerRecord::name);
  ASSERT_EQ(listed.size(), 2U);
  EXPECT_EQ(listed[0].host, "host");
  EXPECT_EQ(listed[0].pid, 4711);
  EXPECT_EQ(listed[0].version, "1.2.3");
  EXPECT_EQ(listed[0].types, record.types);
  EXPECT_EQ(listed[0].slots, 12);
  EXPECT_EQ(listed[0].started_at, now());
  EXPECT_EQ(listed[0].heartbeat_at, now() + 10s);
  EXPECT_TRUE(listed[1].types.empty());
  must(repository().remove_worker("host-1"));
  must(repository().remove_worker("host-1"));
  listed = must(repository().workers());
  ASSERT_EQ(listed.size(), 1U);
  EXPECT_EQ(listed[0].name, "host-2");
}

INSTANTIATE_TEST_SUITE_P(Stores, Workers, testing::ValuesIn(every_store()), store_name);

class Basics : public Contract {};

TEST_P(Basics, a_store_answers_and_tells_the_time) {
  must(repository().ping());
  const Time first = must(repository().server_time());
  const Time second = must(repository().server_time());
  EXPECT_LE(first, second);
  EXPECT_GT(first, parse_time("2024-01-01T00:00:00Z"));
  EXPECT_FALSE(repository().engine().empty());
  EXPECT_FALSE(repository().address().empty());
}

TEST_P(Basics, hints_and_listening_do_no_harm) {
  const auto woken = std::make_shared<std::atomic<int>>(0);
  const auto listener = another();
  listener->listen([woken] { ++*woken; });
  const TypeId alpha = type("ALPHA");
  const TaskId task_id = add(new_task_row(alpha));
  for (int count = 0; count < 10; ++count) repository().hint();
  EXPECT_EQ(ids_of(claim({alpha})), std::vector{task_id});
  EXPECT_EQ(status(task_id), TaskStatus::processing);
}

INSTANTIATE_TEST_SUITE_P(Stores, Basics, testing::ValuesIn(every_store()), store_name);

}  // namespace
}  // namespace esteira::test
