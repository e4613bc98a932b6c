// Schedules: their rows, their lock, and the nominal times that are done with.
#include <gtest/gtest.h>

#include "contract/contract.hpp"

namespace esteira::test {
namespace {

class Schedules : public Contract {
 protected:
  [[nodiscard]] Schedule plain(const std::string& name) {
    Schedule made{.name = name, .cron = "* * * * *"};
    made.type_id = type("ALPHA");
    made.created_at = now();
    made.anchor = now();
    made.handled_until = now();
    made.next_at = now() + 1min;
    made.look_at = made.next_at;
    return made;
  }
  Schedule put(const Schedule& schedule) {
    must(repository().put_schedule(schedule));
    return must(repository().schedule(schedule.name)).value();
  }
  // With everything set.
  [[nodiscard]] Schedule full(const std::string& name) {
    auto made = plain(name);
    made.cron = "*/5 9 * * MON#1";
    made.timezone = "America/Sao_Paulo";
    made.payload = R"({"a": "é ☕"})";
    made.priority = -7;
    made.max_retries = 11;
    made.tags = {"one", "São Paulo, \"quoted\""};
    made.missed = MissedPolicy::all;
    made.missed_window = 3h;
    made.missed_max = 17;
    made.overlap = OverlapPolicy::queue;
    made.paused = true;
    made.updated_at = now() + 1s;
    made.anchor = now() + 2s;
    made.handled_until = now() + 3s;
    made.last_nominal_at = now() + 4s;
    made.last_task_id = 5'000'000'000;
    made.queued_at = now() + 5s;
    made.next_at = now() + 6s;
    made.look_at = now() + 7s;
    return made;
  }
  std::vector<Time> noted(const std::string& name, std::vector<Time> times) {
    return must(repository().note_schedule_runs(name, times, now()));
  }
};

TEST_P(Schedules, come_back_as_they_were_put_by_name) {
  EXPECT_TRUE(must(repository().schedules()).empty());
  EXPECT_FALSE(must(repository().schedule("b")));
  auto second = full("b");
  must(repository().put_schedule(second));
  must(repository().put_schedule(plain("a")));
  must(repository().put_schedule(plain("B")));
  const auto all = must(repository().schedules());
  ASSERT_EQ(all.size(), 3U);
  EXPECT_EQ(all[0].name, "B");
  EXPECT_EQ(all[1].name, "a");
  second.type = "ALPHA";
  second.type_max_retries = all[2].type_max_retries;
  EXPECT_EQ(must(parse_json(all[2].payload)), must(parse_json(second.payload)));
  second.payload = all[2].payload;
  EXPECT_EQ(all[2], second);
  EXPECT_EQ(must(repository().schedule("b")), all[2]);
}

TEST_P(Schedules, are_replaced_but_for_their_beginning) {
  const auto first = put(plain("a"));
  pass(1h);
  auto changed = full("a");
  const auto stored = put(changed);
  EXPECT_EQ(stored.created_at, first.created_at);
  EXPECT_EQ(stored.cron, changed.cron);
  EXPECT_EQ(stored.look_at, changed.look_at);
  const auto back = put(plain("a"));
  EXPECT_FALSE(back.max_retries);
  EXPECT_FALSE(back.last_task_id);
  EXPECT_FALSE(back.queued_at);
  EXPECT_TRUE(back.tags.empty());
}

TEST_P(Schedules, know_what_their_type_says) {
  put(plain("a"));
  change_type("ALPHA", [](TaskType& changed) { changed.max_retries = 9; });
  EXPECT_EQ(must(repository().schedule("a"))->type_max_retries, 9);
  EXPECT_EQ(must(repository().schedule("a"))->type, "ALPHA");
}

TEST_P(Schedules, are_looked_at_in_the_order_of_their_time) {
  for (const int i : {3, 1, 2}) {
    auto made = plain("s" + std::to_string(i));
    made.look_at = now() + i * 1s;
    put(made);
  }
  auto paused = plain("paused");
  paused.look_at.reset();
  put(paused);
  EXPECT_EQ(must(repository().schedule_looks(2)),
            (std::vector<ScheduleLook>{{"s1", now() + 1s}, {"s2", now() + 2s}}));
  EXPECT_EQ(must(repository().schedule_looks(100)).size(), 3U);
}

TEST_P(Schedules, are_removed_and_leave_what_they_did) {
  put(plain("a"));
  EXPECT_EQ(noted("a", {now()}), std::vector{now()});
  EXPECT_TRUE(must(repository().remove_schedule("a")));
  EXPECT_FALSE(must(repository().remove_schedule("a")));
  EXPECT_FALSE(must(repository().schedule("a")));
  EXPECT_TRUE(must(repository().schedule_looks(9)).empty());
  EXPECT_EQ(must(repository().schedule_runs("a", 9)).size(), 1U);
}

TEST_P(Schedules, do_each_nominal_time_once_ever) {
  const auto t = now();
  EXPECT_EQ(noted("a", {t, t + 1s}), (std::vector{t, t + 1s}));
  EXPECT_EQ(noted("a", {t + 1s, t + 2s}), std::vector{t + 2s});
  EXPECT_EQ(noted("b", {t}), std::vector{t});
  EXPECT_TRUE(noted("a", {t}).empty());
  EXPECT_TRUE(noted("a", {}).empty());
  const std::vector<ScheduleRun> runs{{t + 1s, 42}, {t + 2s, 43}};
  must(repository().set_schedule_tasks("a", runs));
  EXPECT_EQ(must(repository().schedule_runs("a", 9)),
            (std::vector<ScheduleRun>{{t + 2s, 43}, {t + 1s, 42}, {t, std::nullopt}}));
  EXPECT_EQ(must(repository().schedule_runs("a", 1)).size(), 1U);
}

TEST_P(Schedules, forget_old_nominal_times_but_not_their_last) {
  noted("a", {now(), now() + 1s});
  noted("b", {now()});
  pass(limits::schedule_runs_kept - 1s);
  noted("a", {now()});
  must(repository().maintain(now()));
  EXPECT_EQ(must(repository().schedule_runs("a", 9)).size(), 3U);
  pass(2s);
  must(repository().maintain(now()));
  EXPECT_EQ(must(repository().schedule_runs("a", 9)).size(), 1U);
  EXPECT_EQ(must(repository().schedule_runs("b", 9)).size(), 1U);
}

TEST_P(Schedules, are_locked_inside_a_transaction) {
  put(plain("a"));
  must(repository().atomically([&]() -> Expected<void> {
    EXPECT_TRUE(must(repository().lock_schedule("a", WhenLocked::give_up)));
    EXPECT_TRUE(must(repository().lock_schedule("a", WhenLocked::wait)));
    EXPECT_FALSE(must(repository().lock_schedule("b", WhenLocked::wait)));
    return {};
  }));
}

INSTANTIATE_TEST_SUITE_P(Stores, Schedules, testing::ValuesIn(every_store()), store_name);

class SchedulesConcurrently : public Schedules {};

TEST_P(SchedulesConcurrently, are_passed_by_where_another_holds_them) {
  put(plain("a"));
  const auto other = another();
  must(repository().atomically([&]() -> Expected<void> {
    must(repository().lock_schedule("a", WhenLocked::wait));
    must(other->atomically([&]() -> Expected<void> {
      EXPECT_FALSE(must(other->lock_schedule("a", WhenLocked::give_up)));
      return {};
    }));
    return {};
  }));
}

INSTANTIATE_TEST_SUITE_P(Stores, SchedulesConcurrently, testing::ValuesIn(concurrent_stores()),
                         store_name);

}  // namespace
}  // namespace esteira::test
