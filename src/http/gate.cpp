#include "http/gate.hpp"

#include <chrono>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "http/cookie.hpp"
#include "http/listen_address.hpp"
#include "http/problem.hpp"

namespace esteira::http {
namespace {

// "http://127.0.0.1:8080": the page that a browser's request comes from.
bool is_loopback_origin(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return is_loopback_host(origin.substr(scheme.size()));
  }
  return false;
}

// Nothing where there is no such header, or another scheme.
std::optional<std::string_view> bearer_of(const Request& request) {
  constexpr std::string_view scheme = "Bearer ";
  const auto header = request.header("Authorization");
  if (!header || header->size() < scheme.size()) return std::nullopt;
  if (!same_name(header->substr(0, scheme.size()), scheme)) return std::nullopt;
  return header->substr(scheme.size());
}

// For whoever comes first after `interval_s` since the last.
bool is_due(std::atomic<std::int64_t>& at_s, std::int64_t interval_s) {
  const auto now_s = std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::steady_clock::now().time_since_epoch())
                         .count();
  auto due_s = at_s.load();
  return now_s >= due_s && at_s.compare_exchange_strong(due_s, now_s + interval_s);
}

}  // namespace

std::optional<Response> refuse_strangers(const Request& request) {
  if (!request.peer_is_loopback) {
    return problem(403, "no key exists yet: only this machine is answered");
  }
  const auto host = request.header("Host");
  if (host && !is_loopback_host(*host)) {
    return problem(421, "without a key this server answers to 127.0.0.1, [::1] and localhost only");
  }
  const auto origin = request.header("Origin");
  if (origin && !is_loopback_origin(*origin)) {
    return problem(403, "without a key pages of other sites are not answered");
  }
  return std::nullopt;
}

Expected<bool> KeyGate::look() {
  const bool any = ESTEIRA_TRY(keys_->any_key());
  keyless_.store(!any);
  return any;
}

std::optional<Response> KeyGate::at_the_door(const Request& request) const {
  return keyless_.load() ? refuse_strangers(request) : std::nullopt;
}

// Once a minute.
void KeyGate::flush_now_and_then() {
  if (is_due(flush_at_s_, 60)) keys_->flush_last_use();
}

bool KeyGate::wants_look() { return keyless_.load() && is_due(look_at_s_, 1); }

Expected<ApiKey> KeyGate::key_of(const Call& call) const {
  const auto& request = call.request;
  if (const auto token = bearer_of(request)) return keys_->authenticate(*token);
  const auto session = session_cookie(request);
  if (!session) {
    return fail(ErrorCode::unauthorized, "a key is needed: Authorization: Bearer esk_…");
  }
  // A browser sends the cookie with what any page of this site's asks for.
  const bool looks = request.method == "GET" || request.method == "HEAD";
  if (!looks && !is_same_origin(request)) {
    return fail(ErrorCode::forbidden, "a session changes things from this server's own pages only");
  }
  return sessions_->find(*session);
}

std::optional<Response> KeyGate::pass(Call& call, const Route& route) {
  const auto any = look();
  if (!any && route.need) return problem(any.error());
  const auto token = bearer_of(call.request);
  // Who shows a key is taken at their word, also while the first key is not known here yet.
  if (!token && (!any || !*any)) {
    call.actor = "loopback";
    return std::nullopt;
  }
  if (!route.need) return std::nullopt;
  const auto key = key_of(call);
  if (!key) return problem(key.error());
  // A call that is asked about again, as an event stream is while it lives, counts once.
  if (key->rate && !std::exchange(call.counted, true)) {
    if (const auto wait = rates_->take(key->key_id, *key->rate)) {
      return too_many(fmt::format("this key may call {}", to_text(*key->rate)), *wait);
    }
  }
  if (!key->scopes.allows(*route.need)) {
    return problem(
        403, "this key's scopes do not allow this: it needs " + std::string(to_text(*route.need)));
  }
  call.actor = "key:" + key->key_id;
  flush_now_and_then();
  return std::nullopt;
}

}  // namespace esteira::http
