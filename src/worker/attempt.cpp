#include "worker/attempt.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "domain/expiry.hpp"
#include "domain/limits.hpp"

namespace esteira {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

constexpr Retry never = RetryNever{};

// A failure before or inside `process`.
struct Failing {
  std::string message;
  Retry retry;
};

// Runs user code; what it throws becomes a failure.
template <class Call>
std::optional<Failing> guard(Call&& call) {
  try {
    std::forward<Call>(call)();
    return std::nullopt;
  } catch (const InvalidPayload& problem) {
    const auto where = problem.pointer().empty() ? "" : problem.pointer() + ": ";
    return Failing{fmt::format("payload refused: {}{}", where, problem.what()), never};
  } catch (const TaskError& error) {
    return Failing{error.what(), error.retry()};
  } catch (const std::exception& error) {
    return Failing{error.what(), RetryByPolicy{}};
  } catch (...) {
    return Failing{"the processor threw something that is no std::exception", RetryByPolicy{}};
  }
}

Outcome plain_failure(const Attempt& attempt, Failing failing, bool timed_out) {
  if (!timed_out) return outcome::Failed{std::move(failing.message), failing.retry};
  return outcome::TimedOut{
      .message = fmt::format("timed out after {}: {}", format_duration(attempt.timeout()),
                             failing.message),
      .retry = failing.retry};
}

// Asks the processor what it wants done about a failure.
Outcome decide_failure(const Attempt& attempt, const Task& task, Failing failing, bool timed_out,
                       const Clock& clock) {
  FailureAction action = UsePolicy{};
  const Failure failure{failing.message, failing.retry, timed_out};
  // A processor that fails even here has its failure handled by policy.
  static_cast<void>(
      guard([&] { action = attempt.policy->processor->handle_failure(task, failure); }));
  if (const auto* snooze = std::get_if<Snooze>(&action)) return outcome::Snoozed{snooze->delay};
  std::visit(Overloaded{[](const UsePolicy&) {}, [](const Snooze&) {},
                        [&](const RetryAfter& after) { failing.retry = after; },
                        [&](const RetryAt& at) { failing.retry = RetryAfter{at.at - clock.now()}; },
                        [&](const GiveUp&) { failing.retry = RetryNever{}; }},
             action);
  return plain_failure(attempt, std::move(failing), timed_out);
}

// What a failure means when the attempt was asked to stop.
Outcome failure_outcome(const Attempt& attempt, const Task& task, Failing failing,
                        const Clock& clock) {
  switch (attempt.stop_reason.load()) {
    case StopReason::none:
      return decide_failure(attempt, task, std::move(failing), false, clock);
    case StopReason::timed_out:
      return decide_failure(attempt, task, std::move(failing), true, clock);
    case StopReason::cancelled:
      return outcome::Cancelled{"cancelled while it ran"};
    case StopReason::lost:
    case StopReason::shutdown:
      return outcome::Interrupted{};
  }
  return outcome::Interrupted{};
}

Outcome completed_outcome(const Attempt& attempt, const Task& task,
                          const TaskResult::Completed& completed, const Clock& clock) {
  if (auto good = check_json(completed.result, {.depth_max = limits::json_depth_max}); !good) {
    return decide_failure(attempt, task, {"the result is " + good.error().message, never}, false,
                          clock);
  }
  auto text = to_text(completed.result);
  if (text.size() > limits::result_bytes_max) {
    return decide_failure(attempt, task,
                          {fmt::format("the result of {} bytes is over the limit of {}",
                                       text.size(), limits::result_bytes_max),
                           never},
                          false, clock);
  }
  return outcome::Completed{std::move(text)};
}

Outcome result_outcome(const Attempt& attempt, const Task& task, TaskResult result,
                       const Clock& clock) {
  return std::visit(
      Overloaded{
          [&](TaskResult::Completed& done) {
            return completed_outcome(attempt, task, done, clock);
          },
          [&](TaskResult::Failed& failed) {
            return failure_outcome(attempt, task, {std::move(failed.message), failed.retry}, clock);
          },
          [&](TaskResult::Snoozed& snoozed) -> Outcome { return outcome::Snoozed{snoozed.delay}; },
          [&](TaskResult::Cancelled& cancelled) -> Outcome {
            return outcome::Cancelled{std::move(cancelled.reason)};
          }},
      result.value);
}

// The payload may have come from SQL, past the door: it is checked again.
std::optional<Failing> check_payload(const Attempt& attempt, const Task& task) {
  const auto& policy = *attempt.policy;
  if (policy.schema) {
    if (auto good = policy.schema->check(task.payload); !good) {
      return Failing{"payload refused: " + good.error().message, never};
    }
  }
  return guard([&] { policy.processor->validate_payload(task.payload); });
}

}  // namespace

