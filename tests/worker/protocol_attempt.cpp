#include "protocol_attempt.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "api/answer_json.hpp"
#include "api/task_json.hpp"
#include "base/assert.hpp"
#include "base/clock.hpp"
#include "base/utf8.hpp"
#include "domain/limits.hpp"

namespace esteira::test {
namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
  using Visitors::operator()...;
};

struct Failing {
  std::string message;
  Retry retry;
};

// Runs user code; what it throws becomes a failure, as in any worker.
template <class Call>
std::optional<Failing> guard(const Call& call) {
  try {
    call();
    return std::nullopt;
  } catch (const InvalidPayload& problem) {
    const auto where = problem.pointer().empty() ? "" : problem.pointer() + ": ";
    return Failing{fmt::format("payload refused: {}{}", where, problem.what()), RetryNever{}};
  } catch (const TaskError& error) {
    return Failing{error.what(), error.retry()};
  } catch (const std::exception& error) {
    return Failing{error.what(), RetryByPolicy{}};
  } catch (...) {
    return Failing{"the processor threw something that is no std::exception", RetryByPolicy{}};
  }
}

class ProtocolContext final : public ExecutionContext {
 public:
  ProtocolContext(HeldTask& held, const SendBeat& send_beat)
      : held_(held), send_beat_(send_beat), checkpoint_(held.checkpoint) {}

  [[nodiscard]] Time deadline() const override { return held_.deadline_at; }
  [[nodiscard]] std::stop_token stop_token() const override { return held_.stop_token(); }
  [[nodiscard]] int attempt() const override { return held_.task.attempt; }
  [[nodiscard]] std::string idempotency_key() const override {
    return fmt::format("esteira-task-{}", held_.task.task_id);
  }
  void progress(double fraction, std::string_view /*text*/) override { held_.progress(fraction); }
  void log(LogLevel level, std::string_view text) override { held_.log(level, text); }
  void checkpoint(const Json& state) override {
    auto beat = held_.fence;
    beat["checkpoint"] = state;
    const auto status = send_beat_(std::move(beat));
    if (!status) {
      const bool refused = status.error().code == ErrorCode::invalid_argument;
      throw TaskError(status.error().message, refused ? Retry{RetryNever{}} : RetryByPolicy{});
    }
    if (*status == "lost") throw TaskError("the lease is lost: the checkpoint was not kept");
    checkpoint_ = state;
  }
  [[nodiscard]] const Json& last_checkpoint() const override { return checkpoint_; }
  std::int64_t reserve_number(std::string_view /*counter*/) override {
    throw TaskError("the work protocol has no counters", RetryNever{});
  }

 private:
  HeldTask& held_;
  const SendBeat& send_beat_;
  Json checkpoint_;
};

JsonObject report_of(const HeldTask& held, std::string_view outcome) {
  auto report = held.fence;
  report["outcome"] = outcome;
  return report;
}

JsonObject snoozed_report(const HeldTask& held, Duration delay) {
  auto report = report_of(held, "snoozed");
  report["seconds"] = api::seconds_to_json(delay);
  return report;
}

JsonObject completed_report_of(const HeldTask& held, Json result) {
  auto report = report_of(held, "completed");
  report["result"] = std::move(result);
  return report;
}

Json retry_to_json(const Retry& retry) {
  return std::visit(
      Overloaded{[](const RetryByPolicy&) { return Json("auto"); },
                 [](const RetryNever&) { return Json("never"); },
                 [](const RetryAfter& after) {
                   return Json(JsonObject{{"after_seconds", api::seconds_to_json(after.delay)}});
                 }},
      retry);
}

