#include "base/assert.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

Expected<void> Repository::put_session(const Session& session) {
  const RecursiveLock lock{mutex_};
  Params params;
  params.add(session.token_hash)
      .add(session.key_id)
      .add(session.created_at)
      .add(session.seen_at)
      .add(session.expires_at);
  ESTEIRA_TRY(connection_.write(sql::put_session, std::move(params)));
  return {};
}

Expected<std::optional<Session>> Repository::session(const Sha256& token_hash) {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::session_by_hash, Params{}.add(token_hash)));
  if (rows.size() == 0) return std::nullopt;
  return Session{.token_hash = rows.sha256(0, 0),
                 .key_id = std::string{rows.text(0, 1)},
                 .created_at = rows.time(0, 2),
                 .seen_at = rows.time(0, 3),
                 .expires_at = rows.time(0, 4)};
}

Expected<void> Repository::touch_session(const Sha256& token_hash, Time now) {
  const RecursiveLock lock{mutex_};
  ESTEIRA_TRY(connection_.write(sql::touch_session, Params{}.add(token_hash).add(now)));
  return {};
}

Expected<void> Repository::remove_session(const Sha256& token_hash) {
  const RecursiveLock lock{mutex_};
  ESTEIRA_TRY(connection_.write(sql::remove_session, Params{}.add(token_hash)));
  return {};
}

}  // namespace esteira::postgres
