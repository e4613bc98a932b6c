#include "api/key_json.hpp"

#include "api/task_json.hpp"

namespace esteira::api {
namespace {

// What was checked when it was written; what is no JSON (put there by hand) is shown as text.
Json state_to_json(const std::optional<std::string>& text) {
  if (!text) return nullptr;
  auto parsed = parse_json(*text);
  return parsed ? *std::move(parsed) : Json(*text);
}

}  // namespace

JsonObject key_to_json(const ApiKey& key) {
  JsonArray scopes;
  for (const auto scope : scope_texts(key.scopes)) scopes.emplace_back(scope);
  return {
      {"key_id", key.key_id},
      {"name", key.name},
      {"scopes", std::move(scopes)},
      {"created_at", time_to_json(key.created_at)},
      {"expires_at", time_to_json(key.expires_at)},
      {"last_used_at", time_to_json(key.last_used_at)},
      {"revoked_at", time_to_json(key.revoked_at)},
      {"rate", key.rate ? Json(to_text(*key.rate)) : Json(nullptr)},
  };
}

Json audit_record_to_json(const AuditRecord& record) {
  return JsonObject{
      {"seq", record.seq},
      {"at", time_to_json(record.at)},
      {"actor", record.entry.actor},
      {"action", record.entry.action},
      {"target", record.entry.target},
      {"before", state_to_json(record.entry.before)},
      {"after", state_to_json(record.entry.after)},
      {"address", record.entry.address.empty() ? Json(nullptr) : Json(record.entry.address)},
      {"previous_hash", to_hex(record.previous_hash)},
      {"hash", to_hex(record.hash)},
  };
}

Json audit_verdict_to_json(const AuditVerdict& verdict) {
  Json broken = nullptr;
  if (verdict.broken) {
    broken = JsonObject{{"seq", verdict.broken->seq}, {"kind", to_text(verdict.broken->kind)}};
  }
  return JsonObject{
      {"sound", verdict.sound()},
      {"records", verdict.records},
      {"head", JsonObject{{"seq", verdict.head.seq}, {"hash", to_hex(verdict.head.hash)}}},
      {"broken", std::move(broken)},
  };
}

std::string audited(const ApiKey& key) {
  auto json = key_to_json(key);
  json.erase("key_id");
  json.erase("last_used_at");
  return to_text(Json(std::move(json)));
}

std::string audited(const TaskType& type) {
  auto json = type_to_json(type).as_object();
  for (const auto* name : {"type_id", "name", "created_at", "updated_at"}) json.erase(name);
  if (!type.payload_schema.empty()) {
    json["payload_schema"] = JsonObject{{"sha256", to_hex(sha256(type.payload_schema))}};
  }
  return to_text(Json(std::move(json)));
}

}  // namespace esteira::api
