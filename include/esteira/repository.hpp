// Where tasks are kept: opened once, shared by services and workers.
#pragma once

#include <memory>
#include <string_view>

#include "esteira/error.hpp"

namespace esteira {

class TaskRepository;
class Keyring;  // see encryption.hpp

enum class Migrate : std::uint8_t {
  if_embedded,  // SQLite migrates itself; PostgreSQL must be migrated (`esteira migrate up`)
  always,
  never,
};

// "sqlite:PATH", "sqlite::memory:" or any libpq URI ("postgresql://…"). A schema that is missing,
// too old or too new for this program: unsupported, with words. A bad address: invalid_argument.
// The object is thread-safe; threads that should not wait for each other open one each. `keyring`
// (may be null): what payloads of encrypted types are enciphered and deciphered with.
[[nodiscard]] Expected<std::shared_ptr<TaskRepository>> open_repository(
    std::string_view url, Migrate migrate = Migrate::if_embedded,
    std::shared_ptr<const Keyring> keyring = nullptr);

}  // namespace esteira
