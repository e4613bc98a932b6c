// What each request to the health endpoint is answered. Pure; knows no HTTP library.
#pragma once

#include <string>
#include <string_view>
#include <variant>

#include "esteira/error.hpp"

namespace esteira::http {

struct HealthRequest {
  std::string_view method;
  std::string_view target;
  std::string_view host;  // of the Host header
};

struct HealthAnswer {
  int status = 200;
  std::string body;
  std::string_view content_type = "application/json";
  std::string_view allow{};  // the Allow header, or ""
};

// The answer depends on the database.
struct AskDatabase {};

[[nodiscard]] std::variant<HealthAnswer, AskDatabase> answer_health(const HealthRequest& request);
[[nodiscard]] HealthAnswer answer_ready(const Expected<void>& ready);
// RFC 9457.
[[nodiscard]] HealthAnswer problem(int status, std::string_view detail);

}  // namespace esteira::http
