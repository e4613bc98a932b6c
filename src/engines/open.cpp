// The only list of engines.
#include <fmt/format.h>

#include "base/assert.hpp"
#include "cipher/cipher_repository.hpp"
#include "engines/postgres/repository.hpp"
#include "engines/sqlite/repository.hpp"
#include "esteira/repository.hpp"

namespace esteira {

namespace {

Expected<std::shared_ptr<TaskRepository>> open_engine(std::string_view url, Migrate migrate) {
  constexpr std::string_view sqlite_scheme = "sqlite:";
  if (url.starts_with(sqlite_scheme))
    return sqlite::open(url.substr(sqlite_scheme.size()), migrate);
  if (url.starts_with("postgresql://") || url.starts_with("postgres://")) {
    return postgres::open(url, migrate);
  }
  // The address may hold a password: only its scheme is repeated.
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}' is no database address: use sqlite:PATH or postgresql://…",
                          url.substr(0, std::min(url.find(':'), std::size_t{20}))));
}

}  // namespace

Expected<std::shared_ptr<TaskRepository>> open_repository(std::string_view url, Migrate migrate,
                                                          std::shared_ptr<const Keyring> keyring) {
  return std::make_shared<CipherRepository>(ESTEIRA_TRY(open_engine(url, migrate)),
                                            std::move(keyring));
}

}  // namespace esteira
