#include "service/type_service.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/utf8.hpp"
#include "domain/flow_key.hpp"
#include "domain/limits.hpp"
#include "processor/payload_schema.hpp"

namespace esteira {
namespace {

constexpr std::size_t description_bytes_max = 1000;
constexpr std::size_t schema_bytes_max = 256 * 1024;
constexpr double back_off_factor_max = 100;
constexpr int concurrency_max = 1'000'000;
constexpr Duration retention_max = std::chrono::hours{24 * 365 * 100};

// Gathers what is wrong with a change, field by field.
class Checks {
 public:
  void require(bool good, std::string_view field, std::string message) {
    if (!good) wrong_.push_back({fmt::format("/{}", field), std::move(message)});
  }
  template <class Value>
  void range(const std::optional<Value>& value, Value low, Value high, std::string_view field,
             std::string_view expected) {
    require(!value || (*value >= low && *value <= high), field,
            fmt::format("must be {}", expected));
  }
  void accept(const Expected<void>& answer, std::string_view field) {
    if (!answer) wrong_.push_back({fmt::format("/{}", field), answer.error().message});
  }
  Expected<void> answer() && {
    if (wrong_.empty()) return {};
    auto message = wrong_.front().pointer.substr(1) + " " + wrong_.front().message;
    return std::unexpected(Error{.code = ErrorCode::invalid_argument,
                                 .message = std::move(message),
                                 .fields = std::move(wrong_)});
  }

