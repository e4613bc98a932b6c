// /session: a person's sign-in with a key, for the dashboard.
#include <array>

#include "api/key_json.hpp"
#include "api/object_reader.hpp"
#include "base/assert.hpp"
#include "http/answers.hpp"
#include "http/cookie.hpp"
#include "http/deed.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"

namespace esteira::http {
namespace {

// Sign-ins that an address may try.
constexpr Rate tries{.count = 10, .per = std::chrono::minutes{1}};

Expected<std::string> key_of(const Request& request) {
  const auto body = ESTEIRA_TRY(json_body(request));
  const auto* object = body.if_object();
  if (object == nullptr) return api::refuse_all({{"", "a sign-in is a JSON object"}});
  std::vector<FieldError> wrong;
  api::ObjectReader reader(*object, wrong);
  reader.need("key");
  auto key = reader.text("key").value_or("");
  constexpr std::array<std::string_view, 1> known{"key"};
  reader.refuse_others(known, "a sign-in");
  if (!wrong.empty()) return api::refuse_all(std::move(wrong));
  return key;
}

JsonObject shown(const ApiKey& key, Time expires_at) {
  JsonArray scopes;
  for (const auto scope : scope_texts(key.scopes)) scopes.emplace_back(scope);
  return {{"key_id", key.key_id},
          {"name", key.name},
          {"scopes", std::move(scopes)},
          {"expires_at", format_time(expires_at)}};
}

Response open(SessionService& sessions, const ApiKey& key, const Call& call, Services& services) {
  // A session that the browser had is not taken over, and ends.
  if (const auto old = session_cookie(call.request)) {
    if (const auto closed = sessions.close(*services.repository, *old); !closed) {
      return problem(closed.error());
    }
  }
  const auto opened = sessions.open(*services.repository, key);
  if (!opened) return problem(opened.error());
  auto answer = json_answer(shown(opened->key, opened->expires_at), 201);
  Call of_key = call;
  of_key.actor = "key:" + opened->key.key_id;
  write_audit(of_key, services, "session.open", opened->key.key_id, answer);
  if (answer.status == 201) {
    answer.headers.push_back(
        set_session_cookie(call.request, opened->token, opened->expires_at - services.now()));
  }
  return answer;
}

// `key`: whose the session is, looked up before the transaction, for that may write that it was
// seen. Without a session, or with one that has ended, there is nothing to do.
Response close(SessionService& sessions, const std::optional<ApiKey>& key, const Call& call,
               Services& services) {
  const auto token = session_cookie(call.request);
  Response answer{.status = 204};
  if (token) {
    const auto closed = sessions.close(*services.repository, *token);
    if (!closed) return problem(closed.error());
    if (key) {
      Call of_key = call;
      of_key.actor = "key:" + key->key_id;
      write_audit(of_key, services, "session.close", key->key_id, answer);
    }
  }
  if (answer.status == 204) {
    answer.headers.push_back(set_session_cookie(call.request, "", Duration{0}));
  }
  return answer;
}

}  // namespace

std::vector<Route> session_routes(SessionService& sessions, RateBook& rates) {
  const Handler opening = [&sessions, &rates](const Call& call, Services& services) {
    const auto key = key_of(call.request);
    if (!key) return problem(key.error());
    if (const auto wait = rates.take("sign-in " + call.request.peer, tries)) {
      return too_many("too many sign-ins from this address", *wait);
    }
    const auto owner = sessions.authenticate(*key);
    if (!owner) return problem(owner.error());
    return perform_plain(services, [&] { return open(sessions, *owner, call, services); });
  };
  const Handler closing = [&sessions](const Call& call, Services& services) {
    std::optional<ApiKey> key;
    if (const auto token = session_cookie(call.request)) {
      if (auto found = sessions.find(*token)) key = std::move(*found);
    }
    return perform_plain(services, [&] { return close(sessions, key, call, services); });
  };
  return {{"POST", "/api/v1/session", std::nullopt, opening},
          {"DELETE", "/api/v1/session", std::nullopt, closing}};
}

}  // namespace esteira::http
