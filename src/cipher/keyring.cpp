#include "cipher/keyring.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/sha256.hpp"
#include "domain/limits.hpp"

namespace esteira {
namespace {

constexpr std::size_t salt_bytes = 16;

std::string bound_to(TaskId task_id, std::string_view key_id) {
  return fmt::format("esteira 1 data key of task {} under {}", task_id, key_id);
}

// A key for each thing that is wrapped: nonces of one key may not repeat, and drawn by chance they
// do after some thousand millions.
Secret wrapping_key(const Secret& key, std::string_view salt) {
  return derive(key, fmt::format("esteira 1 wrap {}", salt));
}

Secret secret_of(std::string_view bytes) {
  Secret::Bytes copied{};
  std::copy_n(bytes.begin(), copied.size(), copied.begin());
  return Secret{copied};
}

std::string_view trimmed(std::string_view text) {
  constexpr std::string_view blanks = " \t\r\n";
  const auto begin = std::min(text.find_first_not_of(blanks), text.size());
  text.remove_prefix(begin);
  const auto end = text.find_last_not_of(blanks);
  return text.substr(0, end == std::string_view::npos ? 0 : end + 1);
}

}  // namespace

Expected<Secret> parse_key(std::string_view text) {
  constexpr std::size_t size = std::tuple_size_v<Secret::Bytes>;
  // Bytes as they are may begin or end with what looks like a blank.
  if (text.size() == size) return secret_of(text);
  const auto inner = trimmed(text);
  Sha256 bytes{};
  std::string lower(inner);
  std::ranges::transform(lower, lower.begin(), [](char c) {
    return c >= 'A' && c <= 'F' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  if (read_hex(lower, bytes)) return Secret{bytes};
  const auto decoded = from_base64(inner);
  if (decoded && decoded->size() == size) return secret_of(*decoded);
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("a key is {} bytes, as they are, in base64 or in hexadecimal digits", size));
}

Expected<void> check_key_id(std::string_view id) {
  const bool plain = std::ranges::all_of(id, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  });
  if (plain && !id.empty() && id.size() <= limits::encryption_key_id_bytes_max) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("the id of an encryption key is 1 to {} letters, digits, '_', '.', '-'",
                          limits::encryption_key_id_bytes_max));
}

Keyring::Keyring(std::span<const EncryptionKey> keys) : current_(keys.front().id) {
  for (const auto& key : keys) keys_.emplace(key.id, Secret{key.secret});
}

std::vector<std::string> Keyring::ids() const {
  std::vector<std::string> ids;
  for (const auto& [id, secret] : keys_) ids.push_back(id);
  return ids;
}

TaskCipher Keyring::wrap(TaskId task_id, const Secret& data_key) const {
  const auto salt = random_bytes(salt_bytes);
  const auto key = wrapping_key(keys_.at(current_), salt);
  const auto wrapped = encipher(key, random_nonce(), bound_to(task_id, current_), data_key.view());
  return {.key_id = current_, .wrapped = to_base64(salt + wrapped)};
}

Expected<Secret> Keyring::unwrap(TaskId task_id, const TaskCipher& cipher) const {
  const auto found = keys_.find(cipher.key_id);
  if (found == keys_.end()) {
    return fail(ErrorCode::unavailable,
                fmt::format("it is enciphered under the encryption key '{}', which this program "
                            "was not given: see `esteira doctor`",
                            cipher.key_id));
  }
  const auto bytes = from_base64(cipher.wrapped);
  if (bytes && bytes->size() > salt_bytes) {
    const std::string_view all = *bytes;
    const auto key = wrapping_key(found->second, all.substr(0, salt_bytes));
    const auto data_key = decipher(key, bound_to(task_id, cipher.key_id), all.substr(salt_bytes));
    if (data_key && data_key->size() == std::tuple_size_v<Secret::Bytes>) {
      return secret_of(*data_key);
    }
  }
  return fail(ErrorCode::internal,
              fmt::format("its data key does not open with the encryption key '{}': it was "
                          "changed, is another task's, or the key is not the one of that name",
                          cipher.key_id));
}

Expected<std::shared_ptr<const Keyring>> make_keyring(std::span<const EncryptionKey> keys) {
  if (keys.empty() || keys.size() > limits::encryption_keys_max) {
    return fail(ErrorCode::invalid_argument, fmt::format("a keyring holds 1 to {} encryption keys",
                                                         limits::encryption_keys_max));
  }
  for (std::size_t i = 0; i < keys.size(); ++i) {
    ESTEIRA_TRY(check_key_id(keys[i].id));
    const auto earlier = keys.first(i);
    if (std::ranges::find(earlier, keys[i].id, &EncryptionKey::id) == earlier.end()) continue;
    return fail(ErrorCode::invalid_argument,
                fmt::format("the encryption key '{}' is given twice", keys[i].id));
  }
  return std::make_shared<const Keyring>(keys);
}

}  // namespace esteira
