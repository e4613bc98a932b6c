// The tasks that schedules make: in every store, by one process and by several.
#include <thread>

#include <gtest/gtest.h>

#include "contract/contract.hpp"
#include "service/schedule_service.hpp"
#include "support/manual_clock.hpp"
#include "worker/schedule_firing.hpp"

namespace esteira::test {
namespace {

class Firing : public Contract {
 protected:
  Firing() { alpha_ = type("ALPHA"); }

  void wait(Duration duration) {
    pass(duration);
    clock_->advance(duration);
  }
  // What `work` answers, in a transaction.
  template <class Work>
  auto done(const Work& work) {
    std::optional<decltype(work())> answer;
    must(shared_->atomically([&]() -> Expected<void> {
      answer = work();
      if (*answer) return {};
      return std::unexpected(answer->error());
    }));
    return must(*std::move(answer));
  }
  Schedule set(ScheduleChange change) {
    change.type = "ALPHA";
    if (!change.cron) change.cron = "* * * * *";
    return done([&] { return service_.set("test", change); }).schedule;
  }
  [[nodiscard]] Error refused(const ScheduleChange& change, const std::string& name = "test") {
    return error_of(shared_->atomically([&]() -> Expected<void> {
      auto set = service_.set(name, change);
      if (set) return {};
      return std::unexpected(set.error());
    }));
  }
  int fire() { return fire(repository()); }
  int fire(TaskRepository& with) {
    ScheduleFiring firing(with, *clock_);
    const auto progress = firing.step();
    EXPECT_FALSE(progress.error) << progress.error->message;
    return progress.created;
  }
  [[nodiscard]] Schedule found() { return must(repository().schedule("test")).value(); }
  [[nodiscard]] TaskId last() { return found().last_task_id.value(); }
  [[nodiscard]] std::size_t tasks() { return must(repository().tasks({}, now())).size(); }
  [[nodiscard]] std::vector<ScheduleRun> runs() {
    return must(repository().schedule_runs("test", 1000));
  }

