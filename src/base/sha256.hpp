// SHA-256, and the comparison of secrets.
#pragma once

#include <array>
#include <cstdint>
#include <string>
#include <string_view>

namespace esteira {

using Sha256 = std::array<std::uint8_t, 32>;

[[nodiscard]] Sha256 sha256(std::string_view bytes);

// Takes the same time wherever the two differ.
[[nodiscard]] bool same_secret(const Sha256& one, const Sha256& other);

// 64 lower-case hexadecimal digits.
[[nodiscard]] std::string to_hex(const Sha256& digest);
// False where the text is anything else; then `digest` is unchanged.
[[nodiscard]] bool read_hex(std::string_view text, Sha256& digest);

}  // namespace esteira
