#include "http/gate.hpp"

#include <chrono>

#include "base/assert.hpp"
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

// Once a minute, by whoever comes first.
void KeyGate::flush_now_and_then() {
  constexpr std::int64_t interval_s = 60;
  const auto now_s = std::chrono::duration_cast<std::chrono::seconds>(
                         std::chrono::steady_clock::now().time_since_epoch())
                         .count();
  auto due_s = flush_at_s_.load();
  if (now_s < due_s || !flush_at_s_.compare_exchange_strong(due_s, now_s + interval_s)) return;
  keys_->flush_last_use();
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
  if (!token) return problem(401, "a key is needed: Authorization: Bearer esk_…");
  const auto key = keys_->authenticate(*token);
  if (!key) return problem(key.error());
  if (!key->scopes.allows(*route.need)) {
    return problem(
        403, "this key's scopes do not allow this: it needs " + std::string(to_text(*route.need)));
  }
  call.actor = "key:" + key->key_id;
  flush_now_and_then();
  return std::nullopt;
}

}  // namespace esteira::http
