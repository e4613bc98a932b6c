// Schedules: which nominal times are due, and what becomes of them.
#include "domain/schedule.hpp"

#include <chrono>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "domain/limits.hpp"
#include "support/expectations.hpp"

namespace esteira::test {
namespace {

using namespace std::chrono_literals;

const Time midnight = parse_time("2026-03-01T00:00:00Z");

Schedule schedule(std::string cron, MissedPolicy missed = MissedPolicy::one) {
  Schedule made{.name = "test", .cron = std::move(cron), .missed = missed};
  made.created_at = midnight;
  made.anchor = midnight;
  made.handled_until = midnight;
  return made;
}

// In seconds after midnight.
std::vector<std::int64_t> due(const Schedule& schedule, Duration after) {
  std::vector<std::int64_t> times;
  for (const auto at : due_times(schedule, must(rule_of(schedule)), midnight + after)) {
    times.push_back((at - midnight) / 1s);
  }
  return times;
}

using Times = std::vector<std::int64_t>;

TEST(DueTimes, begin_after_what_is_done_with) {
  EXPECT_EQ(due(schedule("* * * * *"), 59s), Times{});
  EXPECT_EQ(due(schedule("* * * * *"), 60s), Times{60});
  auto handled = schedule("* * * * *");
  handled.handled_until = midnight + 60s;
  EXPECT_EQ(due(handled, 65s), Times{});
}

TEST(DueTimes, are_all_of_them_while_they_are_on_time) {
  for (const auto policy : {MissedPolicy::skip, MissedPolicy::one, MissedPolicy::all}) {
    EXPECT_EQ(due(schedule("*/3 * * * * *", policy), 10s), (Times{3, 6, 9}));
  }
}

TEST(DueTimes, are_none_of_the_missed_under_skip) {
  EXPECT_EQ(due(schedule("* * * * *", MissedPolicy::skip), 5min + 30s), Times{});
  EXPECT_EQ(due(schedule("* * * * *", MissedPolicy::skip), 5min + 5s), Times{300});
}

TEST(DueTimes, are_the_last_of_the_missed_under_one) {
  EXPECT_EQ(due(schedule("* * * * *"), 5min + 30s), Times{300});
  EXPECT_EQ(due(schedule("* * * * *"), 5min + 5s), (Times{240, 300}));
}

TEST(DueTimes, are_all_of_the_missed_under_all) {
  EXPECT_EQ(due(schedule("* * * * *", MissedPolicy::all), 5min + 30s),
            (Times{60, 120, 180, 240, 300}));
}

TEST(DueTimes, stay_within_the_window) {
  auto all = schedule("* * * * *", MissedPolicy::all);
  all.missed_window = 2min;
  EXPECT_EQ(due(all, 5min + 30s), (Times{240, 300}));
  all.missed = MissedPolicy::one;
  all.missed_window = 20s;
  EXPECT_EQ(due(all, 5min + 30s), Times{});
}

TEST(DueTimes, are_the_last_ones_where_there_are_too_many) {
  auto all = schedule("* * * * *", MissedPolicy::all);
  all.missed_max = 3;
  EXPECT_EQ(due(all, 5h + 30s), (Times{5 * 3600 - 120, 5 * 3600 - 60, 5 * 3600}));
}

// As many looks as a year of seconds would take is what it must not do.
TEST(DueTimes, are_found_however_long_ago_the_last_was) {
  auto all = schedule("* * * * * *", MissedPolicy::all);
  all.handled_until = midnight - 24h * 365 * 50;
  all.missed_window = limits::missed_window_max;
  all.missed_max = limits::missed_max_max;
  const auto times = due(all, 0s);
  ASSERT_EQ(std::ssize(times), limits::missed_max_max + limits::schedule_on_time / 1s);
  for (std::size_t i = 1; i < times.size(); ++i) EXPECT_EQ(times[i], times[i - 1] + 1);
  EXPECT_EQ(times.back(), 0);
  // Crowded into the window's first day.
  all.cron = "* * * 2 3 *";
  all.handled_until = midnight;
  const auto crowded = due(all, 24h * 300);
  ASSERT_EQ(std::ssize(crowded), limits::missed_max_max);
  EXPECT_EQ(crowded.back(), 2 * 86400 - 1);
}

// What becomes of nominal times of the first minutes.
ScheduleStep decide(OverlapPolicy policy, LastTask last, int count,
                    std::optional<Time> queued = std::nullopt) {
  auto asked = schedule("* * * * *");
  asked.overlap = policy;
  asked.queued_at = queued;
  std::vector<Time> times;
  for (int i = 1; i <= count; ++i) times.push_back(midnight + i * 1min);
  return decide_overlap(asked, times, last);
}
std::vector<Time> minutes(std::vector<int> list) {
  std::vector<Time> times;
  for (const int minute : list) times.push_back(midnight + minute * 1min);
  return times;
}

TEST(Overlap, is_nothing_where_the_last_task_has_ended) {
  for (const auto policy :
       {OverlapPolicy::allow, OverlapPolicy::skip, OverlapPolicy::queue, OverlapPolicy::cancel}) {
    const auto step = decide(policy, LastTask::ended, 1);
    EXPECT_EQ(step.create, minutes({1}));
    EXPECT_TRUE(step.pass_over.empty());
    EXPECT_FALSE(step.cancel_last);
    EXPECT_FALSE(step.queued_at);
  }
}

TEST(Overlap, is_allowed) {
  for (const auto last : {LastTask::waiting, LastTask::running}) {
    EXPECT_EQ(decide(OverlapPolicy::allow, last, 3).create, minutes({1, 2, 3}));
  }
}

TEST(Overlap, is_skipped) {
  for (const auto last : {LastTask::waiting, LastTask::running}) {
    const auto step = decide(OverlapPolicy::skip, last, 2);
    EXPECT_TRUE(step.create.empty());
    EXPECT_EQ(step.pass_over, minutes({1, 2}));
  }
  // Of several at once the first is the last task of the second.
  EXPECT_EQ(decide(OverlapPolicy::skip, LastTask::ended, 3).create, minutes({1}));
  EXPECT_EQ(decide(OverlapPolicy::skip, LastTask::ended, 3).pass_over, minutes({2, 3}));
}

TEST(Overlap, queues_one_behind_a_task_that_runs) {
  auto step = decide(OverlapPolicy::queue, LastTask::running, 3);
  EXPECT_TRUE(step.create.empty());
  EXPECT_EQ(step.queued_at, midnight + 1min);
  EXPECT_EQ(step.pass_over, minutes({2, 3}));
  // One that waits already is enough.
  step = decide(OverlapPolicy::queue, LastTask::waiting, 1);
  EXPECT_FALSE(step.queued_at);
  EXPECT_EQ(step.pass_over, minutes({1}));
  step = decide(OverlapPolicy::queue, LastTask::running, 1, midnight);
  EXPECT_EQ(step.queued_at, midnight);
  EXPECT_EQ(step.pass_over, minutes({1}));
}

TEST(Overlap, makes_what_was_queued_when_the_last_task_has_ended) {
  const auto step = decide(OverlapPolicy::queue, LastTask::ended, 1, midnight);
  EXPECT_EQ(step.create, minutes({0}));
  EXPECT_EQ(step.pass_over, minutes({1}));
  EXPECT_FALSE(step.queued_at);
  EXPECT_EQ(decide(OverlapPolicy::queue, LastTask::running, 0, midnight).queued_at, midnight);
}

TEST(Overlap, cancels_the_old_and_makes_the_newest) {
  for (const auto last : {LastTask::waiting, LastTask::running}) {
    const auto step = decide(OverlapPolicy::cancel, last, 3);
    EXPECT_TRUE(step.cancel_last);
    EXPECT_EQ(step.create, minutes({3}));
    EXPECT_EQ(step.pass_over, minutes({1, 2}));
  }
  EXPECT_FALSE(decide(OverlapPolicy::cancel, LastTask::running, 0).cancel_last);
}

TEST(Schedules, move_on_to_the_next_time) {
  auto asked = schedule("* * * * *");
  const auto rule = must(rule_of(asked));
  const auto moved = moved_on(asked, rule, midnight + 90s);
  EXPECT_EQ(moved.handled_until, midnight + 90s);
  EXPECT_EQ(moved.next_at, midnight + 120s);
  EXPECT_EQ(moved.look_at, midnight + 120s);
  // Never back: a clock that was ahead has done with what is to come.
  asked.handled_until = midnight + 1h;
  EXPECT_EQ(moved_on(asked, rule, midnight).handled_until, midnight + 1h);
  EXPECT_EQ(moved_on(asked, rule, midnight).next_at, midnight + 1h + 1min);
}

TEST(Schedules, look_sooner_while_one_is_queued_and_never_while_paused) {
  auto asked = schedule("* * * * *");
  const auto rule = must(rule_of(asked));
  asked.queued_at = midnight;
  EXPECT_EQ(moved_on(asked, rule, midnight + 90s).look_at, midnight + 91s);
  asked.paused = true;
  EXPECT_FALSE(moved_on(asked, rule, midnight).look_at);
  EXPECT_FALSE(moved_on(asked, rule, midnight).next_at);
}

TEST(Schedules, lag_behind_by_the_age_of_their_next_time) {
  auto asked = schedule("* * * * *");
  EXPECT_EQ(lag_of(asked, midnight), 0s);
  asked.next_at = midnight;
  EXPECT_EQ(lag_of(asked, midnight + 5s), 5s);
  EXPECT_EQ(lag_of(asked, midnight - 5s), 0s);
}

TEST(Schedules, name_what_is_wrong_with_their_rule) {
  auto asked = schedule("nonsense");
  asked.timezone = "Mars/Olympus";
  const auto error = error_of(rule_of(asked));
  ASSERT_EQ(error.fields.size(), 2U);
  EXPECT_EQ(error.fields[0].pointer, "/cron");
  EXPECT_EQ(error.fields[1].pointer, "/timezone");
}

TEST(Schedules, have_plain_names) {
  for (const auto* name : {"a", "morning-report", "A.b_c-9", "-"}) {
    EXPECT_TRUE(check_schedule_name(name)) << name;
  }
  for (const auto* name : {"", ".", "..", ".a", "a b", "a/b", "ç", "a\n"}) {
    EXPECT_FALSE(check_schedule_name(name)) << name;
  }
  EXPECT_TRUE(check_schedule_name(std::string(limits::schedule_name_bytes_max, 'a')));
  EXPECT_FALSE(check_schedule_name(std::string(limits::schedule_name_bytes_max + 1, 'a')));
}

}  // namespace
}  // namespace esteira::test
