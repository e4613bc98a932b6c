#include "domain/claim.hpp"

namespace esteira {
namespace {

constexpr std::string_view hex = "0123456789abcdef";

bool dash_before(std::size_t byte) { return byte == 4 || byte == 6 || byte == 8 || byte == 10; }

int hex_value(char c) {
  if (c >= '0' && c <= '9') return c - '0';
  if (c >= 'a' && c <= 'f') return c - 'a' + 10;
  if (c >= 'A' && c <= 'F') return c - 'A' + 10;
  return -1;
}

}  // namespace

std::string to_text(const LeaseId& lease_id) {
  std::string text;
  text.reserve(36);
  for (std::size_t i = 0; i < lease_id.bytes.size(); ++i) {
    if (dash_before(i)) text += '-';
    text += hex[lease_id.bytes[i] >> 4U];
    text += hex[lease_id.bytes[i] & 0x0FU];
  }
  return text;
}

Expected<LeaseId> parse_lease_id(std::string_view text) {
  const auto bad = [] { return fail(ErrorCode::invalid_argument, "a lease_id is a UUID"); };
  if (text.size() != 36) return bad();
  LeaseId lease_id;
  std::size_t at = 0;
  for (std::size_t i = 0; i < lease_id.bytes.size(); ++i) {
    if (dash_before(i) && text[at++] != '-') return bad();
    const int high = hex_value(text[at++]);
    const int low = hex_value(text[at++]);
    if (high < 0 || low < 0) return bad();
    lease_id.bytes[i] = static_cast<std::uint8_t>(high * 16 + low);
  }
  return lease_id;
}

}  // namespace esteira
