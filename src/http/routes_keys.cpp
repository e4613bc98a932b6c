// /keys and /audit
#include "api/key_json.hpp"
#include "api/object_reader.hpp"
#include "base/assert.hpp"
#include "domain/limits.hpp"
#include "http/answers.hpp"
#include "http/deed.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"
#include "service/audit_service.hpp"

namespace esteira::http {
namespace {

constexpr int audit_items_default = 100;

struct NewKey {
  std::string name;
  ScopeSet scopes;
  std::optional<Duration> expires_in;
  std::optional<Rate> rate;
};

Expected<NewKey> new_key_from_json(const Json& body) {
  const auto* object = body.if_object();
  if (object == nullptr) return api::refuse_all({{"", "a key is a JSON object"}});
  std::vector<FieldError> wrong;
  api::ObjectReader reader(*object, wrong);
  NewKey key;
  if (reader.need("name") != nullptr) key.name = reader.text("name").value_or("");
  reader.need("scopes");
  const auto scopes = reader.texts("scopes");
  for (std::size_t i = 0; i < scopes.size(); ++i) {
    if (const auto scope = parse_scope(scopes[i])) {
      key.scopes.add(*scope);
    } else {
      reader.refuse_item("scopes", i, scope.error().message);
    }
  }
  key.expires_in = reader.seconds("expires_in_seconds", limits::key_lifetime_max);
  if (const auto text = reader.text("rate")) {
    const auto rate = parse_rate(*text);
    if (rate) {
      key.rate = *rate;
    } else {
      reader.refuse("rate", rate.error().message);
    }
  }
  constexpr std::array<std::string_view, 4> known{"name", "scopes", "expires_in_seconds", "rate"};
  reader.refuse_others(known, "a key");
  if (!wrong.empty()) return api::refuse_all(std::move(wrong));
  return key;
}

// The secret is shown once: who sends the call again learns the key's id, can revoke it and ask for
// another.
Response create(KeyService& keys, const Call& call, Services& services) {
  const auto body = json_body(call.request);
  if (!body) return problem(body.error());
  const auto asked = new_key_from_json(*body);
  if (!asked) return problem(asked.error());
  const auto made =
      keys.create(*services.repository, asked->name, asked->scopes, asked->expires_in, asked->rate);
  if (!made) return problem(made.error());
  auto shown = api::key_to_json(made->key);
  auto without_secret = esteira::to_text(Json(shown));
  shown.emplace("secret", made->secret);
  auto answer = json_answer(std::move(shown), 201);
  answer.body_again = std::move(without_secret);
  write_audit(call, services, "key.create", made->key.key_id, answer, std::nullopt,
              api::audited(made->key));
  return answer;
}

Response list(KeyService& keys) {
  const auto all = keys.list();
  if (!all) return problem(all.error());
  JsonArray items;
  for (const auto& key : *all) items.push_back(api::key_to_json(key));
  return list_answer(std::move(items));
}

Response revoke(KeyService& keys, const Call& call, Services& services) {
  const auto done = keys.revoke(*services.repository, call.captures.front());
  return done ? Response{.status = 204} : problem(done.error());
}

Response audit(const Call& call, Services& services) {
  const auto cursor = call.query.integer("cursor", 1, std::numeric_limits<std::int64_t>::max());
  if (!cursor) return problem(cursor.error());
  const auto limit =
      call.query.integer("limit", 1, static_cast<std::int64_t>(limits::page_items_max));
  if (!limit) return problem(limit.error());
  AuditService trail(services.repository, services.clock);
  const auto page = trail.list(*cursor, static_cast<int>(limit->value_or(audit_items_default)));
  if (!page) return problem(page.error());
  JsonArray items;
  for (const auto& record : page->items) items.push_back(api::audit_record_to_json(record));
  std::optional<std::string> next;
  if (page->next_cursor) next = std::to_string(*page->next_cursor);
  return list_answer(std::move(items), std::move(next));
}

}  // namespace

std::vector<Route> key_routes(KeyService& keys) {
  // What is known of the keys is read anew after the commit: before it, nothing has changed yet.
  const auto forgetting = [&keys](Handler handler) -> Handler {
    return [&keys, handler = std::move(handler)](const Call& call, Services& services) {
      auto answer = handler(call, services);
      keys.forget();
      return answer;
    };
  };
  const Handler creating = [&keys](const Call& call, Services& services) {
    return create(keys, call, services);
  };
  const Handler listing = [&keys](const Call&, Services&) { return list(keys); };
  const Handler revoking = [&keys](const Call& call, Services& services) {
    return revoke(keys, call, services);
  };
  return {
      {"GET", "/api/v1/keys", Scope::admin, listing},
      repeatable({"POST", "/api/v1/keys", Scope::admin, forgetting(performed(creating))}),
      {"DELETE", "/api/v1/keys/{id}", Scope::admin, forgetting(audited("key.revoke", revoking))},
      {"GET", "/api/v1/audit", Scope::admin, Handler(audit), {"cursor", "limit"}}};
}

}  // namespace esteira::http
