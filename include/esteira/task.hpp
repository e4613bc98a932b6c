// What a task is: the fields of the HTTP API, of SQL and of the command line, by the same names.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
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

// How long a task holds its unique key.
enum class UniqueScope : std::uint8_t {
  active,   // while it waits or runs
  waiting,  // until it is first claimed
  window,   // for a time from its creation on, whatever becomes of it
};
// What becomes of a new task whose unique key is held.
enum class OnConflict : std::uint8_t {
  refuse,    // conflict, with the holder's id
  existing,  // "return": the holder is answered
  replace,   // a holder that waits takes the new task's payload, priority and time, and is answered
};
// Which ends of the tasks that it depends on let a task run.
enum class DependencyRule : std::uint8_t { completed, ended };
// What becomes of a task by the rule `completed` when one of those ends otherwise.
enum class ParentFailure : std::uint8_t { cancel, run };

// "active", "refuse", "completed", "cancel", …, as in JSON.
[[nodiscard]] std::string_view to_text(UniqueScope scope);
[[nodiscard]] std::string_view to_text(OnConflict on_conflict);
[[nodiscard]] std::string_view to_text(DependencyRule rule);
[[nodiscard]] std::string_view to_text(ParentFailure failure);
[[nodiscard]] Expected<UniqueScope> parse_unique_scope(std::string_view text);
[[nodiscard]] Expected<OnConflict> parse_on_conflict(std::string_view text);
[[nodiscard]] Expected<DependencyRule> parse_dependency_rule(std::string_view text);
[[nodiscard]] Expected<ParentFailure> parse_parent_failure(std::string_view text);

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
  UniqueScope unique_scope = UniqueScope::active;
  std::optional<Time> expires_at;  // ends CANCELLED unless it is claimed before
  std::vector<TaskId> depends_on;
  std::optional<std::string> batch_id;
  std::int64_t rate_cost = 1;  // what of its rates each start takes
  bool encrypted = false;      // payload and result are stored enciphered
  // Why they could not be deciphered here, and are null.
  std::optional<std::string> unreadable;
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

// A task that exists, or by its `ref` one of the same call.
using TaskRef = std::variant<TaskId, std::string>;

// What may be said of a new task beside its type and payload. Absent values are the type's.
struct TaskOptions {
  int priority = 0;  // -32768 to 32767
  std::optional<Time> scheduled_for{};
  // A delay from the creation on, instead of `scheduled_for`. A repeated idempotency key must ask
  // for the same delay, and the first task keeps its time.
  std::optional<Duration> scheduled_in{};
  std::optional<int> max_retries{};
  // At most one task of the type may hold this key.
  std::optional<std::string> unique_key{};
  UniqueScope unique_scope = UniqueScope::active;
  std::optional<Duration> unique_window{};  // with the scope `window`, and only then
  OnConflict on_conflict = OnConflict::refuse;
  // Ends CANCELLED unless it is claimed before; a time, or a delay from the creation on.
  std::optional<Time> expires_at{};
  std::optional<Duration> expires_in{};
  // It runs only when these have ended as the rule asks. None of them may depend on it in turn.
  std::vector<TaskRef> depends_on{};
  // Absent: completed; of a batch's finish task: ended.
  std::optional<DependencyRule> dependency_rule{};
  ParentFailure on_parent_failure = ParentFailure::cancel;
  // Names it for the others of its call, and is not kept.
  std::optional<std::string> ref{};
  // The batch that it joins, which is made where there is none.
  std::optional<std::string> batch_id{};
  // How much of its type's and its flow's rates its start takes: 1 to 1,000,000.
  std::int64_t rate_cost = 1;
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
