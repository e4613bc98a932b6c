#include <limits>

#include "engines/sqlite/operations.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

Expected<std::vector<AuditRecord>> read_records(Query& query) {
  std::vector<AuditRecord> records;
  while (ESTEIRA_TRY(query.step())) {
    records.push_back({.seq = query.integer(0),
                       .at = query.time(1),
                       .entry = {.actor = query.text(2),
                                 .action = query.text(3),
                                 .target = query.text(4),
                                 .before = query.optional_text(5),
                                 .after = query.optional_text(6),
                                 .address = query.text(7)},
                       .previous_hash = query.sha256(8),
                       .hash = query.sha256(9)});
  }
  return records;
}

Expected<AuditHead> audit_head(Connection& connection) {
  auto query = ESTEIRA_TRY(connection.query(sql::audit_head));
  if (!ESTEIRA_TRY(query.step())) return AuditHead{};
  return AuditHead{.seq = query.integer(0), .hash = query.sha256(1)};
}

}  // namespace

// The file's write lock, taken when the transaction began, lets in one at a time.
Expected<AuditRecord> append_audit(Connection& connection, const AuditEntry& entry, Time now) {
  auto record = next_audit_record(ESTEIRA_TRY(audit_head(connection)), entry, now);
  ESTEIRA_TRY(connection.run(sql::audit_insert, record.seq, record.at, record.entry.actor,
                             record.entry.action, record.entry.target, record.entry.before,
                             record.entry.after, record.entry.address, record.previous_hash,
                             record.hash));
  return record;
}

Expected<std::vector<AuditRecord>> audit_page(Connection& connection,
                                              std::optional<std::int64_t> before, int limit) {
  auto query = ESTEIRA_TRY(connection.query(sql::audit_page));
  query.bind(before.value_or(std::numeric_limits<std::int64_t>::max()), limit);
  return read_records(query);
}

Expected<std::vector<AuditRecord>> audit_scan(Connection& connection, std::int64_t after,
                                              int limit) {
  auto query = ESTEIRA_TRY(connection.query(sql::audit_scan));
  query.bind(after, limit);
  return read_records(query);
}

}  // namespace esteira::sqlite
