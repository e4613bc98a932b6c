#include "base/assert.hpp"
#include "engines/sqlite/operations.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {

Expected<void> put_cipher(Connection& connection, TaskId task_id, const TaskCipher& cipher) {
  return connection.run(sql::cipher_put, task_id, cipher.key_id, cipher.wrapped);
}

Expected<std::vector<StoredCipher>> task_ciphers(Connection& connection,
                                                 std::span<const TaskId> ids) {
  std::vector<StoredCipher> found;
  for (const auto task_id : ids) {
    auto query = ESTEIRA_TRY(connection.query(sql::cipher_find));
    query.bind(task_id);
    if (!ESTEIRA_TRY(query.step())) continue;
    found.push_back({task_id, {.key_id = query.text(0), .wrapped = query.text(1)}});
  }
  return found;
}

Expected<void> put_root_cipher(Connection& connection, const TaskCipher& cipher) {
  return connection.run(sql::cipher_root_put, cipher.key_id, cipher.wrapped);
}

Expected<std::vector<CipherCount>> cipher_counts(Connection& connection) {
  auto query = ESTEIRA_TRY(connection.query(sql::cipher_counts));
  std::vector<CipherCount> counts;
  while (ESTEIRA_TRY(query.step())) counts.push_back({query.text(0), query.integer(1)});
  return counts;
}

Expected<std::vector<StoredCipher>> ciphers_under(Connection& connection, const std::string& key_id,
                                                  TaskId after, int limit) {
  auto query = ESTEIRA_TRY(connection.query(sql::ciphers_under));
  query.bind(key_id, after, limit);
  std::vector<StoredCipher> found;
  while (ESTEIRA_TRY(query.step())) {
    found.push_back({query.integer(0), {.key_id = key_id, .wrapped = query.text(1)}});
  }
  return found;
}

Expected<int> rewrap(Connection& connection, std::span<const Rewrapped> rewrapped) {
  int changed = 0;
  auto query = ESTEIRA_TRY(connection.query(sql::cipher_rewrap));
  for (const auto& one : rewrapped) {
    ESTEIRA_TRY(query.run_with(one.task_id, one.from, one.to.key_id, one.to.wrapped));
    changed += query.changes();
  }
  return changed;
}

}  // namespace esteira::sqlite
