// One HTTP exchange with an Esteira server, over libcurl. It follows no redirect, uses no proxy
// (also none of the environment: the key is for one server only), trusts the system's certificate
// authorities or the ones it is given, and reads no more than its limits.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "esteira/error.hpp"
#include "esteira/time.hpp"

namespace esteira::client {

inline constexpr std::size_t answer_bytes_max = std::size_t{64} * 1024 * 1024;
inline constexpr std::size_t answer_header_bytes_max = std::size_t{64} * 1024;
inline constexpr Duration connect_timeout = std::chrono::seconds{10};

struct Header {
  std::string name;
  std::string value;  // without a line break
};

struct Exchange {
  std::string method;
  std::string url;
  std::vector<Header> headers{};
  std::optional<std::string> body{};  // JSON
  Duration timeout{};                 // of the whole exchange
};

struct Answer {
  int status = 0;
  std::string content_type{};
  std::string retry_after{};
  std::string request_id{};
  std::string location{};
  std::string body{};
};

// Keeps its connection for the next exchange. For one thread at a time.
class Transfer {
 public:
  // `ca_file`: certificate authorities in PEM instead of the system's. `stopped` (may be null) is
  // asked about once a second while a GET waits; true ends it.
  explicit Transfer(std::optional<std::string> ca_file, std::function<bool()> stopped = {});
  ~Transfer();
  Transfer(const Transfer&) = delete;
  Transfer& operator=(const Transfer&) = delete;

  // unavailable: the request was not sent. in_doubt: it was sent, at least in part, and no whole
  // answer came. internal: the answer is over a limit, or `stopped` said so.
  [[nodiscard]] Expected<Answer> run(const Exchange& exchange);

 private:
  struct Handle;
  const std::optional<std::string> ca_file_;
  const std::function<bool()> stopped_;
  const std::unique_ptr<Handle> handle_;
};

}  // namespace esteira::client