 private:
  std::vector<FieldError> wrong_;
};

bool is_plain_text(std::string_view text) {
  return text.find('\0') == std::string_view::npos &&
         find_invalid_utf8(text) == std::string_view::npos;
}

void check_flow(const TypeChange& change, Checks& checks) {
  if (change.flow_key && *change.flow_key != "none") {
    checks.accept(check_flow_pointer(*change.flow_key), "flow/key");
  }
  checks.range(change.flow_concurrency, 0, concurrency_max, "flow/concurrency",
               fmt::format("from 1 to {}, or 0 for no limit", concurrency_max));
  if (change.flow_rate && *change.flow_rate != "none") {
    checks.accept(check_rate(*change.flow_rate), "flow/rate");
  }
  if (!change.flow_weights) return;
  checks.require(change.flow_weights->size() <= limits::flow_weights_max, "flow/weights",
                 fmt::format("must be at most {}", limits::flow_weights_max));
  for (const auto& [key, weight] : *change.flow_weights) {
    checks.require(is_plain_text(key) && key.size() <= limits::flow_key_bytes_max, "flow/weights",
                   fmt::format("must have keys of at most {} bytes", limits::flow_key_bytes_max));
    checks.require(weight >= 1 && weight <= limits::flow_weight_max, "flow/weights",
                   fmt::format("must be whole numbers from 1 to {}", limits::flow_weight_max));
  }
}

void check_breaker(const TypeChange& change, Checks& checks) {
  const auto& rate = change.breaker_failure_rate;
  checks.require(!rate || (*rate >= 0 && *rate <= 1), "breaker/failure_rate",
                 "must be more than 0 and at most 1, or 0 for no breaker");
  checks.range(change.breaker_attempts, 1, limits::breaker_attempts_max, "breaker/attempts",
               fmt::format("from 1 to {}", limits::breaker_attempts_max));
  checks.range(change.breaker_window, Duration{std::chrono::minutes{1}}, limits::breaker_time_max,
               "breaker/window_seconds", "from 1m to 1d");
  checks.range(change.breaker_open, Duration{std::chrono::seconds{1}}, limits::breaker_time_max,
               "breaker/open_seconds", "from 1s to 1d");
  checks.range(change.breaker_probes, 1, limits::breaker_probes_max, "breaker/probes",
               fmt::format("from 1 to {}", limits::breaker_probes_max));
}

Expected<void> check_change(const TypeChange& change) {
  Checks checks;
  if (change.description) {
    checks.require(is_plain_text(*change.description), "description", "must be UTF-8 text");
    checks.require(change.description->size() <= description_bytes_max, "description",
                   fmt::format("must be at most {} bytes", description_bytes_max));
  }
  checks.range(change.max_retries, 0, limits::max_retries_max, "max_retries",
               fmt::format("from 0 to {}", limits::max_retries_max));
  checks.range(change.timeout, Duration{std::chrono::milliseconds{1}}, limits::timeout_max,
               "timeout", "from 1ms to 7d");
  checks.range(change.back_off_base, Duration{0}, limits::delay_max, "back_off_base",
               "at most 365d");
  checks.range(change.back_off_cap, Duration{0}, limits::delay_max, "back_off_cap", "at most 365d");
  checks.require(!change.back_off_factor || (*change.back_off_factor >= 1 &&
                                             *change.back_off_factor <= back_off_factor_max),
                 "back_off_factor", fmt::format("must be from 1 to {}", back_off_factor_max));
  checks.range(change.retention_completed, Duration{0}, retention_max, "retention_completed",
               "at most a hundred years");
  checks.range(change.retention_failed, Duration{0}, retention_max, "retention_failed",
               "at most a hundred years");
  checks.range(change.retention_cancelled, Duration{0}, retention_max, "retention_cancelled",
               "at most a hundred years");
  checks.range(change.concurrency, 0, concurrency_max, "concurrency",
               fmt::format("from 1 to {}, or 0 for no limit", concurrency_max));
  checks.range(change.max_waiting, std::int64_t{0}, limits::max_waiting_max, "max_waiting",
               fmt::format("from 1 to {}, or 0 for no limit", limits::max_waiting_max));
  if (change.rate && *change.rate != "none") checks.accept(check_rate(*change.rate), "rate");
  check_flow(change, checks);
  check_breaker(change, checks);
  if (change.payload_schema && !change.payload_schema->empty()) {
    checks.require(change.payload_schema->size() <= schema_bytes_max, "payload_schema",
                   fmt::format("must be at most {} bytes", schema_bytes_max));
    checks.accept(check_schema(*change.payload_schema), "payload_schema");
  }
  return std::move(checks).answer();
}

template <class Value>
void assign(const std::optional<Value>& from, Value& to) {
  if (from) to = *from;
}

void apply_breaker(const TypeChange& change, FlowPolicy& flow) {
  if (change.breaker_failure_rate == 0.0) return flow.breaker.reset();
  const bool given = change.breaker_failure_rate || change.breaker_attempts ||
                     change.breaker_window || change.breaker_open || change.breaker_probes;
  if (!given) return;
  auto breaker = flow.breaker.value_or(CircuitBreaker{});
  assign(change.breaker_failure_rate, breaker.failure_rate);
  assign(change.breaker_attempts, breaker.attempts);
  assign(change.breaker_window, breaker.window);
  assign(change.breaker_open, breaker.open);
  assign(change.breaker_probes, breaker.probes);
  flow.breaker = breaker;
}

void apply_flow(const TypeChange& change, FlowPolicy& flow) {
  if (change.flow_key) flow.key = change.flow_key;
  if (change.flow_concurrency) flow.key_concurrency = change.flow_concurrency;
  if (flow.key_concurrency == 0) flow.key_concurrency.reset();
  if (change.flow_rate) flow.key_rate = change.flow_rate;
  if (flow.key_rate == "none") flow.key_rate.reset();
  assign(change.flow_ordered, flow.ordered);
  assign(change.flow_weights, flow.weights);
  if (flow.key != "none") return;
  // Without flows nothing of theirs is left.
  flow.key.reset();
  flow.key_concurrency.reset();
  flow.key_rate.reset();
  flow.ordered = false;
  flow.weights.clear();
}

void apply(const TypeChange& change, TaskType& type) {
  assign(change.description, type.description);
  assign(change.max_retries, type.max_retries);
  assign(change.timeout, type.timeout);
  assign(change.back_off_base, type.back_off.base);
  assign(change.back_off_factor, type.back_off.factor);
  assign(change.back_off_cap, type.back_off.cap);
  assign(change.back_off_jitter, type.back_off.jitter);
  assign(change.payload_schema, type.payload_schema);
  assign(change.retention_completed, type.retention.completed);
  assign(change.retention_failed, type.retention.failed);
  assign(change.retention_cancelled, type.retention.cancelled);
  if (change.concurrency) type.concurrency = change.concurrency;
  if (type.concurrency == 0) type.concurrency.reset();
  if (change.rate) type.rate = change.rate;
  if (type.rate == "none") type.rate.reset();
  if (change.max_waiting) type.flow.max_waiting = change.max_waiting;
  if (type.flow.max_waiting == 0) type.flow.max_waiting.reset();
  assign(change.encrypted, type.flow.encrypted);
  apply_flow(change, type.flow);
  apply_breaker(change, type.flow);
}

Expected<void> check_has_flows(const FlowPolicy& flow) {
  const bool limits_flows =
      flow.key_concurrency || flow.key_rate || flow.ordered || !flow.weights.empty();
  if (flow.key || !limits_flows) return {};
  return std::unexpected(
      Error{.code = ErrorCode::invalid_argument,
            .message = "flow/key is missing: without it there are no flows to limit",
            .fields = {{"/flow/key", "is missing: without it there are no flows to limit"}}});
}

// Weights name flows by values of payloads, in the open.
Expected<void> check_names_nothing(const FlowPolicy& flow) {
  if (!flow.encrypted || flow.weights.empty()) return {};
  constexpr std::string_view why =
      "must be empty where payloads are encrypted: they are parts of them";
  return std::unexpected(Error{.code = ErrorCode::invalid_argument,
                               .message = fmt::format("flow/weights {}", why),
                               .fields = {{"/flow/weights", std::string(why)}}});
}

TaskType new_type(std::string_view name) {
  TaskType type;
  type.name = name;
  type.timeout = limits::timeout_default;
  return type;
}

}  // namespace

Expected<void> check_rate(std::string_view rate) {
  ESTEIRA_TRY(parse_rate(rate));
  return {};
}

Expected<std::vector<TaskType>> TypeService::list() {
  auto types = ESTEIRA_TRY(repository_->types());
  std::ranges::sort(types, {}, &TaskType::name);
  return types;
}

Expected<TaskType> TypeService::find(std::string_view name) {
  const auto wanted = canonical_type_name(name);
  ESTEIRA_TRY(check_type_name(wanted));
  auto types = ESTEIRA_TRY(repository_->types());
  const auto found = std::ranges::find(types, wanted, &TaskType::name);
  if (found != types.end()) return std::move(*found);
  return fail(ErrorCode::not_found, fmt::format("there is no task type '{}'", wanted));
}

Expected<ChangedType> TypeService::set(std::string_view name, const TypeChange& change) {
  ESTEIRA_TRY(check_change(change));
  auto found = find(name);
  const bool created = !found && found.error().code == ErrorCode::not_found;
  if (created) found = new_type(canonical_type_name(name));
  auto type = ESTEIRA_TRY(std::move(found));
  apply(change, type);
  if (type.back_off.cap < type.back_off.base) {
    return std::unexpected(
        Error{.code = ErrorCode::invalid_argument,
              .message = "back_off_cap must not be less than back_off_base",
              .fields = {{"/back_off_cap", fmt::format("must be at least {}, the base",
                                                       format_duration(type.back_off.base))}}});
  }
  ESTEIRA_TRY(check_has_flows(type.flow));
  ESTEIRA_TRY(check_names_nothing(type.flow));
  return ChangedType{ESTEIRA_TRY(repository_->put_type(type, clock_->now())), created};
}

Expected<TaskType> TypeService::pause(std::string_view name) { return set_paused(name, true); }
Expected<TaskType> TypeService::resume(std::string_view name) { return set_paused(name, false); }

Expected<TaskType> TypeService::set_paused(std::string_view name, bool paused) {
  auto type = ESTEIRA_TRY(find(name));
  if (type.paused == paused) return type;
  type.paused = paused;
  auto stored = ESTEIRA_TRY(repository_->put_type(type, clock_->now()));
  if (!paused) repository_->hint();
  return stored;
}

Expected<void> TypeService::ensure(std::span<const TypeSeed> seeds, const Retention& retention) {
  const auto types = ESTEIRA_TRY(repository_->types());
  for (const auto& seed : seeds) {
    if (std::ranges::find(types, seed.name, &TaskType::name) != types.end()) continue;
    auto type = new_type(seed.name);
    type.description = seed.description;
    type.payload_schema = seed.payload_schema;
    type.retention = retention;
    ESTEIRA_TRY(repository_->put_type(type, clock_->now()));
  }
  return {};
}

}  // namespace esteira
