#include "client/server_url.hpp"

#include <algorithm>
#include <memory>

#include <curl/curl.h>
#include <fmt/format.h>

namespace esteira::client {
namespace {

struct UrlFree {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};

std::string part_of(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
  const std::unique_ptr<char, decltype(&curl_free)> owner(text, &curl_free);
  return text;
}

// Letters, digits and marks that every program reads alike; the rest is written as %XX.
bool is_url_character(char c) {
  constexpr std::string_view others = "\"<>\\^`{|}";
  return c > ' ' && c < '\x7F' && others.find(c) == std::string_view::npos;
}

bool is_unreserved(char c) {
  return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-' ||
         c == '.' || c == '_' || c == '~';
}

std::unexpected<Error> refuse(std::string_view why) {
  return fail(
      ErrorCode::invalid_argument,
      fmt::format("a server's address is http://HOST[:PORT][/PATH] or https://…; this one {}",
                  why));
}

}  // namespace

Expected<ServerUrl> parse_server_url(std::string_view text) {
  if (!std::ranges::all_of(text, is_url_character)) {
    return refuse("holds a character that must be written as %XX");
  }
  const std::unique_ptr<CURLU, UrlFree> url(curl_url());
  if (!url) return fail(ErrorCode::unavailable, "no memory to read the server's address");
  const auto parsed = curl_url_set(url.get(), CURLUPART_URL, std::string(text).c_str(),
                                   CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER);
  if (parsed == CURLUE_USER_NOT_ALLOWED) {
    return refuse("holds a user name or password, which is not spoken here: see --key");
  }
  if (parsed != CURLUE_OK) return refuse("is malformed");
  const auto scheme = part_of(url.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") return refuse("begins otherwise");
  auto host = part_of(url.get(), CURLUPART_HOST);
  std::ranges::transform(host, host.begin(), [](char c) {
    return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  });
  // With three slashes curl takes the path's first segment for the host.
  if (host.empty() || text.find(":///") != std::string_view::npos) return refuse("names no host");
  if (text.find_first_of("?#") != std::string_view::npos) return refuse("holds a query");
  const auto port = part_of(url.get(), CURLUPART_PORT);
  auto path = part_of(url.get(), CURLUPART_PATH);
  while (path.ends_with('/')) path.pop_back();
  return ServerUrl{.base = scheme + "://" + host + (port.empty() ? "" : ":" + port) + path,
                   .host = host,
                   .secure = scheme == "https"};
}

std::string percent_encoded(std::string_view text) {
  std::string encoded;
  for (const char c : text) {
    if (is_unreserved(c)) {
      encoded += c;
    } else {
      encoded += fmt::format("%{:02X}", static_cast<unsigned char>(c));
    }
  }
  return encoded;
}

}  // namespace esteira::client
