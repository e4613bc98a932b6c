// The settings of HTTP_REQUEST: [processors.http_request].
#pragma once

#include <cstddef>
#include <vector>

#include "esteira/error.hpp"
#include "esteira/time.hpp"
#include "processors/http_request/signature.hpp"

namespace esteira::processors {

// A byte takes up to six in JSON, and a result has at most a mebibyte.
inline constexpr std::size_t response_body_bytes_most = 128 * 1024;

struct HttpRequestOptions {
  // Lets requests go to loopback, private, link-local and other addresses that are not public.
  bool allow_private_addresses = false;
  // Each signs every request; two of them while one replaces the other. Empty: no signature.
  std::vector<WebhookSecret> secrets{};
  Duration timeout = std::chrono::seconds{30};  // where the payload names none; at most an hour
  Duration connect_timeout = std::chrono::seconds{10};
  // A server that asks to be left alone for longer is asked again after this.
  Duration retry_after_max = std::chrono::hours{1};
  // What is kept of an answer's body; the rest is not read.
  std::size_t response_body_bytes_max = response_body_bytes_most;
  // An answer with more header bytes is an error.
  std::size_t response_header_bytes_max = 64 * 1024;
};

// invalid_argument names the first setting that is out of range.
[[nodiscard]] Expected<void> check_options(const HttpRequestOptions& options);

}  // namespace esteira::processors
