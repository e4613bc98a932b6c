// Calls of the HTTP API: JSON in and out, errors as values.
#pragma once

#include <expected>
#include <functional>
#include <optional>
#include <string>
#include <vector>

#include "client/problem.hpp"
#include "client/transfer.hpp"
#include "esteira/json.hpp"

namespace esteira::client {

inline constexpr Duration call_timeout = std::chrono::seconds{60};
inline constexpr int tries_max = 3;  // of a call that is safe to repeat

struct ApiOptions {
  std::string base;                      // ServerUrl::base
  std::optional<std::string> key{};      // its token: visible characters
  std::optional<std::string> ca_file{};  // PEM; the system's authorities without it
  std::function<bool()> stopped{};       // asked while a GET waits, and before another try
};

struct ApiCall {
  std::string method;
  std::string path;                   // "/tasks/7/cancel", with its query
  std::optional<std::string> body{};  // JSON text
  std::vector<Header> headers{};
  Duration timeout = call_timeout;
  // Twice is as good as once: it is tried again where the answer was lost or the server asks for
  // that, `tries_max` times in all.
  bool safe_to_repeat = false;
};

struct Reply {
  int status = 0;         // 200 to 299
  Json body;              // null where there is none
  bool repeated = false;  // an earlier try may have done it
};

// For one thread at a time.
class ApiClient {
 public:
  explicit ApiClient(ApiOptions options);

  [[nodiscard]] const std::string& base() const { return options_.base; }
  // unavailable: nothing was done. in_doubt: the answer to a call that changes something was lost.
  // Else as the server's problem says; its `type` and status become the code.
  [[nodiscard]] std::expected<Reply, Problem> ask(const ApiCall& call);
  [[nodiscard]] Expected<Reply> call(const ApiCall& call);
  [[nodiscard]] Expected<Json> get(std::string path);

 private:
  [[nodiscard]] std::expected<Reply, Problem> once(const ApiCall& call);
  [[nodiscard]] bool wait(Duration delay) const;

  const ApiOptions options_;
  Transfer transfer_;
};

}  // namespace esteira::client
