// What calls with an idempotency key were answered.
#include "domain/limits.hpp"
#include "engines/sqlite/operations.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {

Expected<std::optional<KeptAnswer>> kept_answer(Connection& connection, std::string_view actor,
                                                std::string_view key, Time now) {
  auto query = ESTEIRA_TRY(connection.query(sql::answer_find));
  query.bind(actor, key, now - limits::idempotency_kept);
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  return KeptAnswer{.hash = query.text(0), .status = query.small(1), .body = query.text(2)};
}

Expected<void> keep_answer(Connection& connection, std::string_view actor, std::string_view key,
                           const KeptAnswer& answer, Time now) {
  auto query = ESTEIRA_TRY(connection.query(sql::answer_keep));
  ESTEIRA_TRY(query.run_with(actor, key, answer.hash, answer.status, answer.body, now,
                             now - limits::idempotency_kept));
  if (query.changes() == 0) {
    return fail(ErrorCode::conflict, "an answer is kept for this idempotency key already");
  }
  return {};
}

}  // namespace esteira::sqlite
