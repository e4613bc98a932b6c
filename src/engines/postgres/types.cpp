#include <array>

#include "base/assert.hpp"
#include "domain/gate.hpp"
#include "domain/limits.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

Expected<TaskType> read_type(const Rows& rows, int row) {
  const auto duration = [&](int column) { return Duration{rows.integer(row, column)}; };
  TaskType type;
  type.type_id = rows.small(row, 0);
  type.name = rows.text(row, 1);
  type.description = rows.text(row, 2);
  type.created_at = rows.time(row, 3);
  type.updated_at = rows.time_or(row, 4);
  type.paused = rows.truth(row, 5);
  type.max_retries = rows.small(row, 6);
  type.timeout = duration(7);
  type.back_off = {.base = duration(8),
                   .factor = rows.real(row, 9),
                   .cap = duration(10),
                   .jitter = rows.truth(row, 11)};
  type.payload_schema = rows.text(row, 12);
  type.retention = {.completed = duration(13), .failed = duration(14), .cancelled = duration(15)};
  if (!rows.null(row, 16)) type.concurrency = rows.small(row, 16);
  type.rate = rows.text_or(row, 17);
  type.flow = ESTEIRA_TRY(parse_flow_policy(rows.json(row, 18)));
  type.gated = rows.truth(row, 19);
  if (!rows.null(row, 20)) type.breaker = read_breaker_state(rows.text(row, 20));
  return type;
}

namespace {

// `flow` must outlive the answer.
Params type_params(const TaskType& type, const std::string& flow, Time now) {
  const Duration timeout = type.timeout > Duration{0} ? type.timeout : limits::timeout_default;
  Params params;
  params.add(now)
      .add(type.name)
      .add(type.description)
      .add(type.paused)
      .add(type.max_retries)
      .add(std::int64_t{timeout.count()})
      .add(std::int64_t{type.back_off.base.count()})
      .add(type.back_off.factor)
      .add(std::int64_t{type.back_off.cap.count()})
      .add(type.back_off.jitter)
      .add(type.payload_schema)
      .add(std::int64_t{type.retention.completed.count()})
      .add(std::int64_t{type.retention.failed.count()})
      .add(std::int64_t{type.retention.cancelled.count()})
      .add(type.concurrency);
  if (type.rate) {
    params.add(*type.rate);
  } else {
    params.null<std::string_view>();
  }
  params.add(JsonText{flow}).add(is_gated(type));
  return params;
}

}  // namespace

Expected<std::vector<TaskType>> Repository::types() {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::types));
  std::vector<TaskType> types;
  for (int row = 0; row < rows.size(); ++row) types.push_back(ESTEIRA_TRY(read_type(rows, row)));
  return types;
}

Expected<std::int64_t> Repository::types_version() {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::types_version));
  return rows.integer(0, 0);
}

Expected<TaskType> Repository::put_type(const TaskType& type, Time now) {
  const RecursiveLock lock{mutex_};
  const std::string flow = to_text(type.flow);
  const std::array statements{
      Statement{.sql = sql::types_version_raise},
      Statement{.sql = sql::put_type, .params = type_params(type, flow, now)},
      Statement{.sql = sql::gate_make}};
  const auto answers = ESTEIRA_TRY(connection_.transaction(Effect::writes, statements));
  return read_type(answers[1], 0);
}

}  // namespace esteira::postgres
