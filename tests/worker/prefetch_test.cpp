// How far ahead of its slots a worker claims: about a second's work, as it was measured, so that
// what one worker can't begin soon is left to others.
#include <deque>

#include "domain/outcome.hpp"
#include "simulation/world/delegate.hpp"
#include "support/builders.hpp"
#include "support/expectations.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"
#include "worker/loop.hpp"
#include "worker_fixture.hpp"

namespace esteira::test {
namespace {

constexpr int slots = 4;

// Runs nothing: a test says when an attempt has ended.
class FakeRunner final : public Runner {
 public:
  explicit FakeRunner(const Clock& clock) : clock_(clock) {}

  void start(std::vector<AttemptPtr> attempts) override {
    queued_.insert(queued_.end(), attempts.begin(), attempts.end());
    begin();
  }
  std::vector<DoneAttempt> take_done() override { return std::exchange(done_, {}); }
  std::vector<PendingNote> take_notes() override { return {}; }
  std::vector<AttemptPtr> withdraw() override {
    const auto queued = std::exchange(queued_, {});
    return {queued.begin(), queued.end()};
  }
  [[nodiscard]] RunnerLoad load() const override {
    const auto running = static_cast<int>(running_.size());
    return {.slots = slots,
            .busy = running,
            .queued = static_cast<int>(queued_.size()),
            .running = running,
            .done = static_cast<int>(done_.size())};
  }

  void end(int count) {
    for (; count > 0 && !running_.empty(); --count) {
      done_.push_back({running_.front(), outcome::Completed{}});
      running_.pop_front();
      begin();
    }
  }

 private:
  void begin() {
    while (running_.size() < slots && !queued_.empty()) {
      queued_.front()->started_steady_us = clock_.steady().count();
      queued_.front()->started_at_us = clock_.now().time_since_epoch().count();
      running_.push_back(std::move(queued_.front()));
      queued_.pop_front();
    }
  }

  const Clock& clock_;
  std::deque<AttemptPtr> queued_;
  std::deque<AttemptPtr> running_;
  std::vector<DoneAttempt> done_;
};

// Keeps by how many tasks each claim goes beyond the free slots.
class WatchedRepository final : public sim::Delegate {
 public:
  WatchedRepository(TaskRepository& inner, const Runner& runner)
      : sim::Delegate(inner), inner_(inner), runner_(runner) {}

  [[nodiscard]] Expected<TickAnswer> tick(const TickRequest& request, Time now) override {
    const auto load = runner_.load();
    if (request.claim) ahead.push_back(request.claim->limit - (load.slots - load.busy));
    return inner_.tick(request, now);
  }

  std::vector<int> ahead;

 private:
  TaskRepository& inner_;
  const Runner& runner_;
};

class Prefetch : public testing::Test {
 protected:
  void SetUp() override {
    auto policy = std::make_shared<TypePolicy>();
    policy->type = must(store_->put_type(task_type("ALPHA"), clock_.now()));
    policy->processor = &processor_;
    const std::vector<NewTaskRow> rows(10'000, new_task_row(policy->type.type_id));
    must(store_->insert(rows, clock_.now()));
    loop_.set_types({policy});
    loop_.step();
  }

  // `count` tasks end, `after` the turn before.
  void turn(Duration after, int count) {
    clock_.advance(after);
    runner_.end(count);
    loop_.step();
    clock_.advance(options_.gather);
    loop_.step();
  }

  ManualClock clock_{parse_time("2026-03-01T12:00:00Z")};
  SeededRandom random_{7};
  LambdaProcessor processor_{"ALPHA", [](const Task&, ExecutionContext&) { return TaskResult{}; }};
  std::shared_ptr<TaskRepository> store_ = must(open_repository("sqlite::memory:"));
  FakeRunner runner_{clock_};
  WatchedRepository repository_{*store_, runner_};
  const LoopOptions options_{
      .worker = "w", .lease = 30s, .poll = 1s, .ageing = 10min, .stop_grace = 5s};
  WorkerLoop loop_{options_, repository_, runner_, clock_, random_, nullptr};
};

TEST_F(Prefetch, a_slow_worker_claims_no_more_than_it_begins_within_a_second) {
  for (int i = 0; i < 100; ++i) {
    turn(100ms - options_.gather, 1);
    EXPECT_LE(runner_.load().queued, 10);
  }
  ASSERT_GT(repository_.ahead.size(), 5U);
  EXPECT_LE(std::ranges::max(repository_.ahead), 10);
  EXPECT_GE(std::ranges::max(repository_.ahead), 2) << "it does claim ahead";
}

TEST_F(Prefetch, a_fast_worker_learns_within_its_first_hundred_milliseconds) {
  const auto began = clock_.steady();
  while (clock_.steady() - began < 100ms) turn(1ms, slots);
  EXPECT_GE(std::ranges::max(repository_.ahead), 300) << "of more than a thousand a second";
}

TEST_F(Prefetch, a_worker_that_slows_down_claims_less_at_once) {
  const auto began = clock_.steady();
  while (clock_.steady() - began < 100ms) turn(1ms, slots);
  // What was prefetched then is worked off at the new pace, and nothing is claimed meanwhile.
  while (runner_.load().queued > 10) turn(100ms - options_.gather, 1);
  repository_.ahead.clear();
  for (int i = 0; i < 50; ++i) turn(100ms - options_.gather, 1);
  ASSERT_FALSE(repository_.ahead.empty());
  EXPECT_LE(std::ranges::max(repository_.ahead), 10);
}

TEST_F(Prefetch, a_worker_that_was_told_to_be_quiet_ends_what_it_claimed_and_claims_no_more) {
  loop_.set_quiet(true);
  repository_.ahead.clear();
  while (runner_.load().busy > 0) turn(100ms, slots);
  for (int i = 0; i < 10; ++i) turn(options_.poll, slots);
  EXPECT_TRUE(repository_.ahead.empty());
  EXPECT_TRUE(loop_.idle());
  const auto sleep = loop_.step().sleep;
  EXPECT_GT(sleep, Duration{0}) << "it does not spin";
  EXPECT_LE(sleep, options_.poll) << "it looks whether it may claim again";
  loop_.set_quiet(false);
  turn(100ms, 0);
  EXPECT_EQ(runner_.load().busy, slots);
}

}  // namespace
}  // namespace esteira::test
