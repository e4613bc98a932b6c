#include "processors/http_request/address.hpp"

#include <array>
#include <cstdint>
#include <cstring>
#include <netinet/in.h>

namespace esteira::processors {
namespace {

// The first `bits` bits of an address; what follows them is zero.
template <std::size_t Bytes>
struct Range {
  std::array<std::uint8_t, Bytes> prefix;
  unsigned bits;
  std::string_view name;
};

template <std::size_t Bytes>
bool contains(const Range<Bytes>& range, const std::array<std::uint8_t, Bytes>& address) {
  const std::size_t whole = range.bits / 8;
  for (std::size_t i = 0; i < whole; ++i) {
    if (address[i] != range.prefix[i]) return false;
  }
  const unsigned rest = range.bits % 8;
  if (rest == 0) return true;
  const unsigned shift = 8U - rest;
  return address[whole] >> shift == range.prefix[whole] >> shift;
}

// The special-purpose ranges of the IANA registries that are not globally reachable, and those
// that carry another address inside (6to4, NAT64, IPv4-mapped), which would lead around the rest.
constexpr std::array<Range<4>, 16> ranges4{{
    {{0}, 8, "this-network"},
    {{10}, 8, "private"},
    {{100, 64}, 10, "carrier-grade NAT"},
    {{127}, 8, "loopback"},
    {{169, 254}, 16, "link-local"},
    {{172, 16}, 12, "private"},
    {{192, 0, 0}, 24, "protocol"},
    {{192, 0, 2}, 24, "documentation"},
    {{192, 88, 99}, 24, "6to4 relay"},
    {{192, 168}, 16, "private"},
    {{198, 18}, 15, "benchmarking"},
    {{198, 51, 100}, 24, "documentation"},
    {{203, 0, 113}, 24, "documentation"},
    {{224}, 4, "multicast"},
    {{255, 255, 255, 255}, 32, "broadcast"},
    {{240}, 4, "reserved"},
}};

constexpr std::array<Range<16>, 16> ranges6{{
    {{}, 128, "unspecified"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1}, 128, "loopback"},
    {{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xFF, 0xFF}, 96, "IPv4-mapped"},
    {{}, 96, "IPv4-compatible"},
    {{0x00, 0x64, 0xFF, 0x9B}, 96, "NAT64"},
    {{0x00, 0x64, 0xFF, 0x9B, 0x00, 0x01}, 48, "NAT64"},
    {{0x01, 0x00}, 64, "discard"},
    {{0x20, 0x01, 0x00, 0x00}, 32, "Teredo"},
    {{0x20, 0x01, 0x00}, 23, "protocol"},
    {{0x20, 0x01, 0x0D, 0xB8}, 32, "documentation"},
    {{0x20, 0x02}, 16, "6to4"},
    {{0x3F, 0xFF, 0x00}, 20, "documentation"},
    {{0xFC}, 7, "unique local"},
    {{0xFE, 0x80}, 10, "link-local"},
    {{0xFE, 0xC0}, 10, "site-local"},
    {{0xFF}, 8, "multicast"},
}};

template <std::size_t Bytes, std::size_t Count>
std::optional<std::string_view> find_class(const std::array<Range<Bytes>, Count>& ranges,
                                           const std::array<std::uint8_t, Bytes>& address) {
  for (const auto& range : ranges) {
    if (contains(range, address)) return range.name;
  }
  return std::nullopt;
}

}  // namespace

std::optional<std::string_view> refused_address_class(const sockaddr* address, socklen_t length) {
  // memcpy, because the bytes behind a sockaddr need not be aligned for what they hold.
  if (address->sa_family == AF_INET && length >= sizeof(sockaddr_in)) {
    sockaddr_in in{};
    std::memcpy(&in, address, sizeof in);
    std::array<std::uint8_t, 4> bytes{};
    std::memcpy(bytes.data(), &in.sin_addr, bytes.size());
    return find_class(ranges4, bytes);
  }
  if (address->sa_family == AF_INET6 && length >= sizeof(sockaddr_in6)) {
    sockaddr_in6 in{};
    std::memcpy(&in, address, sizeof in);
    std::array<std::uint8_t, 16> bytes{};
    std::memcpy(bytes.data(), &in.sin6_addr, bytes.size());
    if (auto name = find_class(ranges6, bytes)) return name;
    // Only 2000::/3 is given out as global unicast.
    if (bytes[0] >> 5U != 1U) return "reserved";
    return std::nullopt;
  }
  return "unknown kind of";
}

}  // namespace esteira::processors
