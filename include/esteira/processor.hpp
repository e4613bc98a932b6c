// The work itself: what a program writes for each type of task.
#pragma once

#include <memory>
#include <optional>
#include <span>
#include <stdexcept>
#include <stop_token>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "esteira/task.hpp"

namespace esteira {

// Whether a failed attempt is tried again.
struct RetryByPolicy {};  // the type's back-off and the task's max_retries
struct RetryNever {};     // a permanent error: the task ends FAILED
struct RetryAfter {       // by policy, but with this delay instead of the back-off's
  Duration delay{};
};
using Retry = std::variant<RetryByPolicy, RetryNever, RetryAfter>;

// What a processor answers. A plain JSON value means completed.
class TaskResult {
 public:
  struct Completed {
    Json result;
  };
  struct Failed {
    std::string message;
    Retry retry = RetryByPolicy{};
  };
  struct Snoozed {  // not now: come back after `delay`; uses up no retry
    Duration delay{};
  };
  struct Cancelled {  // no longer wanted: the task ends CANCELLED
    std::string reason;
  };
  using Value = std::variant<Completed, Failed, Snoozed, Cancelled>;

  TaskResult() : value(Completed{}) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  TaskResult(Json result) : value(Completed{std::move(result)}) {}
  // NOLINTNEXTLINE(google-explicit-constructor)
  TaskResult(Value outcome) : value(std::move(outcome)) {}

  static TaskResult completed(Json result = nullptr) { return Value{Completed{std::move(result)}}; }
  static TaskResult failed(std::string message, Retry retry = RetryByPolicy{}) {
    return Value{Failed{std::move(message), retry}};
  }
  static TaskResult snoozed(Duration delay) { return Value{Snoozed{delay}}; }
  static TaskResult cancelled(std::string reason) { return Value{Cancelled{std::move(reason)}}; }

  Value value;
};

// Thrown by `process`: a failed attempt, with a say in the retry. Any other exception is a failed
// attempt too, retried by policy.
class TaskError : public std::runtime_error {
 public:
  explicit TaskError(const std::string& message, Retry retry = RetryByPolicy{})
      : std::runtime_error(message), retry_(retry) {}
  [[nodiscard]] const Retry& retry() const { return retry_; }

 private:
  Retry retry_;
};

// Thrown by `validate_payload`: what is wrong, and where (a JSON pointer).
class InvalidPayload : public std::runtime_error {
 public:
  explicit InvalidPayload(const std::string& message, std::string pointer = "")
      : std::runtime_error(message), pointer_(std::move(pointer)) {}
  [[nodiscard]] const std::string& pointer() const { return pointer_; }

 private:
  std::string pointer_;
};

// An attempt that failed, as `handle_failure` sees it.
struct Failure {
  std::string message;
  Retry retry;  // what the processor asked for
  bool timed_out = false;
};

// What `handle_failure` wants done about it.
struct UsePolicy {};
struct RetryAt {
  Time at{};
};
struct GiveUp {};
struct Snooze {
  Duration delay{};
};
using FailureAction = std::variant<UsePolicy, RetryAfter, RetryAt, GiveUp, Snooze>;

enum class LogLevel : std::uint8_t { debug, info, warning, error };
[[nodiscard]] std::string_view to_text(LogLevel level);

// What a running attempt may ask of its worker. Used by the thread that runs `process` only (the
// stop token may be read anywhere). Every call is cheap except `checkpoint` and `reserve_number`,
// which return after the database has committed and throw TaskError where the lease is lost.
class ExecutionContext {
 public:
  virtual ~ExecutionContext() = default;

  // The attempt is asked to stop at this time, by the database's clock.
  [[nodiscard]] virtual Time deadline() const = 0;
  // Asked to stop: timeout, cancel, lost lease or shutdown. Look at it in loops and waits; a
  // processor that ignores it is reported and its result refused.
  [[nodiscard]] virtual std::stop_token stop_token() const = 0;
  [[nodiscard]] virtual int attempt() const = 0;
  // The same over all attempts of the task: hand it to other systems as their idempotency key.
  [[nodiscard]] virtual std::string idempotency_key() const = 0;

  // `fraction` 0 to 1 (clamped); the last one of each tick is kept.
  virtual void progress(double fraction, std::string_view text = "") = 0;
  // Kept with the attempt, up to `limits::log_lines_max` lines; what is over is counted.
  virtual void log(LogLevel level, std::string_view text) = 0;

  // Keeps `state` with the task: it survives a crash and is handed to the next attempt.
  virtual void checkpoint(const Json& state) = 0;
  // What the last `checkpoint` of this task kept (null: none), also one of an earlier attempt.
  [[nodiscard]] virtual const Json& last_checkpoint() const = 0;
  // The next number of a counter (from 1, no gaps but for tasks that never use theirs), kept with
  // the task: asked again, also by a later attempt, the task gets the same number.
  virtual std::int64_t reserve_number(std::string_view counter) = 0;
};

struct BatchAnswer {
  TaskId task_id = 0;
  TaskResult result;
};

// One for each type of task. A worker calls one object from many threads at once: keep no mutable
// state, or guard it.
class BaseProcessor {
 public:
  using Task = esteira::Task;
  using Payload = esteira::Json;
  using Result = esteira::TaskResult;
  using ExecutionContext = esteira::ExecutionContext;
  using Failure = esteira::Failure;
  using FailureAction = esteira::FailureAction;

  virtual ~BaseProcessor() = default;

  // "MESSAGE_SEND": 1 to 50 of A-Z, 0-9, "_", ".", "-"; constant.
  [[nodiscard]] virtual std::string_view task_type() const = 0;
  // One line for `esteira type list`.
  [[nodiscard]] virtual std::string_view description() const { return ""; }
  // A JSON Schema (draft 7) of the payload, or "": checked before `validate_payload`.
  [[nodiscard]] virtual std::string_view payload_schema() const { return ""; }
  // Throws InvalidPayload. Called when the task is created and again before `process`.
  virtual void validate_payload(const Payload& /*payload*/) const {}
  virtual Result process(const Task& task, ExecutionContext& context) = 0;
  // Decides about a failed attempt; by default the type's policy does.
  virtual FailureAction handle_failure(const Task& /*task*/, const Failure& /*failure*/) {
    return UsePolicy{};
  }

  // More than 1: up to so many waiting tasks of the type go to one `process_batch` call.
  [[nodiscard]] virtual int batch_size() const { return 1; }
  // Answers for each task; one that has no answer has failed. The context speaks for the first.
  virtual std::vector<BatchAnswer> process_batch(std::span<const Task> tasks,
                                                 ExecutionContext& context);
};

// The processors of a program, by type. Filled at the start, then only read.
class ProcessorRegistry {
 public:
  // Replaces one of the same type.
  void add(std::shared_ptr<BaseProcessor> processor);
  [[nodiscard]] BaseProcessor* find(std::string_view type) const;
  [[nodiscard]] const std::vector<std::shared_ptr<BaseProcessor>>& all() const { return all_; }

 private:
  std::vector<std::shared_ptr<BaseProcessor>> all_;
};

}  // namespace esteira
