#include <limits>

#include "base/assert.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {
namespace {

std::vector<AuditRecord> read_records(const Rows& rows) {
  std::vector<AuditRecord> records;
  for (int row = 0; row < rows.size(); ++row) {
    records.push_back({.seq = rows.integer(row, 0),
                       .at = rows.time(row, 1),
                       .entry = {.actor = std::string{rows.text(row, 2)},
                                 .action = std::string{rows.text(row, 3)},
                                 .target = std::string{rows.text(row, 4)},
                                 .before = rows.text_or(row, 5),
                                 .after = rows.text_or(row, 6),
                                 .address = std::string{rows.text(row, 7)}},
                       .previous_hash = rows.sha256(row, 8),
                       .hash = rows.sha256(row, 9)});
  }
  return records;
}

void add_text_or(Params& params, const std::optional<std::string>& text) {
  text ? params.add(*text) : params.null<std::string_view>();
}

}  // namespace

// The lock is waited for in a statement of its own: the next one sees what its last holder wrote.
Expected<AuditRecord> Repository::append_audit(const AuditEntry& entry, Time now) {
  const RecursiveLock lock{mutex_};
  Transaction transaction{connection_};
  ESTEIRA_TRY(transaction.begin());
  ESTEIRA_TRY(transaction.run(sql::audit_lock));
  const Rows rows = ESTEIRA_TRY(transaction.run(sql::audit_head));
  AuditHead head;
  if (rows.size() > 0) head = {.seq = rows.integer(0, 0), .hash = rows.sha256(0, 1)};
  AuditRecord record = next_audit_record(head, entry, now);
  Params params;
  params.add(record.seq)
      .add(record.at)
      .add(record.entry.actor)
      .add(record.entry.action)
      .add(record.entry.target);
  add_text_or(params, record.entry.before);
  add_text_or(params, record.entry.after);
  params.add(record.entry.address).add(record.previous_hash).add(record.hash);
  ESTEIRA_TRY(transaction.run(sql::audit_insert, params));
  ESTEIRA_TRY(transaction.commit());
  return record;
}

Expected<std::vector<AuditRecord>> Repository::audit_page(std::optional<std::int64_t> before,
                                                          int limit) {
  const RecursiveLock lock{mutex_};
  Params params;
  params.add(before.value_or(std::numeric_limits<std::int64_t>::max())).add(std::int64_t{limit});
  return read_records(ESTEIRA_TRY(connection_.read(sql::audit_page, std::move(params))));
}

Expected<std::vector<AuditRecord>> Repository::audit_scan(std::int64_t after, int limit) {
  const RecursiveLock lock{mutex_};
  Params params;
  params.add(after).add(std::int64_t{limit});
  return read_records(ESTEIRA_TRY(connection_.read(sql::audit_scan, std::move(params))));
}

}  // namespace esteira::postgres
