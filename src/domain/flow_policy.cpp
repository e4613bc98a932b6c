#include "domain/flow_policy.hpp"

namespace esteira {
namespace {

std::optional<std::string> text(const JsonObject& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_string()) return std::nullopt;
  return std::string(value->get_string());
}

std::optional<std::int64_t> whole(const JsonObject& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  if (value == nullptr || !value->is_int64()) return std::nullopt;
  return value->get_int64();
}

std::optional<int> small(const JsonObject& object, std::string_view name) {
  const auto value = whole(object, name);
  if (!value) return std::nullopt;
  return static_cast<int>(*value);
}

bool truth(const JsonObject& object, std::string_view name) {
  const auto* value = object.if_contains(name);
  return value != nullptr && value->is_bool() && value->get_bool();
}

JsonObject breaker_object(const CircuitBreaker& breaker) {
  return {{"failure_rate", breaker.failure_rate},
          {"attempts", breaker.attempts},
          {"window_us", breaker.window.count()},
          {"open_us", breaker.open.count()},
          {"probes", breaker.probes}};
}

std::optional<CircuitBreaker> read_breaker(const JsonObject& object) {
  const auto* value = object.if_contains("breaker");
  if (value == nullptr || !value->is_object()) return std::nullopt;
  const auto& fields = value->get_object();
  CircuitBreaker breaker;
  if (const auto* rate = fields.if_contains("failure_rate"); rate != nullptr && rate->is_number()) {
    breaker.failure_rate = rate->to_number<double>();
  }
  breaker.attempts = small(fields, "attempts").value_or(breaker.attempts);
  breaker.window = Duration{whole(fields, "window_us").value_or(breaker.window.count())};
  breaker.open = Duration{whole(fields, "open_us").value_or(breaker.open.count())};
  breaker.probes = small(fields, "probes").value_or(breaker.probes);
  return breaker;
}

std::map<std::string, int> read_weights(const JsonObject& object) {
  std::map<std::string, int> weights;
  const auto* value = object.if_contains("weights");
  if (value == nullptr || !value->is_object()) return weights;
  for (const auto& [key, weight] : value->get_object()) {
    if (weight.is_int64()) weights.emplace(key, static_cast<int>(weight.get_int64()));
  }
  return weights;
}

}  // namespace

std::string to_text(const FlowPolicy& policy) {
  JsonObject object;
  if (policy.key) object["key"] = *policy.key;
  if (policy.key_concurrency) object["key_concurrency"] = *policy.key_concurrency;
  if (policy.key_rate) object["key_rate"] = *policy.key_rate;
  if (policy.ordered) object["ordered"] = true;
  if (!policy.weights.empty()) {
    object["weights"] = JsonObject(policy.weights.begin(), policy.weights.end());
  }
  if (policy.max_waiting) object["max_waiting"] = *policy.max_waiting;
  if (policy.encrypted) object["encrypted"] = true;
  if (policy.breaker) object["breaker"] = breaker_object(*policy.breaker);
  return to_text(Json(std::move(object)));
}

Expected<FlowPolicy> parse_flow_policy(std::string_view stored) {
  const auto value = parse_json(stored);
  if (!value || !value->is_object()) {
    return fail(ErrorCode::internal, "a type's flow policy is no JSON object");
  }
  const auto& object = value->get_object();
  return FlowPolicy{.key = text(object, "key"),
                    .key_concurrency = small(object, "key_concurrency"),
                    .key_rate = text(object, "key_rate"),
                    .ordered = truth(object, "ordered"),
                    .weights = read_weights(object),
                    .max_waiting = whole(object, "max_waiting"),
                    .encrypted = truth(object, "encrypted"),
                    .breaker = read_breaker(object)};
}

}  // namespace esteira
