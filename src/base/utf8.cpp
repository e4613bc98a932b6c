#include "base/utf8.hpp"

#include <cstdint>
#include <cstring>

namespace esteira {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view ellipsis = "\xE2\x80\xA6";

bool is_continuation(unsigned char byte) { return (byte & 0xC0U) == 0x80U; }

bool is_ascii(const char* eight_bytes) {
  std::uint64_t word = 0;
  std::memcpy(&word, eight_bytes, sizeof word);
  return (word & 0x8080808080808080U) == 0;
}

// The length of the valid character at the front of `text`, or 0.
std::size_t character_length(std::string_view text) {
  const auto at = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned char first = at(0);
  if (first < 0x80) return 1;
  const std::size_t length = first >= 0xF0 ? 4 : first >= 0xE0 ? 3 : 2;
  if (first < 0xC2 || first > 0xF4 || text.size() < length) return 0;
  for (std::size_t i = 1; i < length; ++i) {
    if (!is_continuation(at(i))) return 0;
  }
  const unsigned char second = at(1);
  if (first == 0xE0 && second < 0xA0) return 0;  // overlong
  if (first == 0xED && second > 0x9F) return 0;  // surrogates
  if (first == 0xF0 && second < 0x90) return 0;  // overlong
  if (first == 0xF4 && second > 0x8F) return 0;  // above U+10FFFF
  return length;
}

}  // namespace

std::size_t find_invalid_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    // Most text is ASCII: eight bytes at a time.
    while (i + sizeof(std::uint64_t) <= text.size() && is_ascii(text.data() + i)) {
      i += sizeof(std::uint64_t);
    }
    if (i == text.size()) break;
    const auto length = character_length(text.substr(i));
    if (length == 0) return i;
    i += length;
  }
  return std::string_view::npos;
}

std::string clean_text(std::string_view text, std::size_t bytes_max) {
  std::string clean;
  clean.reserve(text.size() < bytes_max ? text.size() : bytes_max);
  std::size_t cut = 0;  // a place that leaves room for the ellipsis
  for (std::size_t i = 0; i < text.size();) {
    const auto length = character_length(text.substr(i));
    const bool bad = length == 0 || text[i] == '\0';
    const auto piece = bad ? replacement : text.substr(i, length);
    if (clean.size() + piece.size() > bytes_max) {
      clean.resize(cut);
      return clean.append(ellipsis);
    }
    clean.append(piece);
    if (clean.size() + ellipsis.size() <= bytes_max) cut = clean.size();
    i += bad ? 1 : length;
  }
  return clean;
}

}  // namespace esteira
