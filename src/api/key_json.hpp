// Keys and the audit trail, as the HTTP API and `--json` show them.
#pragma once

#include <string>

#include "domain/api_key.hpp"
#include "domain/audit.hpp"
#include "domain/policy.hpp"
#include "esteira/json.hpp"

namespace esteira::api {

// Never holds a secret: whoever has just made a key adds it.
[[nodiscard]] JsonObject key_to_json(const ApiKey& key);
[[nodiscard]] Json audit_record_to_json(const AuditRecord& record);
// {sound, records, head: {seq, hash}, broken: {seq, kind} or null}
[[nodiscard]] Json audit_verdict_to_json(const AuditVerdict& verdict);

// The `before` and `after` of an audit entry: small, and without what is secret. A type's JSON
// Schema, which may be large, is named by its SHA-256.
[[nodiscard]] std::string audited(const ApiKey& key);
[[nodiscard]] std::string audited(const TaskType& type);

}  // namespace esteira::api
