#include "api/work_json.hpp"

#include <algorithm>
#include <array>
#include <limits>

#include <fmt/format.h>

#include "api/object_reader.hpp"
#include "api/task_json.hpp"
#include "base/utf8.hpp"
#include "domain/limits.hpp"
#include "domain/policy.hpp"

namespace esteira::api {
namespace {

using Names = std::span<const std::string_view>;

// Reads a whole body with `read`, which gathers what is wrong.
template <class Call, class Read>
Expected<Call> read_body(const Json& body, std::string_view what, Read&& read) {
  const auto* object = body.if_object();
  if (object == nullptr) return refuse_all({{"", fmt::format("{} is a JSON object", what)}});
  std::vector<FieldError> wrong;
  ObjectReader reader(*object, wrong);
  Call call;
  std::forward<Read>(read)(reader, wrong, call);
  if (!wrong.empty()) return refuse_all(std::move(wrong));
  return call;
}

std::string needed_text(ObjectReader& reader, std::string_view name, std::size_t bytes_max) {
  if (reader.need(name) == nullptr) return {};
  auto text = reader.text(name);
  if (!text) return {};
  if (text->size() > bytes_max) {
    reader.refuse(name, fmt::format("is longer than {} bytes", bytes_max));
  }
  return *std::move(text);
}

int needed_integer(ObjectReader& reader, std::string_view name, int least, int most) {
  if (reader.need(name) == nullptr) return least;
  return reader.integer(name, least, most).value_or(least);
}

Duration needed_wait(ObjectReader& reader) {
  if (reader.need("wait_seconds") == nullptr) return {};
  return reader.seconds("wait_seconds", limits::claim_wait_max).value_or(Duration{});
}

std::string worker_id(ObjectReader& reader) {
  return needed_text(reader, "worker_id", limits::worker_name_bytes_max);
}

// In either spelling of a type's name; stored is the one.
std::vector<std::string> type_names(ObjectReader& reader) {
  std::vector<std::string> types;
  if (reader.need("types") == nullptr ||
      reader.list("types", limits::worker_types_max) == nullptr) {
    return types;
  }
  for (const auto& type : reader.texts("types")) {
    if (const auto good = check_type_name(type); !good) {
      reader.refuse_item("types", types.size(), good.error().message);
    }
    types.emplace_back(canonical_type_name(type));
  }
  return types;
}

// Calls `read` for each object of a list, with its pointer.
template <class Read>
void each_object(ObjectReader& reader, std::vector<FieldError>& wrong, std::string_view name,
                 std::size_t items_max, const Read& read) {
  if (reader.need(name) == nullptr) return;
  const auto* list = reader.list(name, items_max);
  if (list == nullptr) return;
  for (std::size_t i = 0; i < list->size(); ++i) {
    if (const auto* object = (*list)[i].if_object()) {
      ObjectReader item(*object, wrong, fmt::format("{}/{}", reader.pointer(name), i));
      read(item);
    } else {
      reader.refuse_item(name, i, "must be an object");
    }
  }
}

Fence read_fence(ObjectReader& reader) {
  Fence fence;
  if (reader.need("task_id") != nullptr) {
    fence.task_id = reader.whole("task_id", 1, std::numeric_limits<TaskId>::max()).value_or(0);
  }
  fence.attempt = needed_integer(reader, "attempt", 1, limits::attempts_max);
  if (reader.need("lease_id") == nullptr) return fence;
  const auto text = reader.text("lease_id");
  if (!text) return fence;
  if (const auto lease_id = parse_lease_id(*text)) {
    fence.lease_id = *lease_id;
  } else {
    reader.refuse("lease_id", "must be a lease_id as the claim answered it");
  }
  return fence;
}

LogLevel read_level(ObjectReader& reader) {
  const auto text = reader.text("level");
  if (!text) return LogLevel::info;
  for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    if (*text == to_text(level)) return level;
  }
  reader.refuse("level", "must be debug, info, warning or error");
  return LogLevel::info;
}

WorkLogLine read_log_line(ObjectReader& reader) {
  constexpr std::array<std::string_view, 4> fields{"line", "at", "level", "text"};
  WorkLogLine line;
  line.line = needed_integer(reader, "line", 1, std::numeric_limits<int>::max());
  line.at = reader.time("at");
  line.level = read_level(reader);
  // Longer text is cut where it is stored.
  if (reader.need("text") != nullptr) line.text = reader.text("text").value_or("");
  reader.refuse_others(fields, "a log line");
  return line;
}

HeartbeatTask read_beat(ObjectReader& reader, std::vector<FieldError>& wrong) {
  constexpr std::array<std::string_view, 6> fields{"task_id",  "attempt", "lease_id",
                                                   "progress", "log",     "checkpoint"};
  HeartbeatTask task;
  task.fence = read_fence(reader);
  if (const auto progress = reader.number("progress")) {
    task.progress = std::clamp(*progress, 0.0, 1.0);
  }
  if (reader.find("log") != nullptr) {
    each_object(reader, wrong, "log", limits::log_lines_max,
                [&](ObjectReader& line) { task.log.push_back(read_log_line(line)); });
  }
  if (const auto* checkpoint = reader.find("checkpoint")) {
    task.checkpoint = to_text(*checkpoint);
    if (task.checkpoint->size() > limits::checkpoint_bytes_max) {
      reader.refuse("checkpoint", fmt::format("is larger than {} bytes of JSON text",
                                              limits::checkpoint_bytes_max));
    }
  }
  reader.refuse_others(fields, "a task of a heartbeat");
  return task;
}

std::optional<ReportOutcome> read_outcome(ObjectReader& reader) {
  if (reader.need("outcome") == nullptr) return std::nullopt;
  const auto text = reader.text("outcome");
  if (!text) return std::nullopt;
  constexpr std::array<std::pair<std::string_view, ReportOutcome>, 4> outcomes{
      {{"completed", ReportOutcome::completed},
       {"failed", ReportOutcome::failed},
       {"snoozed", ReportOutcome::snoozed},
       {"released", ReportOutcome::released}}};
  for (const auto& [name, outcome] : outcomes) {
    if (*text == name) return outcome;
  }
  reader.refuse("outcome", "must be completed, failed, snoozed or released");
  return std::nullopt;
}

// "auto", "never" or {"after_seconds": 30}.
Retry read_retry(ObjectReader& reader, std::vector<FieldError>& wrong) {
  const auto* value = reader.find("retry");
  if (value == nullptr) return RetryByPolicy{};
  if (const auto* text = value->if_string()) {
    if (*text == "auto") return RetryByPolicy{};
    if (*text == "never") return RetryNever{};
  } else if (const auto* object = value->if_object()) {
    constexpr std::array<std::string_view, 1> fields{"after_seconds"};
    ObjectReader after(*object, wrong, reader.pointer("retry"));
    after.refuse_others(fields, "retry");
    if (after.need("after_seconds") == nullptr) return RetryByPolicy{};
    return RetryAfter{after.seconds("after_seconds", limits::delay_max).value_or(Duration{})};
  }
  reader.refuse("retry", R"(must be "auto", "never" or {"after_seconds": …})");
  return RetryByPolicy{};
}

// A field that another outcome would carry is a mistake of the caller's.
void refuse_unless(bool fits, ObjectReader& reader, std::string_view name,
                   std::string_view outcome) {
  if (fits || reader.find(name) == nullptr) return;
  reader.refuse(name, fmt::format("is told of what {} only", outcome));
}

Report read_report(ObjectReader& reader, std::vector<FieldError>& wrong) {
  constexpr std::array<std::string_view, 8> fields{
      "task_id", "attempt", "lease_id", "outcome", "result", "error_message", "retry", "seconds"};
  Report report;
  report.fence = read_fence(reader);
  const auto outcome = read_outcome(reader);
  if (outcome) {
    report.outcome = *outcome;
    refuse_unless(*outcome == ReportOutcome::completed, reader, "result", "completed");
    refuse_unless(*outcome == ReportOutcome::failed, reader, "error_message", "failed");
    refuse_unless(*outcome == ReportOutcome::failed, reader, "retry", "failed");
    refuse_unless(*outcome == ReportOutcome::snoozed, reader, "seconds", "is snoozed");
    if (*outcome == ReportOutcome::snoozed) reader.need("seconds");
  }
  if (const auto* result = reader.find("result")) report.result = to_text(*result);
  // Longer text is cut where it is stored.
  report.error_message = reader.text("error_message").value_or("");
  report.retry = read_retry(reader, wrong);
  report.delay = reader.seconds("seconds", limits::delay_max).value_or(Duration{});
  reader.refuse_others(fields, "a report");
  return report;
}

std::optional<NextClaim> read_next_claim(ObjectReader& reader, std::vector<FieldError>& wrong) {
  const auto* value = reader.find("claim");
  if (value == nullptr) return std::nullopt;
  const auto* object = value->if_object();
  if (object == nullptr) {
    reader.refuse("claim", "must be an object");
    return std::nullopt;
  }
  constexpr std::array<std::string_view, 2> fields{"limit", "wait_seconds"};
  ObjectReader inner(*object, wrong, reader.pointer("claim"));
  NextClaim claim;
  claim.limit = needed_integer(inner, "limit", 1, limits::claim_tasks_max);
  claim.wait = needed_wait(inner);
  inner.refuse_others(fields, "a report's claim");
  return claim;
}

// What a worker is called stands in addresses and logs.
void check_worker_name(ObjectReader& reader, const std::string& name) {
  const auto good = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  if (reader.find("name") == nullptr || !reader.find("name")->is_string()) return;
  if (name.empty() || !std::ranges::all_of(name, good)) {
    reader.refuse("name", "must be of letters, digits, '_', '.' and '-'");
  }
}

JsonArray handed_tasks(const HandedTasks& handed) {
  JsonArray tasks;
  for (const auto& one : handed.tasks) {
    tasks.push_back(JsonObject{{"task", task_to_json(one.task)},
                               {"attempt", one.fence.attempt},
                               {"lease_id", to_text(one.fence.lease_id)},
                               {"lease_expires_at", time_to_json(one.lease_expires_at)},
                               {"deadline_at", time_to_json(one.deadline_at)},
                               {"checkpoint", one.checkpoint},
                               {"traceparent", text_or_null(one.task.traceparent)}});
  }
  return tasks;
}

}  // namespace

