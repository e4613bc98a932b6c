#include "engines/sqlite/operations.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {

Expected<void> put_key(Connection& connection, const StoredKey& stored) {
  const ApiKey& key = stored.key;
  const std::string scopes = to_text(key.scopes);
  std::optional<std::string> rate;
  if (key.rate) rate = to_text(*key.rate);
  auto query = ESTEIRA_TRY(connection.query(sql::key_put));
  ESTEIRA_TRY(query.run_with(key.key_id, key.name, scopes, stored.secret_hash, key.created_at,
                             key.expires_at, key.last_used_at, key.revoked_at, rate));
  if (query.changes() == 0) return fail(ErrorCode::conflict, "the key's id is taken");
  return {};
}

Expected<std::vector<StoredKey>> keys(Connection& connection) {
  auto query = ESTEIRA_TRY(connection.query(sql::keys));
  std::vector<StoredKey> keys;
  while (ESTEIRA_TRY(query.step())) {
    keys.push_back({.key = {.key_id = query.text(0),
                            .name = query.text(1),
                            .scopes = known_scopes(query.view(2)),
                            .created_at = query.time(4),
                            .expires_at = query.optional_time(5),
                            .last_used_at = query.optional_time(6),
                            .revoked_at = query.optional_time(7),
                            .rate = known_rate(query.optional_text(8))},
                    .secret_hash = query.sha256(3)});
  }
  return keys;
}

Expected<bool> revoke_key(Connection& connection, std::string_view key_id, Time now) {
  auto query = ESTEIRA_TRY(connection.query(sql::key_revoke));
  ESTEIRA_TRY(query.run_with(key_id, now));
  return query.changes() > 0;
}

Expected<void> touch_keys(Connection& connection, std::span<const KeyUse> uses) {
  auto query = ESTEIRA_TRY(connection.query(sql::key_touch));
  for (const KeyUse& use : uses) ESTEIRA_TRY(query.run_with(use.key_id, use.at));
  return {};
}

}  // namespace esteira::sqlite
