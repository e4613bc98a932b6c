// What calls with an idempotency key were answered.
#include "base/assert.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

Expected<std::optional<KeptAnswer>> Repository::kept_answer(std::string_view actor,
                                                            std::string_view key, Time now) {
  const RecursiveLock lock{mutex_};
  Params params;
  params.add(actor).add(key).add(now);
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::find_answer, std::move(params)));
  if (rows.size() == 0) return std::nullopt;
  return KeptAnswer{.hash = std::string{rows.text(0, 0)},
                    .status = rows.small(0, 1),
                    .body = std::string{rows.text(0, 2)}};
}

Expected<void> Repository::keep_answer(std::string_view actor, std::string_view key,
                                       const KeptAnswer& answer, Time now) {
  const RecursiveLock lock{mutex_};
  Params params;
  params.add(actor).add(key).add(answer.hash).add(answer.status).add(answer.body).add(now);
  const Rows rows = ESTEIRA_TRY(connection_.write(sql::keep_answer, std::move(params)));
  if (rows.affected() == 0) {
    return fail(ErrorCode::conflict, "an answer is kept for this idempotency key already");
  }
  return {};
}

}  // namespace esteira::postgres
