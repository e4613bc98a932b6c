// The calls of a worker in another language, as data. Times and lengths are the server's; a worker
// that lives elsewhere knows a task only by its fence.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/claim.hpp"
#include "esteira/json.hpp"
#include "esteira/processor.hpp"
#include "esteira/task.hpp"

namespace esteira {

// What a worker is told at its heartbeat.
enum class WorkerCommand : std::uint8_t {
  run,
  quiet,  // claim nothing more
  stop,   // claim nothing more, give back or end what runs, sign off
};
[[nodiscard]] std::string_view to_text(WorkerCommand command);  // "run"
[[nodiscard]] Expected<WorkerCommand> parse_worker_command(std::string_view text);

// --- register -------------------------------------------------------------------------------

struct WorkerRegistration {
  std::string name;  // of letters, digits, "_", ".", "-"; need not be unique
  std::string host;
  int pid = 0;
  std::string version;
  std::vector<std::string> types;
  int slots = 1;
};
struct RegisteredWorker {
  std::string worker_id;  // the name and a random end
  Duration heartbeat{};   // how often to call heartbeat
  Duration lease{};
};

// --- claim ----------------------------------------------------------------------------------

struct ClaimCall {
  std::string worker_id;
  std::vector<std::string> types;  // empty: those it registered with
  int limit = 1;
  Duration wait{};  // the server's to keep: the service answers at once
};
struct HandedTask {
  Task task;
  Fence fence;
  Time lease_expires_at{};
  Time deadline_at{};  // by then it must have been reported
  Json checkpoint;     // what an earlier attempt kept; null: nothing
};
struct HandedTasks {
  std::vector<HandedTask> tasks;
  // When the next scheduled task becomes due, as far as is known: a reason to look again.
  std::optional<Time> next_due_at;
};

// --- heartbeat ------------------------------------------------------------------------------

struct WorkLogLine {
  int line = 0;  // from 1 within the attempt; the same line again is ignored
  std::optional<Time> at;
  LogLevel level = LogLevel::info;
  std::string text;
};
struct HeartbeatTask {
  Fence fence;
  std::optional<double> progress;  // 0 to 1
  std::vector<WorkLogLine> log;
  std::optional<std::string> checkpoint;  // JSON text
};
struct HeartbeatCall {
  std::string worker_id;
  std::vector<HeartbeatTask> tasks;
};
enum class BeatStatus : std::uint8_t {
  ok,
  cancel,  // stop it and report: its cancel was asked for, or its deadline is over
  lost,    // it is somebody else's: stop it and say nothing
};
[[nodiscard]] std::string_view to_text(BeatStatus status);
struct BeatAnswer {
  TaskId task_id = 0;
  BeatStatus status = BeatStatus::ok;
  std::optional<Time> lease_expires_at;  // none of what is lost
};
struct HeartbeatAnswer {
  WorkerCommand command = WorkerCommand::run;
  std::vector<BeatAnswer> tasks;  // in the order of the call
};

// --- report ---------------------------------------------------------------------------------

enum class ReportOutcome : std::uint8_t { completed, failed, snoozed, released };
struct Report {
  Fence fence;
  ReportOutcome outcome = ReportOutcome::completed;
  std::string result = "null";  // JSON text, of what completed
  std::string error_message;    // of what failed
  Retry retry = RetryByPolicy{};
  Duration delay{};  // of what was snoozed
};
// A claim that rides on a report.
struct NextClaim {
  int limit = 1;
  Duration wait{};
};
struct ReportCall {
  std::string worker_id;
  std::vector<Report> reports;
  std::optional<NextClaim> claim;
};
enum class ReportStatus : std::uint8_t {
  applied,
  already_applied,  // reported before under the same fence: that answer had been lost
  stale,            // the claim is no longer the worker's; nothing changed
};
[[nodiscard]] std::string_view to_text(ReportStatus status);
struct ReportedTask {
  TaskId task_id = 0;
  ReportStatus status = ReportStatus::applied;
};
struct ReportAnswer {
  std::vector<ReportedTask> reports;  // in the order of the call
};

}  // namespace esteira
