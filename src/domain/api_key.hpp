// Keys of the API: what they allow, and the form of the token that a client sends.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/sha256.hpp"
#include "domain/rate.hpp"
#include "esteira/error.hpp"
#include "esteira/time.hpp"

namespace esteira {

enum class Scope : std::uint8_t { tasks_read, tasks_write, work, metrics, admin };
inline constexpr std::array all_scopes{Scope::tasks_read, Scope::tasks_write, Scope::work,
                                       Scope::metrics, Scope::admin};

[[nodiscard]] std::string_view to_text(Scope scope);  // "tasks:read"
[[nodiscard]] Expected<Scope> parse_scope(std::string_view text);

class ScopeSet {
 public:
  constexpr ScopeSet() = default;
  constexpr ScopeSet(std::initializer_list<Scope> scopes) {
    for (const Scope scope : scopes) add(scope);
  }
  constexpr void add(Scope scope) { bits_ |= bit(scope); }
  [[nodiscard]] constexpr bool has(Scope scope) const { return (bits_ & bit(scope)) != 0; }
  // `admin` allows everything.
  [[nodiscard]] constexpr bool allows(Scope scope) const { return has(scope) || has(Scope::admin); }
  [[nodiscard]] constexpr bool empty() const { return bits_ == 0; }
  friend constexpr bool operator==(ScopeSet, ScopeSet) = default;

 private:
  static constexpr std::uint8_t bit(Scope scope) {
    return static_cast<std::uint8_t>(1U << static_cast<unsigned>(scope));
  }
  std::uint8_t bits_ = 0;
};

// In the order of the enumeration: {"tasks:read", "work"}, "tasks:read,work".
[[nodiscard]] std::vector<std::string_view> scope_texts(ScopeSet scopes);
[[nodiscard]] std::string to_text(ScopeSet scopes);
// Reads "tasks:read,work". invalid_argument for a scope that there is not, or none at all.
[[nodiscard]] Expected<ScopeSet> parse_scopes(std::string_view text);

// As a store keeps them: what a later program may have added is left out.
[[nodiscard]] ScopeSet known_scopes(std::string_view text);

struct ApiKey {
  std::string key_id;  // public
  std::string name;    // for people
  ScopeSet scopes;
  Time created_at{};
  std::optional<Time> expires_at{};
  std::optional<Time> last_used_at{};  // to the minute or so: it is written now and then
  std::optional<Time> revoked_at{};
  std::optional<Rate> rate{};  // of its calls, at each server; nothing: no limit

  [[nodiscard]] bool live(Time now) const {
    return !revoked_at && (!expires_at || now < *expires_at);
  }
  friend bool operator==(const ApiKey&, const ApiKey&) = default;
};

// As the store keeps it: the secret itself is kept nowhere.
struct StoredKey {
  ApiKey key;
  Sha256 secret_hash{};  // SHA-256 of Token::secret
  friend bool operator==(const StoredKey&, const StoredKey&) = default;
};

struct KeyUse {
  std::string key_id;
  Time at{};
};

// --- the token ----------------------------------------------------------------------------------
// "esk_", the public id, "_", the secret and a checksum of all before it: 66 letters and digits
// that a scanner for lost secrets can tell from chance. 43 of 62 signs hold more than 256 bits.

inline constexpr std::string_view token_signs =
    "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
inline constexpr std::string_view token_prefix = "esk_";
inline constexpr std::size_t key_id_size = 12;
inline constexpr std::size_t key_secret_size = 43;
inline constexpr std::size_t token_checksum_size = 6;
inline constexpr std::size_t token_size =
    token_prefix.size() + key_id_size + 1 + key_secret_size + token_checksum_size;

// Views of the text that was read.
struct Token {
  std::string_view key_id;
  std::string_view secret;
};
[[nodiscard]] std::string token_text(std::string_view key_id, std::string_view secret);
// Nothing where the text is no token: its length, a sign or the checksum is wrong.
[[nodiscard]] std::optional<Token> parse_token(std::string_view text);
[[nodiscard]] bool is_key_id(std::string_view text);

}  // namespace esteira