  TypeId alpha_ = 0;
  std::shared_ptr<ManualClock> clock_ = std::make_shared<ManualClock>(now());
  std::shared_ptr<TaskRepository> shared_ = another();
  ScheduleService service_{shared_, nullptr, clock_};
};

TEST_P(Firing, makes_a_task_at_its_time_as_the_schedule_says) {
  set({.payload = Json(JsonObject{{"report", "daily"}}),
       .priority = 7,
       .max_retries = 2,
       .tags = std::vector<std::string>{"reports"}});
  EXPECT_EQ(found().next_at, now() + 1min);
  wait(59s);
  EXPECT_EQ(fire(), 0);
  wait(2s);
  EXPECT_EQ(fire(), 1);
  EXPECT_EQ(fire(), 0);
  const auto made = task(last());
  EXPECT_EQ(made.type, "ALPHA");
  EXPECT_EQ(made.priority, 7);
  EXPECT_EQ(made.max_retries, 2);
  EXPECT_EQ(made.tags, std::vector<std::string>{"reports"});
  EXPECT_EQ(to_text(made.payload), R"({"report":"daily"})");
  const auto nominal = now() - 1s;
  EXPECT_EQ(runs(), (std::vector<ScheduleRun>{{nominal, last()}}));
  EXPECT_EQ(found().last_nominal_at, nominal);
  EXPECT_EQ(found().next_at, nominal + 1min);
}

TEST_P(Firing, takes_the_retries_of_the_type_as_they_are_then) {
  set({});
  change_type("ALPHA", [](TaskType& changed) { changed.max_retries = 9; });
  wait(1min);
  EXPECT_EQ(fire(), 1);
  EXPECT_EQ(task(last()).max_retries, 9);
}

TEST_P(Firing, says_when_the_next_is_due) {
  ScheduleFiring firing(repository(), *clock_);
  EXPECT_FALSE(firing.step().next_look);
  set({});
  EXPECT_EQ(firing.step().next_look, now() + 1min);
}

TEST_P(Firing, makes_all_that_were_missed_each_once) {
  set({.missed = MissedPolicy::all});
  wait(10min + 30s);
  EXPECT_EQ(fire(), 10);
  EXPECT_EQ(fire(), 0);
  EXPECT_EQ(runs().size(), 10U);
  EXPECT_EQ(tasks(), 10U);
}

TEST_P(Firing, makes_many_large_ones_a_few_at_a_time) {
  set({.payload = Json(std::string(std::size_t{1000} * 1024, 'x')), .missed = MissedPolicy::all});
  wait(20min + 30s);
  EXPECT_EQ(fire(), 20);
  EXPECT_EQ(tasks(), 20U);
  for (const auto& run : runs()) EXPECT_TRUE(run.task_id);
}

TEST_P(Firing, makes_one_or_none_of_those_that_were_missed) {
  set({.missed = MissedPolicy::one});
  wait(10min + 30s);
  EXPECT_EQ(fire(), 1);
  EXPECT_EQ(runs().front().nominal_at, now() - 30s);
  set({.missed = MissedPolicy::skip});
  wait(10min);
  EXPECT_EQ(fire(), 0);
  EXPECT_EQ(runs().size(), 1U);
}

TEST_P(Firing, passes_over_a_time_while_the_last_task_has_not_ended) {
  set({.overlap = OverlapPolicy::skip});
  wait(1min);
  EXPECT_EQ(fire(), 1);
  wait(1min);
  EXPECT_EQ(fire(), 0);
  EXPECT_EQ(runs().front(), (ScheduleRun{now(), std::nullopt}));
  EXPECT_EQ(found().last_nominal_at, now());
  cancel(last());
  wait(1min);
  EXPECT_EQ(fire(), 1);
}

TEST_P(Firing, lets_one_wait_for_the_end_of_a_task_that_runs) {
  set({.overlap = OverlapPolicy::queue});
  wait(1min);
  EXPECT_EQ(fire(), 1);
  const auto first = last();
  const auto claim = claim_one(alpha_);
  wait(1min);
  const auto nominal = now();
  EXPECT_EQ(fire(), 0);
  EXPECT_EQ(found().queued_at, nominal);
  EXPECT_EQ(found().look_at, now() + 1s);
  wait(2s);
  EXPECT_EQ(fire(), 0);
  EXPECT_EQ(finish(completed(claim, now())), FinishStatus::applied);
  wait(2s);
  EXPECT_EQ(fire(), 1);
  EXPECT_NE(last(), first);
  EXPECT_FALSE(found().queued_at);
  EXPECT_EQ(runs().front(), (ScheduleRun{nominal, last()}));
}

TEST_P(Firing, cancels_the_old_task_for_the_new) {
  set({.overlap = OverlapPolicy::cancel});
  wait(1min);
  EXPECT_EQ(fire(), 1);
  const auto waiting = last();
  wait(1min);
  EXPECT_EQ(fire(), 1);
  EXPECT_EQ(status(waiting), TaskStatus::cancelled);
  const auto claim = claim_one(alpha_);
  wait(1min);
  EXPECT_EQ(fire(), 1);
  const auto requests = must(repository().cancel_requests());
  ASSERT_EQ(requests.size(), 1U);
  EXPECT_EQ(requests.front().task_id, claim.fence.task_id);
}

TEST_P(Firing, takes_a_last_task_that_was_deleted_for_ended) {
  set({.overlap = OverlapPolicy::skip});
  wait(1min);
  EXPECT_EQ(fire(), 1);
  remove(last());
  wait(1min);
  EXPECT_EQ(fire(), 1);
}

TEST_P(Firing, rests_while_the_schedule_is_paused_and_makes_nothing_up) {
  set({.missed = MissedPolicy::all});
  done([&] { return service_.pause("test"); });
  EXPECT_FALSE(found().next_at);
  wait(10min);
  EXPECT_EQ(fire(), 0);
  done([&] { return service_.resume("test"); });
  EXPECT_EQ(fire(), 0);
  wait(1min);
  EXPECT_EQ(fire(), 1);
}

TEST_P(Firing, goes_on_while_the_type_is_paused) {
  set({});
  change_type("ALPHA", [](TaskType& changed) { changed.paused = true; });
  wait(1min);
  EXPECT_EQ(fire(), 1);
}

TEST_P(Firing, follows_a_change_from_then_on) {
  set({.missed = MissedPolicy::all});
  wait(5min + 30s);
  // What was missed under the old rule is done with; another payload leaves it alone.
  set({.cron = "@every 20s", .missed = MissedPolicy::all});
  EXPECT_EQ(found().next_at, now() + 20s);
  wait(30s);
  set({.cron = "@every 20s", .payload = Json(JsonObject{{"a", 1}})});
  EXPECT_EQ(fire(), 1);
  EXPECT_EQ(runs().front().nominal_at, now() - 10s);
}

TEST_P(Firing, never_makes_a_nominal_time_of_a_deleted_schedule_again) {
  set({.missed = MissedPolicy::all});
  wait(1min);
  EXPECT_EQ(fire(), 1);
  done([&] { return service_.remove("test"); });
  set({.missed = MissedPolicy::all});
  EXPECT_EQ(fire(), 0);
  EXPECT_EQ(found().next_at, now() + 1min);
  // Nor where the clock that made it anew is behind.
  done([&] { return service_.remove("test"); });
  clock_->advance(-30s);
  set({.missed = MissedPolicy::all});
  EXPECT_GT(found().next_at, now());
  clock_->advance(30s);
  EXPECT_EQ(fire(), 0);
  EXPECT_EQ(runs().size(), 1U);
}

TEST_P(Firing, keeps_to_what_is_noted_whatever_the_row_says) {
  auto behind = set({.missed = MissedPolicy::all});
  wait(3min);
  EXPECT_EQ(fire(), 3);
  // As from a backup.
  must(repository().put_schedule(behind));
  EXPECT_EQ(fire(), 0);
  EXPECT_EQ(tasks(), 3U);
}

TEST_P(Firing, goes_on_past_a_schedule_that_it_cannot_follow) {
  auto broken = set({});
  broken.name = "a";
  broken.timezone = "Mars/Olympus";
  must(repository().put_schedule(broken));
  wait(1min);
  ScheduleFiring firing(repository(), *clock_);
  const auto progress = firing.step();
  EXPECT_EQ(progress.created, 1);
  ASSERT_TRUE(progress.error);
  EXPECT_NE(progress.error->message.find("schedule a"), std::string::npos);
  // It rests, so that a hundred like it would not hide the others.
  EXPECT_EQ(fire(), 0);
  EXPECT_EQ(must(repository().schedule("a"))->look_at, now() + 1min);
}

TEST_P(Firing, is_asked_for_by_hand_beside_the_nominal_times) {
  set({.overlap = OverlapPolicy::skip});
  const auto made = done([&] { return service_.run("test"); });
  EXPECT_EQ(made.status, TaskStatus::pending);
  EXPECT_EQ(last(), made.task_id);
  EXPECT_TRUE(runs().empty());
  wait(1min);
  EXPECT_EQ(fire(), 0);
}

TEST_P(Firing, is_previewed_with_offsets) {
  set({.cron = "0 9 * * *", .timezone = "America/New_York"});
  const auto instants = must(service_.preview("test", 8));
  ASSERT_EQ(instants.size(), 8U);
  // Clocks are set forward on 8 March 2026.
  EXPECT_EQ(instants[0].local, "2026-03-01T09:00:00-05:00");
  EXPECT_EQ(instants[7].local, "2026-03-08T09:00:00-04:00");
  EXPECT_EQ(instants[7].nominal_at, parse_time("2026-03-08T13:00:00Z"));
}

TEST_P(Firing, refuses_schedules_that_cannot_be) {
  const auto field = [&](const ScheduleChange& change) {
    const auto error = refused(change);
    EXPECT_EQ(error.code, ErrorCode::invalid_argument);
    return error.fields.empty() ? "" : error.fields.front().pointer;
  };
  EXPECT_EQ(field({.type = "ALPHA"}), "/cron");
  EXPECT_EQ(field({.cron = "@daily"}), "/type");
  EXPECT_EQ(refused({.cron = "@daily", .type = "NO_SUCH"}).code, ErrorCode::not_found);
  EXPECT_EQ(field({.cron = "0 0 31 2 *", .type = "ALPHA"}), "/cron");
  EXPECT_EQ(field({.cron = "@daily", .timezone = "Mars", .type = "ALPHA"}), "/timezone");
  EXPECT_EQ(field({.cron = "@daily", .type = "ALPHA", .priority = 99999}), "/priority");
  EXPECT_EQ(field({.cron = "@daily", .type = "ALPHA", .missed_window = 0s}),
            "/missed_window_seconds");
  EXPECT_EQ(field({.cron = "@daily", .type = "ALPHA", .missed_max = 0}), "/missed_max");
  change_type("ALPHA", [](TaskType& changed) {
    changed.payload_schema = R"({"type":"object","required":["report"]})";
  });
  wait(2s);  // the service reads types again
  EXPECT_EQ(field({.cron = "@daily", .type = "ALPHA"}).substr(0, 8), "/payload");
  EXPECT_EQ(refused({.cron = "@daily", .type = "ALPHA"}, "a b").code, ErrorCode::invalid_argument);
  EXPECT_TRUE(must(repository().schedules()).empty());
  EXPECT_EQ(error_of(service_.find("test")).code, ErrorCode::not_found);
  EXPECT_EQ(error_of(service_.preview("..", 1)).code, ErrorCode::not_found);
}

INSTANTIATE_TEST_SUITE_P(Stores, Firing, testing::ValuesIn(every_store()), store_name);

class FiringTogether : public Firing {};

// Every process thinks that it is the one: the row's lock and the key of the runs decide.
TEST_P(FiringTogether, makes_each_nominal_time_once) {
  constexpr int rounds = 20;
  constexpr int programs = 4;
  set({.cron = "*/2 * * * * *", .missed = MissedPolicy::all});
  std::vector<std::shared_ptr<TaskRepository>> views;
  for (int i = 0; i < programs; ++i) views.push_back(another());
  for (int round = 0; round < rounds; ++round) {
    wait(2s);
    std::vector<std::jthread> racing;
    for (auto& view : views) {
      racing.emplace_back([&] { fire(*view); });
    }
  }
  fire();
  EXPECT_EQ(tasks(), static_cast<std::size_t>(rounds));
  const auto noted = runs();
  ASSERT_EQ(noted.size(), static_cast<std::size_t>(rounds));
  for (const auto& run : noted) EXPECT_TRUE(run.task_id);
}

INSTANTIATE_TEST_SUITE_P(Stores, FiringTogether, testing::ValuesIn(shared_stores()), store_name);

}  // namespace
}  // namespace esteira::test
