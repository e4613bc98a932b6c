// esteira key create | list | revoke
#include <memory>

#include <fmt/format.h>

#include "api/key_json.hpp"
#include "base/assert.hpp"
#include "cli/output.hpp"
#include "cli/trail.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"
#include "domain/limits.hpp"
#include "service/key_service.hpp"

namespace esteira::cli {
namespace {

struct Options {
  std::optional<std::string> name;
  std::optional<std::string> scopes;
  std::optional<Duration> expires_in;
  std::optional<std::string> rate;
};

void print_created(const CreatedKey& created, bool json) {
  const ApiKey& key = created.key;
  if (json) {
    auto all = api::key_to_json(key);
    all.erase("last_used_at");
    all.erase("revoked_at");
    if (!key.rate) all.erase("rate");
    all["secret"] = created.secret;
    return print_json(all);
  }
  print(pairs_text({{"key_id", key.key_id},
                    {"name", key.name},
                    {"scopes", to_text(key.scopes)},
                    {"rate", key.rate ? to_text(*key.rate) : "no limit"},
                    {"expires", key.expires_at ? time_cell(key.expires_at) : "never"},
                    {"secret", created.secret}}));
  print_note("the secret is shown this once and kept nowhere: store it now");
}

Expected<int> create(const GlobalOptions& globals, const Options& options) {
  if (!options.name || !options.scopes) {
    return fail(ErrorCode::invalid_argument,
                "a key needs a name and scopes: esteira key create --name N --scope SCOPE[,…]");
  }
  const auto scopes = ESTEIRA_TRY(parse_scopes(*options.scopes));
  std::optional<Rate> rate;
  if (options.rate) {
    auto read = parse_rate(*options.rate);
    if (!read) return fail(ErrorCode::invalid_argument, "--rate " + read.error().message);
    rate = *read;
  }
  const auto store = ESTEIRA_TRY(open_store(globals));
  KeyService keys(store.repository, store.clock);
  const auto make = [&]() -> Expected<CreatedKey> {
    auto made = ESTEIRA_TRY(keys.create(*options.name, scopes, options.expires_in, rate));
    ESTEIRA_TRY(note_in_trail(
        store,
        {.action = "key.create", .target = made.key.key_id, .after = api::audited(made.key)}));
    return made;
  };
  const auto created = ESTEIRA_TRY(with_trail(store, make));
  print_created(created, globals.json);
  return status::done;
}

std::string state_of(const ApiKey& key, Time now) {
  if (key.revoked_at) return "revoked";
  return key.live(now) ? "live" : "expired";
}

Expected<int> list(const GlobalOptions& globals) {
  const auto store = ESTEIRA_TRY(open_store(globals));
  const auto keys = ESTEIRA_TRY(KeyService(store.repository, store.clock).list());
  if (globals.json) {
    JsonArray all;
    for (const auto& key : keys) all.push_back(api::key_to_json(key));
    print_json(all);
    return status::done;
  }
  if (keys.empty()) {
    print("no keys\n");
    return status::done;
  }
  Table table({{"KEY"},
               {"STATE"},
               {"SCOPES"},
               {"RATE"},
               {"CREATED (UTC)"},
               {"EXPIRES"},
               {"LAST USED"},
               {"NAME"}});
  for (const auto& key : keys) {
    table.add({key.key_id, state_of(key, store.now()), to_text(key.scopes),
               key.rate ? to_text(*key.rate) : "", time_cell(key.created_at),
               time_cell(key.expires_at), time_cell(key.last_used_at), printable(key.name)});
  }
  print_table(table);
  return status::done;
}

Expected<int> revoke(const GlobalOptions& globals, const std::string& key_id) {
  const auto store = ESTEIRA_TRY(open_store(globals));
  const auto end = [&]() -> Expected<void> {
    ESTEIRA_TRY(KeyService(store.repository, store.clock).revoke(key_id));
    return note_in_trail(store, {.action = "key.revoke", .target = key_id});
  };
  ESTEIRA_TRY(with_trail(store, end));
  if (globals.json) {
    print_json(JsonObject{{"key_id", key_id}, {"status", "revoked"}});
  } else {
    print(fmt::format("key {} is revoked: within 5 seconds no program takes it\n", key_id));
  }
  return status::done;
}

}  // namespace

Verb key_create_verb() {
  const auto options = std::make_shared<Options>();
  return {.name = "key create",
          .summary = "Make a key of the API, and show its secret once",
          .example =
              "esteira key create --name shop --scope tasks:write,tasks:read "
              "--expires-in 90d",
          .declare =
              [options](Arguments& arguments) {
                arguments.text({"--name", "N", "whose it is, for people"}, options->name);
                arguments.text({"--scope", "SCOPE[,…]",
                                "tasks:read, tasks:write, work, metrics, admin (all of them)"},
                               options->scopes);
                arguments.duration({"--expires-in", "TIME", "such as 90d (default: never)"},
                                   options->expires_in);
                arguments.text({"--rate", "N/s|m|h", "calls that it may make (default: no limit)"},
                               options->rate);
              },
          .run = [options](const GlobalOptions& globals) { return create(globals, *options); }};
}

Verb key_list_verb() {
  return {.name = "key list",
          .summary = "List the keys of the API, newest first",
          .example = "esteira key list",
          .declare = {},
          .run = list};
}

Verb key_revoke_verb() {
  const auto key_id = std::make_shared<std::string>();
  return {.name = "key revoke",
          .summary = "Take a key's rights away, for good",
          .example = "esteira key revoke 5Xn0q2VdTz8K",
          .declare = [key_id](Arguments& a) { a.positional({"ID", "", "the key"}, *key_id); },
          .run = [key_id](const GlobalOptions& globals) { return revoke(globals, *key_id); }};
}

}  // namespace esteira::cli
