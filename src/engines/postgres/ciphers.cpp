#include "engines/postgres/ciphers.hpp"

#include <array>

#include "base/assert.hpp"
#include "engines/postgres/repository.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {
namespace {

std::vector<StoredCipher> read_ciphers(const Rows& rows) {
  std::vector<StoredCipher> found;
  for (int row = 0; row < rows.size(); ++row) {
    found.push_back(
        {rows.integer(row, 0),
         {.key_id = std::string{rows.text(row, 1)}, .wrapped = std::string{rows.text(row, 2)}}});
  }
  return found;
}

}  // namespace

Expected<void> put_ciphers(Runner& runner, std::span<const StoredCipher> ciphers) {
  if (ciphers.empty()) return {};
  using Ref = const StoredCipher&;
  Params params;
  params.array<std::int64_t>(ciphers, [](Ref one) { return one.task_id; })
      .array<std::string_view>(ciphers, [](Ref one) { return std::string_view{one.cipher.key_id}; })
      .array<std::string_view>(ciphers,
                               [](Ref one) { return std::string_view{one.cipher.wrapped}; });
  ESTEIRA_TRY(runner.run(sql::put_ciphers, params));
  return {};
}

Expected<void> write_cipher(Runner& runner, TaskId task_id, const TaskEditRow& edit) {
  const std::array ciphers{StoredCipher{.task_id = task_id, .cipher = *edit.cipher}};
  ESTEIRA_TRY(put_ciphers(runner, ciphers));
  if (edit.drops_checkpoint) {
    ESTEIRA_TRY(runner.run(sql::delete_checkpoint, Params{}.add(task_id)));
  }
  ESTEIRA_TRY(runner.run(sql::mark_encrypted, Params{}.add(task_id)));
  return {};
}

Expected<void> drop_cipher(Runner& runner, TaskId task_id) {
  ESTEIRA_TRY(runner.run(sql::delete_cipher, Params{}.add(task_id)));
  ESTEIRA_TRY(runner.run(sql::delete_checkpoint, Params{}.add(task_id)));
  return {};
}

Expected<std::vector<StoredCipher>> Repository::task_ciphers(std::span<const TaskId> ids) {
  const RecursiveLock lock{mutex_};
  const Rows rows =
      ESTEIRA_TRY(connection_.read(sql::task_ciphers, Params{}.array<std::int64_t>(ids)));
  return read_ciphers(rows);
}

Expected<void> Repository::put_root_cipher(const TaskCipher& cipher) {
  const RecursiveLock lock{mutex_};
  ESTEIRA_TRY(
      connection_.write(sql::put_root_cipher, Params{}.add(cipher.key_id).add(cipher.wrapped)));
  return {};
}

Expected<std::vector<CipherCount>> Repository::cipher_counts() {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(sql::cipher_counts));
  std::vector<CipherCount> counts;
  for (int row = 0; row < rows.size(); ++row) {
    counts.push_back({std::string{rows.text(row, 0)}, rows.integer(row, 1)});
  }
  return counts;
}

Expected<std::vector<StoredCipher>> Repository::ciphers_under(const std::string& key_id,
                                                              TaskId after, int limit) {
  const RecursiveLock lock{mutex_};
  const Rows rows = ESTEIRA_TRY(connection_.read(
      sql::ciphers_under, Params{}.add(key_id).add(after).add(std::int64_t{limit})));
  return read_ciphers(rows);
}

Expected<int> Repository::rewrap(std::span<const Rewrapped> rewrapped) {
  const RecursiveLock lock{mutex_};
  using Ref = const Rewrapped&;
  Params params;
  params.array<std::int64_t>(rewrapped, [](Ref one) { return one.task_id; })
      .array<std::string_view>(rewrapped, [](Ref one) { return std::string_view{one.from}; })
      .array<std::string_view>(rewrapped, [](Ref one) { return std::string_view{one.to.key_id}; })
      .array<std::string_view>(rewrapped, [](Ref one) { return std::string_view{one.to.wrapped}; });
  const Rows rows = ESTEIRA_TRY(connection_.write(sql::rewrap, std::move(params)));
  return static_cast<int>(rows.affected());
}

}  // namespace esteira::postgres
