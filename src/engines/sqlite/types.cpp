#include "domain/gate.hpp"
#include "domain/limits.hpp"
#include "engines/sqlite/operations.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {

Expected<TaskType> read_type(const Query& row) {
  TaskType type;
  type.type_id = row.small(0);
  type.name = row.text(1);
  type.description = row.text(2);
  type.created_at = row.time(3);
  type.updated_at = row.optional_time(4);
  type.paused = row.small(5) != 0;
  type.max_retries = row.small(6);
  type.timeout = row.duration(7);
  type.back_off = {.base = row.duration(8),
                   .factor = row.real(9),
                   .cap = row.duration(10),
                   .jitter = row.small(11) != 0};
  type.payload_schema = row.text(12);
  type.retention = {
      .completed = row.duration(13), .failed = row.duration(14), .cancelled = row.duration(15)};
  if (!row.is_null(16)) type.concurrency = row.small(16);
  type.rate = row.optional_text(17);
  type.flow = ESTEIRA_TRY(parse_flow_policy(row.view(18)));
  type.gated = row.small(19) != 0;
  if (!row.is_null(20)) type.breaker = read_breaker_state(row.view(20));
  return type;
}

Expected<std::vector<TaskType>> types(Connection& connection) {
  auto query = ESTEIRA_TRY(connection.query(sql::types));
  std::vector<TaskType> types;
  while (ESTEIRA_TRY(query.step())) types.push_back(ESTEIRA_TRY(read_type(query)));
  return types;
}

Expected<std::int64_t> types_version(Connection& connection) {
  auto query = ESTEIRA_TRY(connection.query(sql::types_version));
  return ESTEIRA_TRY(query.step()) ? query.integer(0) : 0;
}

Expected<TaskType> put_type(Connection& connection, const TaskType& type, Time now) {
  const auto timeout = type.timeout > Duration{0} ? type.timeout : limits::timeout_default;
  const auto& back_off = type.back_off;
  const auto& retention = type.retention;
  ESTEIRA_TRY(connection.run(sql::type_put, type.name, type.description, now, type.paused,
                             type.max_retries, timeout, back_off.base, back_off.factor,
                             back_off.cap, back_off.jitter, type.payload_schema,
                             retention.completed, retention.failed, retention.cancelled,
                             type.concurrency, type.rate, to_text(type.flow), is_gated(type)));
  ESTEIRA_TRY(connection.run(sql::types_version_raise));
  auto query = ESTEIRA_TRY(connection.query(sql::type_by_name));
  query.bind(type.name);
  if (!ESTEIRA_TRY(query.step())) return fail(ErrorCode::internal, "a stored type can't be read");
  return read_type(query);
}

}  // namespace esteira::sqlite
