#include "api/task_json.hpp"

#include <cmath>

namespace esteira::api {
namespace {

// Three decimals are enough for people and machines, and read better than seventeen.
double to_thousandths(double number) { return std::round(number * 1e3) / 1e3; }

// Microseconds: a no-op runs for less than a millisecond.
Percentiles to_microseconds(const Percentiles& percentiles) {
  const auto rounded = [](double seconds) { return std::round(seconds * 1e6) / 1e6; };
  return {rounded(percentiles.p50), rounded(percentiles.p95), rounded(percentiles.p99)};
}

Json percentiles_to_json(const Percentiles& percentiles) {
  return JsonObject{{"p50", percentiles.p50}, {"p95", percentiles.p95}, {"p99", percentiles.p99}};
}

Json type_stats_to_json(const TypeStats& stats) {
  return JsonObject{
      {"type", stats.type},
      {"pending", stats.pending},
      {"ready", stats.ready},
      {"processing", stats.processing},
      {"oldest_waiting_seconds", stats.oldest_waiting_seconds},
      {"completed_per_minute", stats.completed_per_minute},
      {"failed_per_minute", stats.failed_per_minute},
      {"failure_rate", stats.failure_rate},
      {"wait_seconds", percentiles_to_json(stats.wait_seconds)},
      {"run_seconds", percentiles_to_json(stats.run_seconds)},
  };
}

// A schema was checked when it was stored; one that is no JSON (put there by hand) is shown as
// text.
Json schema_to_json(const std::string& schema) {
  if (schema.empty()) return nullptr;
  auto parsed = parse_json(schema);
  return parsed ? *std::move(parsed) : Json(schema);
}

// Null where the type has none. `until`: of one that is open.
Json breaker_to_json(const TaskType& type) {
  if (!type.flow.breaker) return nullptr;
  const auto& policy = *type.flow.breaker;
  const bool open = type.breaker.phase == BreakerPhase::open;
  return JsonObject{{"failure_rate", policy.failure_rate},
                    {"attempts", policy.attempts},
                    {"window_seconds", seconds_to_json(policy.window)},
                    {"open_seconds", seconds_to_json(policy.open)},
                    {"probes", policy.probes},
                    {"phase", to_text(type.breaker.phase)},
                    {"until", open ? time_to_json(type.breaker.until) : Json(nullptr)}};
}

// Null where the type has no flows.
Json flow_to_json(const FlowPolicy& flow) {
  if (!flow.key) return nullptr;
  return JsonObject{
      {"key", *flow.key},
      {"concurrency", flow.key_concurrency ? Json(*flow.key_concurrency) : Json(nullptr)},
      {"rate", flow.key_rate ? Json(*flow.key_rate) : Json(nullptr)},
      {"ordered", flow.ordered},
      {"weights", JsonObject(flow.weights.begin(), flow.weights.end())}};
}

}  // namespace

Json text_or_null(const std::optional<std::string>& text) {
  return text ? Json(*text) : Json(nullptr);
}

Json time_to_json(const std::optional<Time>& time) {
  return time ? Json(format_time(*time)) : Json(nullptr);
}

Json seconds_to_json(Duration duration) {
  const auto whole = std::chrono::floor<std::chrono::seconds>(duration);
  if (whole == duration) return whole.count();
  return static_cast<double>(duration.count()) / 1e6;
}

Json task_to_json(const Task& task) {
  return JsonObject{
      {"task_id", task.task_id},
      {"type", task.type},
      {"status", to_text(task.status)},
      {"priority", task.priority},
      {"retries", task.retries},
      {"max_retries", task.max_retries},
      {"attempt", task.attempt},
      {"payload", task.payload},
      {"result", task.result},
      {"error_message", text_or_null(task.error_message)},
      {"scheduled_for", time_to_json(task.scheduled_for)},
      {"started_at", time_to_json(task.started_at)},
      {"completed_at", time_to_json(task.completed_at)},
      {"created_at", time_to_json(task.created_at)},
      {"updated_at", time_to_json(task.updated_at)},
      {"crashes", task.crashes},
      {"progress", task.progress ? Json(*task.progress) : Json(nullptr)},
      {"tags", JsonArray(task.tags.begin(), task.tags.end())},
      {"unique_key", text_or_null(task.unique_key)},
      {"worker", text_or_null(task.worker)},
      {"unique_scope", task.unique_key ? Json(to_text(task.unique_scope)) : Json(nullptr)},
      {"expires_at", time_to_json(task.expires_at)},
      {"depends_on", JsonArray(task.depends_on.begin(), task.depends_on.end())},
      {"batch_id", text_or_null(task.batch_id)},
      {"rate_cost", task.rate_cost},
      {"encrypted", task.encrypted},
      {"unreadable", text_or_null(task.unreadable)},
  };
}

Json execution_to_json(const Execution& execution) {
  return JsonObject{
      {"execution_id", execution.execution_id},
      {"task_id", execution.task_id},
      {"attempt", execution.attempt},
      {"status", to_text(execution.status)},
      {"started_at", time_to_json(execution.started_at)},
      {"completed_at", time_to_json(execution.completed_at)},
      {"error_message", text_or_null(execution.error_message)},
      {"metadata", execution.metadata},
  };
}

Stats rounded(Stats stats) {
  for (auto& type : stats.types) {
    type.oldest_waiting_seconds = to_thousandths(type.oldest_waiting_seconds);
    type.completed_per_minute = to_thousandths(type.completed_per_minute);
    type.failed_per_minute = to_thousandths(type.failed_per_minute);
    type.failure_rate = to_thousandths(type.failure_rate);
    type.wait_seconds = to_microseconds(type.wait_seconds);
    type.run_seconds = to_microseconds(type.run_seconds);
  }
  return stats;
}

Json stats_to_json(const Stats& exact) {
  const auto stats = rounded(exact);
  JsonObject by_status;
  for (int i = 0; i < task_statuses; ++i) {
    by_status.emplace(to_text(static_cast<TaskStatus>(i)),
                      stats.by_status[static_cast<std::size_t>(i)]);
  }
  JsonArray types;
  for (const auto& type : stats.types) types.push_back(type_stats_to_json(type));
  return JsonObject{{"generated_at", time_to_json(stats.generated_at)},
                    {"by_status", std::move(by_status)},
                    {"types", std::move(types)}};
}

Json type_to_json(const TaskType& type) {
  return JsonObject{
      {"type_id", type.type_id},
      {"name", type.name},
      {"description", type.description},
      {"paused", type.paused},
      {"max_retries", type.max_retries},
      {"timeout_seconds", seconds_to_json(type.timeout)},
      {"back_off", JsonObject{{"base_seconds", seconds_to_json(type.back_off.base)},
                              {"factor", type.back_off.factor},
                              {"cap_seconds", seconds_to_json(type.back_off.cap)},
                              {"jitter", type.back_off.jitter}}},
      {"payload_schema", schema_to_json(type.payload_schema)},
      {"retention", JsonObject{{"completed_seconds", seconds_to_json(type.retention.completed)},
                               {"failed_seconds", seconds_to_json(type.retention.failed)},
                               {"cancelled_seconds", seconds_to_json(type.retention.cancelled)}}},
      {"concurrency", type.concurrency ? Json(*type.concurrency) : Json(nullptr)},
      {"rate", text_or_null(type.rate)},
      {"flow", flow_to_json(type.flow)},
      {"max_waiting", type.flow.max_waiting ? Json(*type.flow.max_waiting) : Json(nullptr)},
      {"breaker", breaker_to_json(type)},
      {"encrypted", type.flow.encrypted},
      {"created_at", time_to_json(type.created_at)},
      {"updated_at", time_to_json(type.updated_at)},
  };
}

}  // namespace esteira::api
