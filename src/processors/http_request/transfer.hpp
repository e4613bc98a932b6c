// One HTTP exchange, over libcurl. It goes to no address that is not public, follows no redirect,
// uses no proxy, and reads no more than its limits.
#pragma once

#include <expected>
#include <memory>
#include <optional>
#include <stop_token>
#include <string>
#include <vector>

#include "base/mutex.hpp"
#include "processors/http_request/options.hpp"
#include "processors/http_request/payload.hpp"

namespace esteira::processors {

struct HttpExchange {
  std::string url;  // has passed check_url
  std::string method;
  std::vector<HttpHeader> headers{};
  std::optional<std::string> body{};
  Duration timeout{};  // of the whole exchange
};

struct HttpAnswer {
  int status = 0;
  std::vector<HttpHeader> headers{};  // of the list that is kept, in lower case, clean text
  std::string body{};                 // raw bytes
  bool body_truncated = false;
  Duration duration{};

  [[nodiscard]] std::string_view header(std::string_view name) const;
};

struct ExchangeError {
  enum class Kind : std::uint8_t {
    stopped,          // by the stop token
    refused_address,  // every address of the host is of a refused class; nothing was sent
    network,          // no connection, no answer in time, or a broken one
  };
  Kind kind = Kind::network;
  std::string message;  // without address, path or payload
};

struct CurlHandle;

// Thread-safe. Keeps its connections open for the next exchange: they went to checked addresses.
class HttpClient {
 public:
  explicit HttpClient(const HttpRequestOptions& options);
  ~HttpClient();
  HttpClient(const HttpClient&) = delete;
  HttpClient& operator=(const HttpClient&) = delete;

  [[nodiscard]] std::expected<HttpAnswer, ExchangeError> run(const HttpExchange& exchange,
                                                             const std::stop_token& stop);

 private:
  [[nodiscard]] std::unique_ptr<CurlHandle> take_handle();
  void give_back(std::unique_ptr<CurlHandle> handle);

  const HttpRequestOptions options_;
  Mutex mutex_;
  // As many as ran at once.
  std::vector<std::unique_ptr<CurlHandle>> idle_ ESTEIRA_GUARDED_BY(mutex_);
};

}  // namespace esteira::processors
