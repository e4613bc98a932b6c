// The encryption keys that the configuration names.
#pragma once

#include <memory>
#include <string>

#include "cli/configuration.hpp"
#include "esteira/encryption.hpp"

namespace esteira::cli {

// "ID:file:PATH" and "ID:KEY"; an error repeats no key.
[[nodiscard]] Expected<void> check_key_file(const std::string& text);
[[nodiscard]] Expected<void> check_key_text(const std::string& text);

// Null where none is named. invalid_argument: a file can't be read, may be read by everybody, or
// holds no key.
[[nodiscard]] Expected<std::shared_ptr<const Keyring>> read_keyring(
    const Configuration& configuration);

}  // namespace esteira::cli