// What a failure becomes: given back where the worker stops, else as the processor decides.
JsonObject report_of_failure(const HeldTask& held, BaseProcessor& processor, Failing failing) {
  if (held.stop_word() == StopWord::shutdown) return released_report_of(held);
  FailureAction action = UsePolicy{};
  const Failure failure{failing.message, failing.retry, false};
  // A processor that fails even here has its failure handled by policy.
  static_cast<void>(guard([&] { action = processor.handle_failure(held.task, failure); }));
  if (const auto* snooze = std::get_if<Snooze>(&action)) return snoozed_report(held, snooze->delay);
  std::visit(Overloaded{[](const UsePolicy&) {}, [](const Snooze&) {},
                        [&](const RetryAfter& after) { failing.retry = after; },
                        [&](const RetryAt& at) {
                          failing.retry = RetryAfter{
                              std::max<Duration>(at.at - SystemClock().now(), Duration{0})};
                        },
                        [&](const GiveUp&) { failing.retry = RetryNever{}; }},
             action);
  return failed_report_of(held, failing.message, failing.retry);
}

}  // namespace

Expected<HeldPtr> HeldTask::read(const Json& handed) {
  const auto& fields = handed.as_object();
  auto held = std::make_shared<HeldTask>();
  held->task = ESTEIRA_TRY(api::task_from_json(fields.at("task")));
  held->fence = {{"task_id", held->task.task_id},
                 {"attempt", fields.at("attempt")},
                 {"lease_id", fields.at("lease_id")}};
  held->deadline_at = ESTEIRA_TRY(try_parse_time(fields.at("deadline_at").as_string()));
  held->checkpoint = fields.at("checkpoint");
  if (const auto* trace = fields.at("traceparent").if_string()) held->task.traceparent = *trace;
  return held;
}

void HeldTask::request_stop(StopWord word) {
  auto none = StopWord::none;
  stop_word_.compare_exchange_strong(none, word);
  stop_.request_stop();
}

void HeldTask::progress(double fraction) {
  const MutexLock lock(mutex_);
  progress_ = fraction;
}

void HeldTask::log(LogLevel level, std::string_view text) {
  const MutexLock lock(mutex_);
  log_.push_back(JsonObject{{"line", ++lines_},
                            {"level", to_text(level)},
                            {"text", clean_text(text, limits::log_line_bytes_max)}});
}

bool HeldTask::has_words() const {
  const MutexLock lock(mutex_);
  return progress_.has_value() || !log_.empty();
}

JsonObject HeldTask::beat() const {
  auto beat = fence;
  const MutexLock lock(mutex_);
  if (progress_) beat["progress"] = *progress_;
  if (log_.empty()) return beat;
  const auto count = std::min(log_.size(), limits::log_lines_max);
  beat["log"] = JsonArray(log_.begin(), log_.begin() + static_cast<std::ptrdiff_t>(count));
  return beat;
}

void HeldTask::heard(const JsonObject& beat) {
  const MutexLock lock(mutex_);
  if (const auto* progress = beat.if_contains("progress")) {
    if (progress_ == progress->as_double()) progress_.reset();
  }
  if (const auto* log = beat.if_contains("log")) {
    log_.erase(log_.begin(), log_.begin() + static_cast<std::ptrdiff_t>(log->as_array().size()));
  }
}

JsonObject run_held_task(HeldTask& held, BaseProcessor& processor, const SendBeat& send_beat) {
  ProtocolContext context(held, send_beat);
  TaskResult result;
  if (auto failing = guard([&] {
        processor.validate_payload(held.task.payload);
        result = processor.process(held.task, context);
      })) {
    return report_of_failure(held, processor, std::move(*failing));
  }
  return std::visit(
      Overloaded{[&](TaskResult::Completed& completed) {
                   return completed_report_of(held, std::move(completed.result));
                 },
                 [&](TaskResult::Failed& failed) {
                   return report_of_failure(held, processor,
                                            {std::move(failed.message), failed.retry});
                 },
                 [&](TaskResult::Snoozed& snoozed) { return snoozed_report(held, snoozed.delay); },
                 // The protocol has no word for it.
                 [&](TaskResult::Cancelled& cancelled) {
                   return failed_report_of(held, cancelled.reason, RetryNever{});
                 }},
      result.value);
}

JsonObject released_report_of(const HeldTask& held) { return report_of(held, "released"); }

JsonObject failed_report_of(const HeldTask& held, std::string_view message, const Retry& retry) {
  auto report = report_of(held, "failed");
  // JSON takes no other text.
  report["error_message"] = clean_text(message, limits::error_bytes_max);
  report["retry"] = retry_to_json(retry);
  return report;
}

}  // namespace esteira::test
