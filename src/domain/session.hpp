// Sign-ins of people: a key shown once, and a cookie from then on.
#pragma once

#include <string>

#include "base/sha256.hpp"
#include "esteira/time.hpp"

namespace esteira {

// As the store keeps it: the cookie's own text is kept nowhere.
struct Session {
  Sha256 token_hash{};
  std::string key_id;  // whose rights it has, as long as that key lives
  Time created_at{};
  Time seen_at{};  // to the minute or so
  Time expires_at{};

  // Longest without a call, and longest of all.
  static constexpr Duration idle_max = std::chrono::hours{24};
  static constexpr Duration life_max = std::chrono::hours{24 * 7};

  [[nodiscard]] bool live(Time now) const { return now < expires_at && now - seen_at < idle_max; }
  friend bool operator==(const Session&, const Session&) = default;
};

}  // namespace esteira
