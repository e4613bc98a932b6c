// What a task is: the fields of the HTTP API, of SQL and of the command line, by the same names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "esteira/json.hpp"
#include "esteira/time.hpp"

namespace esteira {

using TaskId = std::int64_t;
using TypeId = std::int32_t;

enum class TaskStatus : std::uint8_t { pending, processing, completed, failed, cancelled };
inline constexpr int task_statuses = 5;

// How one attempt ended; `processing` is shown of an attempt that still runs and is never stored.
enum class ExecutionStatus : std::uint8_t {
  completed,
  failed,
  timed_out,
  snoozed,
  interrupted,  // the worker stopped; uses up no retry
  expired,      // the lease ended without a word; counts a crash
  cancelled,
  processing,
};
inline constexpr int execution_statuses = 8;

// "PENDING", …, as in SQL and JSON.
[[nodiscard]] std::string_view to_text(TaskStatus status);
[[nodiscard]] std::string_view to_text(ExecutionStatus status);
[[nodiscard]] Expected<TaskStatus> parse_task_status(std::string_view text);
[[nodiscard]] Expected<ExecutionStatus> parse_execution_status(std::string_view text);

struct Task {
  TaskId task_id = 0;
  std::string type;
  TaskStatus status = TaskStatus::pending;
  int priority = 0;  // higher first
  int retries = 0;   // failed attempts that were tried again
  int max_retries = 3;
  int attempt = 0;  // claims so far; never falls
  Json payload;
  Json result;
  std::optional<std::string> error_message;
  std::optional<Time> scheduled_for;
  std::optional<Time> started_at;  // of the last attempt
  std::optional<Time> completed_at;
  Time created_at{};
  std::optional<Time> updated_at;
  int crashes = 0;                 // leases that ended without a word
  std::optional<double> progress;  // 0 to 1, of the attempt that runs
  std::vector<std::string> tags;
  std::optional<std::string> unique_key;
  std::optional<std::string> worker;  // who runs it, or ran it last
  std::optional<std::string> traceparent;
};

struct Execution {
  std::int64_t execution_id = 0;  // task_id * 65536 + attempt
  TaskId task_id = 0;
  int attempt = 0;
  ExecutionStatus status = ExecutionStatus::processing;
  Time started_at{};
  std::optional<Time> completed_at;
  std::optional<std::string> error_message;
  Json metadata;  // an object, or null
};

// What may be said of a new task beside its type and payload. Absent values are the type's.
struct TaskOptions {
  int priority = 0;  // -32768 to 32767
  std::optional<Time> scheduled_for{};
  // A delay from the creation on, instead of `scheduled_for`. A repeated idempotency key must ask
  // for the same delay, and the first task keeps its time.
  std::optional<Duration> scheduled_in{};
  std::optional<int> max_retries{};
  // At most one task of the type with this key may wait or run.
  std::optional<std::string> unique_key{};
  // The same key with the same task again answers the first task instead of making a second. Kept
  // for 24 hours.
  std::optional<std::string> idempotency_key{};
  std::vector<std::string> tags{};
  std::optional<Duration> timeout{};  // of one attempt
  std::optional<std::string> traceparent{};
};

// What changes of a waiting task; what is absent stays.
struct TaskEdit {
  std::optional<Json> payload{};
  std::optional<int> priority{};
  // One of these three at most: a time, a delay from the edit on, due at once.
  std::optional<Time> scheduled_for{};
  std::optional<Duration> scheduled_in{};
  bool due_now = false;
  std::optional<std::vector<std::string>> tags{};  // all of them
};

struct NewTask {
  std::string type;
  Json payload;
  TaskOptions options{};
};

}  // namespace esteira
