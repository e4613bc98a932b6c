#include "world/runner.hpp"

#include <algorithm>

#include "world/processor.hpp"
#include "world/world.hpp"

namespace esteira::sim {
namespace {

using std::chrono::milliseconds;

// How soon a processor that looks at its stop token sees it.
constexpr Duration stop_seen_after = milliseconds{10};

}  // namespace

void SimRunner::start(std::vector<AttemptPtr> attempts) {
  for (auto& attempt : attempts) queue_.push_back(std::move(attempt));
}

std::vector<DoneAttempt> SimRunner::take_done() { return std::exchange(done_, {}); }

std::vector<PendingNote> SimRunner::take_notes() { return std::exchange(notes_, {}); }

std::vector<AttemptPtr> SimRunner::withdraw() {
  std::vector<AttemptPtr> back(queue_.begin(), queue_.end());
  queue_.clear();
  return back;
}

RunnerLoad SimRunner::load() const {
  int running = 0;
  for (const auto& run : runs_) running += static_cast<int>(run.attempts.size());
  return {.slots = slots_,
          .busy = static_cast<int>(runs_.size()),
          .queued = static_cast<int>(queue_.size()),
          .running = running,
          .done = static_cast<int>(done_.size())};
}

int SimRunner::advance() {
  int news = 0;
  for (bool moved = true; moved;) {
    moved = false;
    while (begin_next()) ++news;
    for (std::size_t i = 0; i < runs_.size();) {
      const auto turn = move(runs_[i]);
      if (turn != Turn::nothing) ++news;
      moved = moved || turn == Turn::ended;
      if (turn == Turn::ended) {
        runs_.erase(runs_.begin() + static_cast<std::ptrdiff_t>(i));
      } else {
        ++i;
      }
    }
  }
  return news;
}

// As a runner thread does it: what should not begin any more is done at once.
bool SimRunner::begin_next() {
  if (queue_.empty() || static_cast<int>(runs_.size()) >= slots_) return false;
  const auto& clock = process_.clock();
  const auto policy = queue_.front()->policy;
  const auto batch = static_cast<std::size_t>(policy->processor->batch_size());
  Run run;
  for (std::size_t i = 0; i < batch && !queue_.empty() && queue_.front()->policy == policy; ++i) {
    auto attempt = std::move(queue_.front());
    queue_.pop_front();
    if (auto early = outcome_before_start(*attempt, clock.steady(), clock.now())) {
      done_.push_back({std::move(attempt), std::move(*early)});
      continue;
    }
    attempt->started_at_us = clock.now().time_since_epoch().count();
    attempt->started_steady_us = clock.steady().count();
    run.attempts.push_back(std::move(attempt));
  }
  if (run.attempts.empty()) return true;
  const auto& world = process_.world();
  run.script = draw_script(process_.random(), world.plan().runs, world.quiet());
  run.next_at = world.at() + run.script.length;
  runs_.push_back(std::move(run));
  return true;
}

SimRunner::Turn SimRunner::move(Run& run) {
  const auto at = process_.world().at();
  const auto& first = *run.attempts.front();
  if (!run.asked_to_stop_at && first.stop.stop_requested()) {
    run.asked_to_stop_at = at;
    run.next_at = std::min(run.next_at, at + stop_seen_after);
  }
  if (run.waiter) {
    const auto& answer = run.waiter->answered();
    if (!answer && !run.asked_to_stop_at) return Turn::nothing;
    if (!answer) {
      run.broken = "asked to stop before the note was kept";
    } else if (!answer->applied) {
      run.broken = "the lease is lost: the note was not kept";
    }
    run.waiter.reset();
    run.next_at = std::max(run.next_at, at);
  }
  if (run.broken || has_left(run)) {
    end(run);
    return Turn::ended;
  }
  if (at < run.next_at || run.said >= run.script.sayings.size()) return Turn::nothing;
  say(run);
  return Turn::moved;
}

// The processor has come back by now.
bool SimRunner::has_left(Run& run) const {
  const auto at = process_.world().at();
  if (run.script.ending == Ending::ignores) return false;
  if (run.script.ending == Ending::stubborn) {
    return run.asked_to_stop_at && at >= *run.asked_to_stop_at + run.script.delay;
  }
  if (run.asked_to_stop_at) return at >= run.next_at;
  const bool all_said = run.said >= run.script.sayings.size();
  return run.script.ending != Ending::hangs && all_said && at >= run.next_at;
}

void SimRunner::say(Run& run) {
  const auto& fence = run.attempts.front()->claim.fence;
  const auto saying = run.script.sayings[run.said++];
  run.next_at = process_.world().at() + run.script.length;
  switch (saying) {
    case Saying::progress:
      notes_.push_back({ProgressNote{fence, 0.5, "half-way"}, nullptr});
      return;
    case Saying::log:
      ++run.lines;
      notes_.push_back(
          {LogNote{fence, run.lines, process_.clock().now(), LogLevel::info, "line"}, nullptr});
      return;
    case Saying::checkpoint:
      run.waiter = std::make_shared<SimWaiter>();
      notes_.push_back(
          {CheckpointNote{fence, fmt::format("[{},{}]", fence.attempt, run.said)}, run.waiter});
      return;
    case Saying::number:
      run.waiter = std::make_shared<SimWaiter>();
      notes_.push_back({NumberNote{fence, "invoice"}, run.waiter});
      return;
  }
}

void SimRunner::end(Run& run) {
  const auto& first = *run.attempts.front();
  SimContext context(run.script, first.stop.get_token(), first.claim.fence.attempt,
                     fmt::format("esteira-task-{}", first.claim.fence.task_id), run.broken);
  if (first.policy->processor->batch_size() <= 1) {
    done_.push_back({run.attempts.front(), run_attempt(first, context, process_.clock())});
    return;
  }
  auto outcomes = run_attempts(run.attempts, context, process_.clock());
  for (std::size_t i = 0; i < run.attempts.size(); ++i) {
    done_.push_back({run.attempts[i], std::move(outcomes[i])});
  }
}

std::optional<Duration> SimRunner::next_at() const {
  std::optional<Duration> next;
  const auto take = [&next](Duration at) { next = std::min(next.value_or(at), at); };
  if (!done_.empty() || !notes_.empty()) take(process_.world().at());
  for (const auto& run : runs_) {
    if (run.waiter && !run.asked_to_stop_at) continue;
    if (run.script.ending == Ending::ignores && run.said >= run.script.sayings.size()) continue;
    if (run.script.ending == Ending::stubborn && run.said >= run.script.sayings.size()) {
      if (run.asked_to_stop_at) take(*run.asked_to_stop_at + run.script.delay);
      continue;
    }
    const bool only_a_stop_ends_it = run.script.ending == Ending::hangs && !run.asked_to_stop_at &&
                                     run.said >= run.script.sayings.size();
    if (!only_a_stop_ends_it) take(run.next_at);
  }
  return next;
}

std::vector<RunView> SimRunner::running() const {
  std::vector<RunView> views;
  for (const auto& run : runs_) {
    for (const auto& attempt : run.attempts) {
      views.push_back({attempt->claim.fence, attempt->stop.stop_requested()});
    }
  }
  return views;
}

}  // namespace esteira::sim
