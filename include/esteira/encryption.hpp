// The keys that payloads and results of encrypted types are enciphered with, before a database sees
// them.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <string>

#include "esteira/error.hpp"

namespace esteira {

struct EncryptionKey {
  // Letters, digits, "_", ".", "-"; at most 64. It is stored beside what the key has wrapped.
  std::string id;
  std::array<std::uint8_t, 32> secret{};
};

class Keyring;

// The first key wraps what is written from now on, the others unwrap what was wrapped before.
// invalid_argument: there is none, an id is given twice or is none.
[[nodiscard]] Expected<std::shared_ptr<const Keyring>> make_keyring(
    std::span<const EncryptionKey> keys);

}  // namespace esteira