Expected<WorkerRegistration> registration_from_json(const Json& body) {
  constexpr std::array<std::string_view, 6> fields{"name",    "host",  "pid",
                                                   "version", "types", "slots"};
  return read_body<WorkerRegistration>(
      body, "a worker", [&](ObjectReader& reader, auto& /*wrong*/, WorkerRegistration& worker) {
        worker.name = needed_text(reader, "name", limits::registered_name_bytes_max);
        check_worker_name(reader, worker.name);
        worker.host = needed_text(reader, "host", limits::worker_text_bytes_max);
        worker.pid = needed_integer(reader, "pid", 0, std::numeric_limits<int>::max());
        worker.version = needed_text(reader, "version", limits::worker_text_bytes_max);
        worker.types = type_names(reader);
        const auto* types = reader.find("types");
        if (types != nullptr && types->is_array() && types->get_array().empty()) {
          reader.refuse("types", "must name at least one type");
        }
        worker.slots = needed_integer(reader, "slots", 1, limits::worker_slots_max);
        reader.refuse_others(fields, "a worker");
      });
}

Expected<ClaimCall> claim_from_json(const Json& body) {
  constexpr std::array<std::string_view, 4> fields{"worker_id", "types", "limit", "wait_seconds"};
  return read_body<ClaimCall>(
      body, "a claim", [&](ObjectReader& reader, auto& /*wrong*/, ClaimCall& call) {
        call.worker_id = worker_id(reader);
        call.types = type_names(reader);
        call.limit = needed_integer(reader, "limit", 1, limits::claim_tasks_max);
        call.wait = needed_wait(reader);
        reader.refuse_others(fields, "a claim");
      });
}

