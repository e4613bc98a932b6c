// What a processor sees of a worker, held still for a test.
#pragma once

#include <stop_token>
#include <string>
#include <vector>

#include "esteira/processor.hpp"

namespace esteira::test {

class FakeContext final : public ExecutionContext {
 public:
  [[nodiscard]] Time deadline() const override { return Time::max(); }
  [[nodiscard]] std::stop_token stop_token() const override { return stop.get_token(); }
  [[nodiscard]] int attempt() const override { return number; }
  [[nodiscard]] std::string idempotency_key() const override { return "key"; }
  void progress(double /*fraction*/, std::string_view /*text*/) override {}
  void log(LogLevel /*level*/, std::string_view text) override { lines.emplace_back(text); }
  void checkpoint(const Json& /*state*/) override {}
  [[nodiscard]] const Json& last_checkpoint() const override { return nothing; }
  std::int64_t reserve_number(std::string_view /*counter*/) override { return 1; }

  int number = 1;
  std::stop_source stop;
  std::vector<std::string> lines;
  Json nothing;
};

inline Task make_task(Json payload, TaskId task_id = 42) {
  Task task;
  task.task_id = task_id;
  task.payload = std::move(payload);
  return task;
}

// How an attempt ended, flattened for assertions.
struct Ending {
  bool completed = false;
  Json result;
  std::string message;
  bool permanent = false;
  std::optional<Duration> after;  // a retry with its own delay
  [[nodiscard]] bool by_policy() const { return !completed && !permanent && !after; }
};

inline Ending ending_of(const TaskResult& result) {
  Ending ending;
  if (const auto* completed = std::get_if<TaskResult::Completed>(&result.value)) {
    ending.completed = true;
    ending.result = completed->result;
  }
  if (const auto* failed = std::get_if<TaskResult::Failed>(&result.value)) {
    ending.message = failed->message;
    ending.permanent = std::holds_alternative<RetryNever>(failed->retry);
    if (const auto* after = std::get_if<RetryAfter>(&failed->retry)) ending.after = after->delay;
  }
  return ending;
}

// The pointer and words of a payload's refusal; empty where it was accepted.
struct Refusal {
  std::string pointer;
  std::string message;
};

inline std::optional<Refusal> refusal_of(const BaseProcessor& processor, const Json& payload) {
  try {
    processor.validate_payload(payload);
  } catch (const InvalidPayload& error) {
    return Refusal{error.pointer(), error.what()};
  }
  return std::nullopt;
}

// Test data that is right by construction.
inline Json json(std::string_view text) { return parse_json(text, {.bytes_max = 4 << 20}).value(); }

}  // namespace esteira::test
