#include "processors/http_request/url.hpp"

#include <algorithm>
#include <memory>

#include <curl/curl.h>

namespace esteira::processors {
namespace {

struct UrlFree {
  void operator()(CURLU* url) const { curl_url_cleanup(url); }
};
using UrlHandle = std::unique_ptr<CURLU, UrlFree>;

std::string url_part(CURLU* url, CURLUPart part) {
  char* text = nullptr;
  if (curl_url_get(url, part, &text, 0) != CURLUE_OK) return "";
  const std::unique_ptr<char, decltype(&curl_free)> owner(text, &curl_free);
  return text;
}

// Spaces, backslashes and the like are read in different ways by different programs.
bool is_url_character(char c) {
  constexpr std::string_view others = "\"<>\\^`{|}";
  return c > ' ' && c < '\x7F' && others.find(c) == std::string_view::npos;
}

}  // namespace

Expected<std::string> check_url(std::string_view url) {
  if (!std::ranges::all_of(url, is_url_character)) {
    return fail(ErrorCode::invalid_argument,
                "the URL holds a character that must be written as %XX");
  }
  const UrlHandle handle(curl_url());
  if (!handle) return fail(ErrorCode::unavailable, "no memory to read the URL");
  const auto parsed = curl_url_set(handle.get(), CURLUPART_URL, std::string(url).c_str(),
                                   CURLU_NON_SUPPORT_SCHEME | CURLU_DISALLOW_USER);
  if (parsed == CURLUE_USER_NOT_ALLOWED) {
    return fail(ErrorCode::invalid_argument, "the URL must not hold a user name or password");
  }
  if (parsed != CURLUE_OK) {
    return fail(ErrorCode::invalid_argument,
                std::string("the URL is malformed: ") + curl_url_strerror(parsed));
  }
  const auto scheme = url_part(handle.get(), CURLUPART_SCHEME);
  if (scheme != "http" && scheme != "https") {
    return fail(ErrorCode::invalid_argument, "the URL must begin with http:// or https://");
  }
  const auto host = url_part(handle.get(), CURLUPART_HOST);
  if (host.empty()) return fail(ErrorCode::invalid_argument, "the URL names no host");
  const auto port = url_part(handle.get(), CURLUPART_PORT);
  return scheme + "://" + host + (port.empty() ? "" : ":" + port);
}

}  // namespace esteira::processors
