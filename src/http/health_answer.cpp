#include "http/health_answer.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "esteira/json.hpp"
#include "http/listen_address.hpp"

namespace esteira::http {
namespace {

constexpr std::array<std::pair<int, std::string_view>, 8> titles{{
    {400, "Bad Request"},
    {404, "Not Found"},
    {405, "Method Not Allowed"},
    {408, "Request Timeout"},
    {413, "Content Too Large"},
    {421, "Misdirected Request"},
    {431, "Request Header Fields Too Large"},
    {503, "Service Unavailable"},
}};

}  // namespace

HealthAnswer problem(int status, std::string_view detail) {
  const auto title = std::ranges::find(titles, status, &std::pair<int, std::string_view>::first);
  const JsonObject body{{"type", "about:blank"},
                        {"title", title == titles.end() ? "" : title->second},
                        {"status", status},
                        {"detail", detail}};
  return {.status = status,
          .body = esteira::to_text(Json(body)),
          .content_type = "application/problem+json"};
}

std::variant<HealthAnswer, AskDatabase> answer_health(const HealthRequest& request) {
  if (request.host.empty()) return problem(400, "the Host header is missing");
  if (!is_loopback_host(request.host)) {
    return problem(421, "this server answers to 127.0.0.1, [::1] and localhost only");
  }
  if (request.target != "/healthz" && request.target != "/readyz") {
    return problem(404, "there is nothing here: try /healthz or /readyz");
  }
  if (request.method != "GET" && request.method != "HEAD") {
    auto answer = problem(405, "only GET and HEAD are answered here");
    answer.allow = "GET, HEAD";
    return answer;
  }
  if (request.target == "/readyz") return AskDatabase{};
  return HealthAnswer{.body = R"({"status":"ok"})"};
}

HealthAnswer answer_ready(const Expected<void>& ready) {
  if (ready) return {.body = R"({"status":"ok"})"};
  return problem(503, ready.error().message);
}

}  // namespace esteira::http