Expected<Task> task_of(const Attempt& attempt) {
  const auto& claim = attempt.claim;
  // A payload stored by SQL may be deeper or larger than the door would let through.
  auto payload = ESTEIRA_TRY(parse_json(claim.payload, {.bytes_max = limits::payload_bytes_max * 2,
                                                        .depth_max = limits::json_depth_max}));
  Task task;
  task.task_id = claim.fence.task_id;
  task.type = attempt.policy->type.name;
  task.status = TaskStatus::processing;
  task.priority = claim.priority;
  task.retries = claim.retries;
  task.max_retries = claim.max_retries;
  task.attempt = claim.fence.attempt;
  task.payload = std::move(payload);
  task.scheduled_for = claim.scheduled_for;
  task.started_at = Time{Duration{attempt.started_at_us.load()}};
  task.created_at = claim.created_at;
  task.updated_at = claim.started_at;
  task.crashes = claim.crashes;
  task.tags = claim.tags;
  task.unique_key = claim.unique_key;
  task.worker = attempt.worker;
  task.traceparent = claim.traceparent;
  show_terms(claim.terms, task);
  return task;
}

std::optional<Outcome> outcome_before_start(const Attempt& attempt, Duration steady, Time now) {
  switch (attempt.stop_reason.load()) {
    case StopReason::none:
    case StopReason::timed_out:
      break;
    case StopReason::cancelled:
      return outcome::Cancelled{"cancelled before it began"};
    case StopReason::lost:
    case StopReason::shutdown:
      return outcome::Interrupted{};
  }
  if (steady.count() >= attempt.stop_at_us.load()) return outcome::Interrupted{};
  if (has_expired(attempt.claim.terms, now)) return expired_unstarted();
  return std::nullopt;
}

Outcome run_attempt(const Attempt& attempt, ExecutionContext& context, const Clock& clock) {
  auto task = task_of(attempt);
  if (!task) return outcome::Failed{"payload refused: " + task.error().message, never};
  auto failing = check_payload(attempt, *task);
  TaskResult result;
  if (!failing) {
    failing = guard([&] { result = attempt.policy->processor->process(*task, context); });
  }
  if (failing) return failure_outcome(attempt, *task, std::move(*failing), clock);
  return result_outcome(attempt, *task, std::move(result), clock);
}

std::vector<Outcome> run_attempts(const std::vector<AttemptPtr>& attempts,
                                  ExecutionContext& context, const Clock& clock) {
  std::vector<Outcome> outcomes(attempts.size());
  std::vector<Task> tasks;          // those that are good to go
  std::vector<std::size_t> places;  // of tasks, in outcomes
  for (std::size_t i = 0; i < attempts.size(); ++i) {
    auto task = task_of(*attempts[i]);
    if (!task) {
      outcomes[i] = outcome::Failed{"payload refused: " + task.error().message, never};
      continue;
    }
    if (auto failing = check_payload(*attempts[i], *task)) {
      outcomes[i] = failure_outcome(*attempts[i], *task, std::move(*failing), clock);
      continue;
    }
    tasks.push_back(std::move(*task));
    places.push_back(i);
  }
  if (tasks.empty()) return outcomes;
  std::vector<BatchAnswer> answers;
  auto* processor = attempts.front()->policy->processor;
  const auto failing = guard([&] { answers = processor->process_batch(tasks, context); });
  for (std::size_t k = 0; k < tasks.size(); ++k) {
    const auto& attempt = *attempts[places[k]];
    const auto answer = std::ranges::find(answers, tasks[k].task_id, &BatchAnswer::task_id);
    if (!failing && answer != answers.end()) {
      outcomes[places[k]] = result_outcome(attempt, tasks[k], std::move(answer->result), clock);
      continue;
    }
    outcomes[places[k]] = failure_outcome(
        attempt, tasks[k],
        failing.value_or(Failing{"the batch gave no answer for this task", RetryByPolicy{}}),
        clock);
  }
  return outcomes;
}

}  // namespace esteira