Expected<HeartbeatCall> heartbeat_from_json(const Json& body) {
  constexpr std::array<std::string_view, 2> fields{"worker_id", "tasks"};
  return read_body<HeartbeatCall>(
      body, "a heartbeat", [&](ObjectReader& reader, auto& wrong, HeartbeatCall& call) {
        call.worker_id = worker_id(reader);
        each_object(reader, wrong, "tasks", limits::heartbeat_tasks_max,
                    [&](ObjectReader& item) { call.tasks.push_back(read_beat(item, wrong)); });
        reader.refuse_others(fields, "a heartbeat");
      });
}

Expected<ReportCall> report_from_json(const Json& body) {
  constexpr std::array<std::string_view, 3> fields{"worker_id", "reports", "claim"};
  return read_body<ReportCall>(
      body, "a batch of reports", [&](ObjectReader& reader, auto& wrong, ReportCall& call) {
        call.worker_id = worker_id(reader);
        each_object(reader, wrong, "reports", limits::report_items_max,
                    [&](ObjectReader& item) { call.reports.push_back(read_report(item, wrong)); });
        call.claim = read_next_claim(reader, wrong);
        reader.refuse_others(fields, "a batch of reports");
      });
}

Json registered_to_json(const RegisteredWorker& worker) {
  return JsonObject{{"worker_id", worker.worker_id},
                    {"heartbeat_seconds", seconds_to_json(worker.heartbeat)},
                    {"lease_seconds", seconds_to_json(worker.lease)}};
}

Json claimed_to_json(const HandedTasks& handed) {
  return JsonObject{{"tasks", handed_tasks(handed)}};
}

Json heartbeat_to_json(const HeartbeatAnswer& answer) {
  JsonArray tasks;
  for (const auto& task : answer.tasks) {
    tasks.push_back(JsonObject{{"task_id", task.task_id},
                               {"status", to_text(task.status)},
                               {"lease_expires_at", time_to_json(task.lease_expires_at)}});
  }
  return JsonObject{{"command", to_text(answer.command)}, {"tasks", std::move(tasks)}};
}

Json reported_to_json(const ReportAnswer& answer, const HandedTasks& next) {
  JsonArray reports;
  for (const auto& report : answer.reports) {
    reports.push_back(JsonObject{{"task_id", report.task_id}, {"status", to_text(report.status)}});
  }
  return JsonObject{{"reports", std::move(reports)}, {"tasks", handed_tasks(next)}};
}

}  // namespace esteira::api
