// What a task of the type HTTP_REQUEST asks for.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "esteira/json.hpp"
#include "esteira/time.hpp"

namespace esteira::processors {

inline constexpr std::size_t url_bytes_max = 8192;
inline constexpr std::size_t request_headers_max = 50;
inline constexpr std::size_t header_name_bytes_max = 100;
inline constexpr std::size_t header_value_bytes_max = 8192;
inline constexpr std::size_t expected_statuses_max = 50;
inline constexpr Duration request_timeout_min = std::chrono::milliseconds{1};
inline constexpr Duration request_timeout_max = std::chrono::hours{1};

struct HttpHeader {
  std::string name;
  std::string value;
};

struct HttpRequestPayload {
  std::string url;
  std::string origin;  // "https://host:port", for messages: a path may hold secrets
  std::string method;
  std::vector<HttpHeader> headers{};  // the content type among them where there is a body
  std::optional<std::string> body{};
  std::optional<Duration> timeout{};
  std::vector<int> expected_statuses{};  // empty: 200 to 299
};

// The JSON Schema of the payload. It holds no patterns: the schema library's regular expressions
// are recursive, and a long string would exhaust the stack.
[[nodiscard]] std::string_view http_request_schema();

// Throws InvalidPayload.
[[nodiscard]] HttpRequestPayload read_http_request(const Json& payload);

// Visible characters, spaces and tabs, without a line break.
[[nodiscard]] bool is_header_value(std::string_view text);

}  // namespace esteira::processors
