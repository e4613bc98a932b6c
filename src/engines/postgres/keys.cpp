#include "base/assert.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

Expected<void> Repository::put_key(const StoredKey& stored) {
  const RecursiveLock lock{mutex_};
  const ApiKey& key = stored.key;
  Params params;
  params.add(key.key_id)
      .add(key.name)
      .add(to_text(key.scopes))
      .add(stored.secret_hash)
      .add(key.created_at)
      .add(key.expires_at)
      .add(key.last_used_at)
      .add(key.revoked_at);
  key.rate ? params.add(to_text(*key.rate)) : params.null<std::string_view>();
  const Rows rows = ESTEIRA_TRY(connection_.write(sql::put_key, std::move(params)));
  if (rows.affected() == 0) return fail(ErrorCode::conflict, "the key's id is taken");
  return {};
}

Expected<std::vector<StoredKey>> Repository::keys() {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::keys));
  std::vector<StoredKey> keys;
  for (int row = 0; row < rows.size(); ++row) {
    keys.push_back({.key = {.key_id = std::string{rows.text(row, 0)},
                            .name = std::string{rows.text(row, 1)},
                            .scopes = known_scopes(rows.text(row, 2)),
                            .created_at = rows.time(row, 4),
                            .expires_at = rows.time_or(row, 5),
                            .last_used_at = rows.time_or(row, 6),
                            .revoked_at = rows.time_or(row, 7),
                            .rate = known_rate(rows.text_or(row, 8))},
                    .secret_hash = rows.sha256(row, 3)});
  }
  return keys;
}

Expected<bool> Repository::revoke_key(std::string_view key_id, Time now) {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.write(sql::revoke_key, Params{}.add(key_id).add(now)));
  return rows.affected() > 0;
}

Expected<void> Repository::touch_keys(std::span<const KeyUse> uses) {
  const RecursiveLock lock{mutex_};
  Params params;
  params.array<std::string_view>(uses,
                                 [](const KeyUse& use) -> std::string_view { return use.key_id; });
  params.array<Time>(uses, [](const KeyUse& use) { return use.at; });
  ESTEIRA_TRY(connection_.write(sql::touch_keys, std::move(params)));
  return {};
}

}  // namespace esteira::postgres
