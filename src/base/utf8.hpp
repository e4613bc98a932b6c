// Text that both databases and JSON take: valid UTF-8 without NUL.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace esteira {

// The offset of the first byte that is not part of valid UTF-8 (overlong forms, surrogates and
// what lies above U+10FFFF are not), or npos.
[[nodiscard]] std::size_t find_invalid_utf8(std::string_view text);

// Valid UTF-8 without NUL, at most `bytes_max` bytes: what is wrong becomes U+FFFD, what is too
// long is cut at a character and ends in "…".
[[nodiscard]] std::string clean_text(std::string_view text, std::size_t bytes_max);

}  // namespace esteira
