#include "engines/sqlite/operations.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {

Expected<void> put_session(Connection& connection, const Session& session) {
  return connection.run(sql::session_put, session.token_hash, session.key_id, session.created_at,
                        session.seen_at, session.expires_at);
}

Expected<std::optional<Session>> session(Connection& connection, const Sha256& token_hash) {
  auto query = ESTEIRA_TRY(connection.query(sql::session_find));
  query.bind(token_hash);
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  return Session{.token_hash = query.sha256(0),
                 .key_id = query.text(1),
                 .created_at = query.time(2),
                 .seen_at = query.time(3),
                 .expires_at = query.time(4)};
}

Expected<void> touch_session(Connection& connection, const Sha256& token_hash, Time now) {
  return connection.run(sql::session_touch, token_hash, now);
}

Expected<void> remove_session(Connection& connection, const Sha256& token_hash) {
  return connection.run(sql::session_remove, token_hash);
}

}  // namespace esteira::sqlite
