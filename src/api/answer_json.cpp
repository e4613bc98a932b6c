#include "api/answer_json.hpp"

#include <fmt/format.h>

#include "api/object_reader.hpp"
#include "base/assert.hpp"
#include "domain/limits.hpp"

namespace esteira::api {
namespace {

// As long as a type may keep its tasks.
constexpr Duration length_max = std::chrono::hours{24 * 36'500};

// What has to be there; the reader has noted what is not, and the value is then of no matter.
std::string need_text(ObjectReader& reader, std::string_view name) {
  reader.need(name);
  return reader.text(name).value_or("");
}

std::int64_t need_whole(ObjectReader& reader, std::string_view name) {
  reader.need(name);
  return reader
      .whole(name, std::numeric_limits<std::int64_t>::min(),
             std::numeric_limits<std::int64_t>::max())
      .value_or(0);
}

int need_integer(ObjectReader& reader, std::string_view name) {
  reader.need(name);
  return reader.integer(name).value_or(0);
}

double need_number(ObjectReader& reader, std::string_view name) {
  reader.need(name);
  return reader.number(name).value_or(0);
}

Time need_time(ObjectReader& reader, std::string_view name) {
  reader.need(name);
  return reader.time(name).value_or(Time{});
}

Duration need_seconds(ObjectReader& reader, std::string_view name) {
  reader.need(name);
  return reader.seconds(name, length_max).value_or(Duration{});
}

bool need_boolean(ObjectReader& reader, std::string_view name) {
  reader.need(name);
  return reader.boolean(name).value_or(false);
}

template <class Value>
Value need_word(ObjectReader& reader, std::string_view name,
                Expected<Value> (*parse)(std::string_view)) {
  const auto text = need_text(reader, name);
  const auto value = parse(text);
  if (!value) reader.refuse(name, "is a word that this program does not know");
  return value.value_or(Value{});
}

Json json_of(const ObjectReader& reader, std::string_view name) {
  const auto* value = reader.find(name);
  return value == nullptr ? Json(nullptr) : *value;
}

Expected<LogLevel> parse_log_level(std::string_view text) {
  for (const auto level : {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    if (text == to_text(level)) return level;
  }
  return fail(ErrorCode::invalid_argument, "");
}

// Reads the object under `name`.
template <class Read>
void within(ObjectReader& reader, std::vector<FieldError>& wrong, std::string_view name,
            const Read& read) {
  const auto* value = reader.need(name);
  if (value == nullptr) return;
  if (const auto* object = value->if_object()) {
    ObjectReader inner(*object, wrong, reader.pointer(name));
    return read(inner);
  }
  reader.refuse(name, "must be an object");
}

Percentiles need_percentiles(ObjectReader& reader, std::vector<FieldError>& wrong,
                             std::string_view name) {
  Percentiles percentiles;
  within(reader, wrong, name, [&](ObjectReader& inner) {
    percentiles = {need_number(inner, "p50"), need_number(inner, "p95"), need_number(inner, "p99")};
  });
  return percentiles;
}

template <class T, class Read>
Expected<T> read_answer(const Json& answer, std::string_view what, const Read& read) {
  std::vector<FieldError> wrong;
  T value{};
  if (const auto* object = answer.if_object()) {
    ObjectReader reader(*object, wrong);
    read(reader, wrong, value);
  } else {
    wrong.push_back({"", "must be an object"});
  }
  if (wrong.empty()) return value;
  return fail(ErrorCode::internal,
              fmt::format("the server answered something that is no {}: {} {}; is it of another "
                          "version?",
                          what, wrong.front().pointer, wrong.front().message));
}

TypeStats read_type_stats(ObjectReader& reader, std::vector<FieldError>& wrong) {
  return {.type = need_text(reader, "type"),
          .pending = need_whole(reader, "pending"),
          .ready = need_whole(reader, "ready"),
          .processing = need_whole(reader, "processing"),
          .oldest_waiting_seconds = need_number(reader, "oldest_waiting_seconds"),
          .completed_per_minute = need_number(reader, "completed_per_minute"),
          .failed_per_minute = need_number(reader, "failed_per_minute"),
          .failure_rate = need_number(reader, "failure_rate"),
          .wait_seconds = need_percentiles(reader, wrong, "wait_seconds"),
          .run_seconds = need_percentiles(reader, wrong, "run_seconds")};
}

// Stored schemas are JSON; one that is not (put there by hand) is told as text.
std::string schema_text(const ObjectReader& reader) {
  const auto* schema = reader.find("payload_schema");
  if (schema == nullptr) return "";
  if (const auto* text = schema->if_string()) return {text->data(), text->size()};
  return to_text(*schema);
}

}  // namespace

Expected<Task> task_from_json(const Json& answer) {
  return read_answer<Task>(answer, "task", [](ObjectReader& reader, auto& /*wrong*/, Task& task) {
    task.task_id = need_whole(reader, "task_id");
    task.type = need_text(reader, "type");
    task.status = need_word(reader, "status", &parse_task_status);
    task.priority = need_integer(reader, "priority");
    task.retries = need_integer(reader, "retries");
    task.max_retries = need_integer(reader, "max_retries");
    task.attempt = need_integer(reader, "attempt");
    task.payload = json_of(reader, "payload");
    task.result = json_of(reader, "result");
    task.error_message = reader.text("error_message");
    task.scheduled_for = reader.time("scheduled_for");
    task.started_at = reader.time("started_at");
    task.completed_at = reader.time("completed_at");
    task.created_at = need_time(reader, "created_at");
    task.updated_at = reader.time("updated_at");
    task.crashes = need_integer(reader, "crashes");
    task.progress = reader.number("progress");
    task.tags = reader.texts("tags");
    task.unique_key = reader.text("unique_key");
    if (reader.find("unique_scope") != nullptr) {
      task.unique_scope = need_word(reader, "unique_scope", &parse_unique_scope);
    }
    task.expires_at = reader.time("expires_at");
    task.batch_id = reader.text("batch_id");
    task.rate_cost = need_whole(reader, "rate_cost");
    if (const auto* list = reader.list("depends_on", limits::depends_on_max)) {
      for (const auto& id : *list) {
        if (id.is_int64()) task.depends_on.push_back(id.get_int64());
      }
    }
    task.worker = reader.text("worker");
    task.encrypted = reader.boolean("encrypted").value_or(false);
    task.unreadable = reader.text("unreadable");
  });
}

Expected<Execution> execution_from_json(const Json& answer) {
  return read_answer<Execution>(
      answer, "execution", [](ObjectReader& reader, auto& /*wrong*/, Execution& execution) {
        execution.execution_id = need_whole(reader, "execution_id");
        execution.task_id = need_whole(reader, "task_id");
        execution.attempt = need_integer(reader, "attempt");
        execution.status = need_word(reader, "status", &parse_execution_status);
        execution.started_at = need_time(reader, "started_at");
        execution.completed_at = reader.time("completed_at");
        execution.error_message = reader.text("error_message");
        execution.metadata = json_of(reader, "metadata");
      });
}

namespace {

void breaker_from_json(ObjectReader& reader, TaskType& type) {
  type.flow.breaker = CircuitBreaker{.failure_rate = need_number(reader, "failure_rate"),
                                     .attempts = need_integer(reader, "attempts"),
                                     .window = need_seconds(reader, "window_seconds"),
                                     .open = need_seconds(reader, "open_seconds"),
                                     .probes = need_integer(reader, "probes")};
  type.breaker.phase = need_word(reader, "phase", &parse_breaker_phase);
  type.breaker.until = reader.time("until").value_or(Time{});
}

FlowPolicy flow_from_json(ObjectReader& reader) {
  FlowPolicy flow{.key = need_text(reader, "key"),
                  .key_concurrency = reader.integer("concurrency"),
                  .key_rate = reader.text("rate"),
                  .ordered = need_boolean(reader, "ordered")};
  const auto* weights = reader.find("weights");
  if (weights == nullptr || !weights->is_object()) return flow;
  for (const auto& [key, weight] : weights->get_object()) {
    if (weight.is_int64()) flow.weights.emplace(key, static_cast<int>(weight.get_int64()));
  }
  return flow;
}

}  // namespace

Expected<TaskType> type_from_json(const Json& answer) {
  return read_answer<TaskType>(
      answer, "task type", [](ObjectReader& reader, auto& wrong, TaskType& type) {
        type.type_id = need_integer(reader, "type_id");
        type.name = need_text(reader, "name");
        type.description = need_text(reader, "description");
        type.paused = need_boolean(reader, "paused");
        type.max_retries = need_integer(reader, "max_retries");
        type.timeout = need_seconds(reader, "timeout_seconds");
        within(reader, wrong, "back_off", [&](ObjectReader& inner) {
          type.back_off = {.base = need_seconds(inner, "base_seconds"),
                           .factor = need_number(inner, "factor"),
                           .cap = need_seconds(inner, "cap_seconds"),
                           .jitter = need_boolean(inner, "jitter")};
        });
        type.payload_schema = schema_text(reader);
        within(reader, wrong, "retention", [&](ObjectReader& inner) {
          type.retention = {.completed = need_seconds(inner, "completed_seconds"),
                            .failed = need_seconds(inner, "failed_seconds"),
                            .cancelled = need_seconds(inner, "cancelled_seconds")};
        });
        type.concurrency = reader.integer("concurrency");
        type.rate = reader.text("rate");
        if (reader.find("flow") != nullptr) {
          within(reader, wrong, "flow",
                 [&](ObjectReader& inner) { type.flow = flow_from_json(inner); });
        }
        type.flow.encrypted = reader.boolean("encrypted").value_or(false);
        type.flow.max_waiting =
            reader.whole("max_waiting", 1, std::numeric_limits<std::int64_t>::max());
        if (reader.find("breaker") != nullptr) {
          within(reader, wrong, "breaker",
                 [&](ObjectReader& inner) { breaker_from_json(inner, type); });
        }
        type.created_at = need_time(reader, "created_at");
        type.updated_at = reader.time("updated_at");
      });
}

Expected<Stats> stats_from_json(const Json& answer) {
  return read_answer<Stats>(
      answer, "statistics", [](ObjectReader& reader, auto& wrong, Stats& stats) {
        stats.generated_at = need_time(reader, "generated_at");
        within(reader, wrong, "by_status", [&](ObjectReader& inner) {
          for (std::size_t i = 0; i < stats.by_status.size(); ++i) {
            stats.by_status[i] = need_whole(inner, to_text(static_cast<TaskStatus>(i)));
          }
        });
        reader.need("types");
        const auto* types = reader.list("types", std::numeric_limits<std::size_t>::max());
        if (types == nullptr) return;
        for (const auto& one : *types) {
          const auto* object = one.if_object();
          const auto place = stats.types.size();
          if (object == nullptr) return reader.refuse_item("types", place, "must be an object");
          ObjectReader inner(*object, wrong, fmt::format("/types/{}", place));
          stats.types.push_back(read_type_stats(inner, wrong));
        }
      });
}

Expected<WorkerRecord> worker_from_json(const Json& answer) {
  return read_answer<WorkerRecord>(answer, "worker",
                                   [](ObjectReader& reader, auto& /*wrong*/, WorkerRecord& worker) {
                                     worker.name = need_text(reader, "name");
                                     worker.host = need_text(reader, "host");
                                     worker.pid = need_integer(reader, "pid");
                                     worker.version = need_text(reader, "version");
                                     worker.types = reader.texts("types");
                                     worker.slots = need_integer(reader, "slots");
                                     worker.started_at = need_time(reader, "started_at");
                                     worker.heartbeat_at = need_time(reader, "heartbeat_at");
                                   });
}

Expected<LogLine> log_line_from_json(const Json& answer) {
  return read_answer<LogLine>(answer, "log line",
                              [](ObjectReader& reader, auto& /*wrong*/, LogLine& line) {
                                line.attempt = need_integer(reader, "attempt");
                                line.line = need_integer(reader, "line");
                                line.at = need_time(reader, "at");
                                line.level = need_word(reader, "level", &parse_log_level);
                                line.text = need_text(reader, "text");
                              });
}

}  // namespace esteira::api
