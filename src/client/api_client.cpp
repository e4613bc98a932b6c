#include "client/api_client.hpp"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "domain/limits.hpp"

namespace esteira::client {
namespace {

constexpr std::string_view api_base = "/api/v1";
// A payload may be as deep as the limit, and stands within a task within a list.
constexpr std::size_t answer_depth_max = limits::json_depth_max + 8;
constexpr Duration lost_answer_wait = std::chrono::seconds{1};

}  // namespace

ApiClient::ApiClient(ApiOptions options)
    : options_(std::move(options)), transfer_(options_.ca_file, options_.stopped) {}

std::expected<Reply, Problem> ApiClient::once(const ApiCall& call) {
  const bool changes = call.method != "GET";
  Exchange exchange{.method = call.method,
                    .url = fmt::format("{}{}{}", options_.base, api_base, call.path),
                    .headers = call.headers,
                    .body = call.body,
                    .timeout = call.timeout};
  exchange.headers.push_back({"Accept", "application/json, application/problem+json"});
  if (options_.key) exchange.headers.push_back({"Authorization", "Bearer " + *options_.key});
  auto answer = transfer_.run(exchange);
  if (!answer) {
    auto error = std::move(answer).error();
    const bool lost = error.code == ErrorCode::in_doubt;
    if (lost && !changes) error.code = ErrorCode::unavailable;
    if (is_transient(error.code)) {
      error.message =
          fmt::format("{} {}: {}", options_.base,
                      lost ? "gave no whole answer" : "can't be reached", error.message);
    }
    return std::unexpected(
        Problem{std::move(error), "", lost ? std::optional(lost_answer_wait) : std::nullopt});
  }
  if (answer->status >= 300) {
    auto problem = read_problem(*answer, changes);
    if (answer->status == 503) problem.error.message.insert(0, options_.base + ": ");
    return std::unexpected(std::move(problem));
  }
  if (answer->body.empty()) return Reply{.status = answer->status, .body = nullptr};
  auto body =
      parse_json(answer->body, {.bytes_max = answer_bytes_max, .depth_max = answer_depth_max});
  if (body) return Reply{.status = answer->status, .body = std::move(*body)};
  return std::unexpected(Problem{
      {.code = ErrorCode::internal,
       .message = fmt::format("{} answered something that is no JSON: is it an Esteira server's "
                              "address?",
                              options_.base)}});
}

std::expected<Reply, Problem> ApiClient::ask(const ApiCall& call) {
  bool doubtful = false;
  for (int tries = 1;; ++tries) {
    auto reply = once(call);
    if (reply) {
      reply->repeated = doubtful;
      return std::move(*reply);
    }
    auto& [error, kind, again_after] = reply.error();
    const bool in_flight = kind == "idempotency-in-flight";
    // Once an answer was lost, a server that can't be reached is one that may come back.
    if (doubtful && !again_after && error.code == ErrorCode::unavailable) {
      again_after = lost_answer_wait;
    }
    doubtful = doubtful || in_flight || error.code == ErrorCode::in_doubt;
    const bool again = call.safe_to_repeat && again_after && tries < tries_max;
    if (!again || !wait(*again_after * tries)) {
      if (doubtful && (in_flight || is_transient(error.code))) error.code = ErrorCode::in_doubt;
      return reply;
    }
  }
}

Expected<Reply> ApiClient::call(const ApiCall& call) {
  auto reply = ask(call);
  if (reply) return std::move(*reply);
  return std::unexpected(std::move(reply).error().error);
}

// False: it was stopped.
bool ApiClient::wait(Duration delay) const {
  constexpr Duration step = std::chrono::milliseconds{100};
  for (; delay > Duration{0}; delay -= step) {
    if (options_.stopped && options_.stopped()) return false;
    std::this_thread::sleep_for(std::min(delay, step));
  }
  return true;
}

Expected<Json> ApiClient::get(std::string path) {
  auto reply = ESTEIRA_TRY(call({.method = "GET", .path = std::move(path)}));
  return std::move(reply.body);
}

}  // namespace esteira::client
