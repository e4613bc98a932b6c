// The keys of keys: what they wrap is stored, they themselves never are.
#pragma once

#include <map>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "cipher/aead.hpp"
#include "esteira/encryption.hpp"
#include "repository/repository.hpp"

namespace esteira {

// 32 bytes as they are, or as base64, or as hexadecimal digits; space around the text is left out.
// invalid_argument, which never repeats the text.
[[nodiscard]] Expected<Secret> parse_key(std::string_view text);
[[nodiscard]] Expected<void> check_key_id(std::string_view id);

// Thread-safe: it never changes.
class Keyring {
 public:
  explicit Keyring(std::span<const EncryptionKey> keys);

  // The id of the key that wraps.
  [[nodiscard]] const std::string& current() const { return current_; }
  [[nodiscard]] bool has(const std::string& id) const { return keys_.contains(id); }
  [[nodiscard]] std::vector<std::string> ids() const;  // in order

  // Of the task's data key. No two are alike, so that a key may wrap without end.
  [[nodiscard]] TaskCipher wrap(TaskId task_id, const Secret& data_key) const;
  // unavailable: its key is not among these. internal: it was changed, or is another task's.
  [[nodiscard]] Expected<Secret> unwrap(TaskId task_id, const TaskCipher& cipher) const;

 private:
  std::string current_;
  std::map<std::string, Secret> keys_;
};

}  // namespace esteira
