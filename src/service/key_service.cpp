#include "service/key_service.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/utf8.hpp"
#include "domain/limits.hpp"
#include "service/secret_text.hpp"

namespace esteira {
namespace {

std::unexpected<Error> refuse(std::string field, std::string message) {
  return std::unexpected(Error{.code = ErrorCode::invalid_argument,
                               .message = field + " " + message,
                               .fields = {{"/" + field, message}}});
}

Expected<void> check_name(std::string_view name) {
  if (name.empty()) return refuse("name", "must not be empty");
  if (name.size() > limits::key_name_bytes_max) {
    return refuse("name", fmt::format("is over the limit of {} bytes", limits::key_name_bytes_max));
  }
  if (find_invalid_utf8(name) != std::string_view::npos) {
    return refuse("name", "is not valid UTF-8");
  }
  if (std::ranges::any_of(name, [](char c) { return (c >= 0 && c < ' ') || c == '\x7F'; })) {
    return refuse("name", "holds a control character");
  }
  return {};
}

std::unexpected<Error> unauthorized() {
  return fail(ErrorCode::unauthorized,
              "the key is not valid: send one that is live as `Authorization: Bearer esk_…`");
}

// What a secret is compared with where no key has the id.
constexpr Sha256 nobody{};

}  // namespace

Expected<CreatedKey> KeyService::create(TaskRepository& store, std::string_view name,
                                        ScopeSet scopes, std::optional<Duration> expires_in,
                                        std::optional<Rate> rate) {
  ESTEIRA_TRY(check_name(name));
  if (scopes.empty()) return refuse("scopes", "must name at least one");
  if (expires_in && (*expires_in <= Duration{0} || *expires_in > limits::key_lifetime_max)) {
    return refuse("expires_in", fmt::format("must be more than 0 and at most {}",
                                            format_duration(limits::key_lifetime_max)));
  }
  if (ESTEIRA_TRY(store.keys()).size() >= limits::keys_max) {
    return fail(ErrorCode::conflict,
                fmt::format("there are {} keys, and no more may be made", limits::keys_max));
  }
  const std::string secret = draw_secret_text(key_secret_size);
  const Time now = clock_->now();
  StoredKey stored{.key = {.key_id = draw_secret_text(key_id_size),
                           .name = std::string{name},
                           .scopes = scopes,
                           .created_at = now,
                           .rate = rate},
                   .secret_hash = sha256(secret)};
  if (expires_in) stored.key.expires_at = now + *expires_in;
  ESTEIRA_TRY(store.put_key(stored));
  std::string token = token_text(stored.key.key_id, secret);
  return CreatedKey{.key = std::move(stored.key), .secret = std::move(token)};
}

Expected<CreatedKey> KeyService::create(std::string_view name, ScopeSet scopes,
                                        std::optional<Duration> expires_in,
                                        std::optional<Rate> rate) {
  auto made = create(*repository_, name, scopes, expires_in, rate);
  forget();
  return made;
}

Expected<void> KeyService::revoke(std::string_view key_id) {
  auto revoked = revoke(*repository_, key_id);
  // It may have been done where the answer was lost.
  forget();
  return revoked;
}

Expected<std::vector<ApiKey>> KeyService::list() {
  flush_last_use();
  std::vector<ApiKey> keys;
  for (auto& stored : ESTEIRA_TRY(repository_->keys())) keys.push_back(std::move(stored.key));
  return keys;
}

Expected<void> KeyService::revoke(TaskRepository& store, std::string_view key_id) {
  // What can't be an id is not asked for: it may be no text that a store takes.
  const bool revoked = is_key_id(key_id) && ESTEIRA_TRY(store.revoke_key(key_id, clock_->now()));
  if (!revoked) {
    return fail(ErrorCode::not_found, "there is no key with this id: see `esteira key list`");
  }
  return {};
}

Expected<ApiKey> KeyService::authenticate(std::string_view text) {
  const auto token = parse_token(text);
  if (!token) return unauthorized();
  const Sha256 hash = sha256(token->secret);
  const std::string key_id{token->key_id};
  for (const Duration age : {age_max, refusal_pause}) {
    const auto keys = ESTEIRA_TRY(keys_within(age));
    const auto found = keys->find(key_id);
    const bool known = found != keys->end();
    const bool same = same_secret(hash, known ? found->second.secret_hash : nobody);
    const Time now = clock_->now();
    if (known && same && found->second.key.live(now)) {
      note_use(key_id, now);
      return found->second.key;
    }
  }
  return unauthorized();
}

Expected<ApiKey> KeyService::live_key(std::string_view key_id) {
  const auto keys = ESTEIRA_TRY(keys_within(age_max));
  const auto found = keys->find(std::string{key_id});
  const Time now = clock_->now();
  if (found == keys->end() || !found->second.key.live(now)) return unauthorized();
  note_use(found->first, now);
  return found->second.key;
}

Expected<bool> KeyService::any_key() {
  if (any_) return true;
  ESTEIRA_TRY(keys_within(age_max));
  return any_.load();
}

void KeyService::flush_last_use() {
  std::vector<KeyUse> uses;
  {
    const MutexLock lock{mutex_};
    for (const auto& [key_id, at] : uses_) uses.push_back({.key_id = key_id, .at = at});
    uses_.clear();
  }
  if (uses.empty() || repository_->touch_keys(uses)) return;
  for (const KeyUse& use : uses) note_use(use.key_id, use.at);
}

Expected<std::shared_ptr<const KeyService::Keys>> KeyService::keys_within(Duration age) {
  {
    const MutexLock lock{mutex_};
    if (cache_.keys && clock_->steady() - cache_.read_at < age) return cache_.keys;
  }
  return read_keys();
}

// No lock is held across the store's answer. What was read before a change of our own is not kept,
// nor answered.
Expected<std::shared_ptr<const KeyService::Keys>> KeyService::read_keys() {
  while (true) {
    std::uint64_t generation = 0;
    {
      const MutexLock lock{mutex_};
      generation = cache_.generation;
    }
    const Duration read_at = clock_->steady();
    auto keys = std::make_shared<Keys>();
    for (auto& stored : ESTEIRA_TRY(repository_->keys())) {
      std::string key_id = stored.key.key_id;
      keys->emplace(std::move(key_id), std::move(stored));
    }
    if (!keys->empty()) any_ = true;
    const MutexLock lock{mutex_};
    if (generation != cache_.generation) continue;
    if (!cache_.keys || cache_.read_at < read_at) {
      cache_.keys = keys;
      cache_.read_at = read_at;
    }
    return keys;
  }
}

void KeyService::forget() {
  const MutexLock lock{mutex_};
  cache_.keys.reset();
  ++cache_.generation;
}

void KeyService::note_use(const std::string& key_id, Time at) {
  const MutexLock lock{mutex_};
  Time& last = uses_[key_id];
  last = std::max(last, at);
}

}  // namespace esteira
