#include "http/deed.hpp"

#include <fmt/format.h>

#include "base/sha256.hpp"
#include "base/utf8.hpp"
#include "domain/limits.hpp"
#include "http/problem.hpp"
#include "service/audit_service.hpp"

namespace esteira::http {
namespace {

// Two programs that race for a key: the second finds the first's answer at its next look.
constexpr int looks_max = 3;

bool succeeded(const Response& answer) { return answer.status < 300; }

// What the call asks for; the parts can't run into each other.
std::string hash_of(const Request& request) {
  return to_hex(sha256(
      fmt::format("{} {}?{}\n{}", request.method, request.path, request.query, request.body)));
}

std::optional<Response> refuse_key(std::string_view key) {
  if (!key.empty() && key.size() <= limits::idempotency_key_bytes_max &&
      find_invalid_utf8(key) == std::string_view::npos) {
    return std::nullopt;
  }
  return problem(400, fmt::format("Idempotency-Key is 1 to {} bytes of UTF-8",
                                  limits::idempotency_key_bytes_max));
}

Response again(const KeptAnswer& kept, const std::string& hash) {
  if (kept.hash != hash) {
    return problem(422, "this Idempotency-Key was used for another call", "idempotency-mismatch");
  }
  return {.status = kept.status == 201 ? 200 : kept.status, .body = kept.body};
}

// Nothing: another program kept an answer meanwhile.
std::optional<Response> perform_and_keep(const Call& call, Services& services, std::string_view key,
                                         const std::string& hash,
                                         const std::function<Response()>& code) {
  bool taken = false;
  auto answer = perform_plain(services, [&] {
    auto made = code();
    if (!succeeded(made)) return made;
    const auto kept = services.repository->keep_answer(
        call.actor, key,
        {.hash = hash, .status = made.status, .body = made.body_again.value_or(made.body)},
        services.now());
    if (kept) return made;
    taken = kept.error().code == ErrorCode::conflict;
    return problem(kept.error());
  });
  return taken ? std::nullopt : std::optional(std::move(answer));
}

Response perform_with_key(const Call& call, Services& services, std::string_view key,
                          const std::function<Response()>& code) {
  if (auto refused = refuse_key(key)) return *refused;
  const auto held = services.in_flight->hold(fmt::format("{}\n{}", call.actor, key));
  if (!held) {
    auto answer = problem(409, "a call with this Idempotency-Key runs just now: ask again",
                          "idempotency-in-flight");
    answer.headers.push_back({"Retry-After", "1"});
    return answer;
  }
  const auto hash = hash_of(call.request);
  for (int look = 0; look < looks_max; ++look) {
    const auto kept = services.repository->kept_answer(call.actor, key, services.now());
    if (!kept) return problem(kept.error());
    if (*kept) return again(**kept, hash);
    if (auto answer = perform_and_keep(call, services, key, hash, code)) return *answer;
  }
  return problem(503, "the call with this Idempotency-Key changes hands too often");
}

std::optional<std::string_view> key_of(const Call& call) {
  return call.request.method == "POST" ? call.request.header("Idempotency-Key") : std::nullopt;
}

}  // namespace

Response perform_plain(Services& services, const std::function<Response()>& code) {
  Response answer;
  const auto done = services.repository->atomically([&]() -> Expected<void> {
    answer = code();
    if (succeeded(answer)) return {};
    return fail(ErrorCode::conflict, "refused");
  });
  return !done && succeeded(answer) ? problem(done.error()) : answer;
}

Response perform(const Call& call, Services& services, const std::function<Response()>& code) {
  const auto key = key_of(call);
  return key ? perform_with_key(call, services, *key, code) : perform_plain(services, code);
}

Response perform_once(const Call& call, Services& services, const std::function<Response()>& code) {
  const auto key = key_of(call);
  return key ? perform_with_key(call, services, *key, code) : code();
}

Handler performed(Handler handler) {
  return [handler = std::move(handler)](const Call& call, Services& services) {
    return perform(call, services, [&] { return handler(call, services); });
  };
}

Route repeatable(Route route) {
  route.repeatable = true;
  return route;
}

void write_audit(const Call& call, Services& services, std::string_view action,
                 std::string_view target, Response& answer, std::optional<std::string> before,
                 std::optional<std::string> after) {
  AuditService trail(services.repository, services.clock);
  const auto written = trail.append({.actor = call.actor,
                                     .action = std::string(action),
                                     .target = std::string(target),
                                     .before = std::move(before),
                                     .after = std::move(after),
                                     .address = call.request.peer});
  if (!written) answer = problem(written.error());
}

Handler audited(std::string_view action, Handler handler) {
  return performed([action, handler = std::move(handler)](const Call& call, Services& services) {
    auto answer = handler(call, services);
    if (succeeded(answer)) write_audit(call, services, action, call.captures.front(), answer);
    return answer;
  });
}

}  // namespace esteira::http
