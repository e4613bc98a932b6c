// Keys of the API: making, revoking, and telling who asks.
#pragma once

#include <atomic>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "domain/api_key.hpp"
#include "repository/repository.hpp"

namespace esteira {

struct CreatedKey {
  ApiKey key;
  std::string secret;  // the whole token: shown once, kept nowhere
};

// Thread-safe. The keys are read from the store as a whole, at most once in `age_max` while all
// goes well: what another program revokes is refused here after that time at the latest, what was
// revoked before `forget` at once.
class KeyService {
 public:
  KeyService(std::shared_ptr<TaskRepository> repository, std::shared_ptr<const Clock> clock)
      : repository_(std::move(repository)), clock_(std::move(clock)) {}

  // invalid_argument, with `fields`.
  [[nodiscard]] Expected<CreatedKey> create(std::string_view name, ScopeSet scopes,
                                            std::optional<Duration> expires_in = std::nullopt,
                                            std::optional<Rate> rate = std::nullopt);
  // not_found. A revoked key may be revoked again.
  [[nodiscard]] Expected<void> revoke(std::string_view key_id);
  // The same through `store`, in the middle of a transaction of its caller's: `forget` once that is
  // committed.
  [[nodiscard]] Expected<CreatedKey> create(TaskRepository& store, std::string_view name,
                                            ScopeSet scopes, std::optional<Duration> expires_in,
                                            std::optional<Rate> rate);
  [[nodiscard]] Expected<void> revoke(TaskRepository& store, std::string_view key_id);
  // Reads the keys anew at their next use.
  void forget();
  // Newest first, revoked and expired ones too.
  [[nodiscard]] Expected<std::vector<ApiKey>> list();
  // Whose token this is, and that it is live. `unauthorized`, in the same words and the same time
  // whatever is wrong with it; `unavailable` where the keys can't be read.
  [[nodiscard]] Expected<ApiKey> authenticate(std::string_view token);
  // The same by id, for who has shown the token before.
  [[nodiscard]] Expected<ApiKey> live_key(std::string_view key_id);
  // Whether a key was ever made; a revoked one counts, so that revoking the last one opens nothing.
  [[nodiscard]] Expected<bool> any_key();
  // Writes the last uses that `authenticate` saw since; call it now and then. What can't be written
  // is kept for the next time.
  void flush_last_use();

  static constexpr Duration age_max = std::chrono::seconds{4};
  // After a refusal the keys are read again, for one may have been made a moment ago: not more
  // often than this, so that guesses are not passed on to the database.
  static constexpr Duration refusal_pause = std::chrono::milliseconds{100};

 private:
  using Keys = std::unordered_map<std::string, StoredKey>;
  struct Cache {
    std::shared_ptr<const Keys> keys;
    Duration read_at{};  // on the steady clock, before the store was asked
    std::uint64_t generation = 0;
  };

  // The keys, read within `age` from now.
  Expected<std::shared_ptr<const Keys>> keys_within(Duration age);
  Expected<std::shared_ptr<const Keys>> read_keys();
  void note_use(const std::string& key_id, Time at);

  const std::shared_ptr<TaskRepository> repository_;
  const std::shared_ptr<const Clock> clock_;
  // Once true, true for ever: keys are not deleted.
  std::atomic<bool> any_{false};
  Mutex mutex_;
  Cache cache_ ESTEIRA_GUARDED_BY(mutex_);
  std::unordered_map<std::string, Time> uses_ ESTEIRA_GUARDED_BY(mutex_);
};

}  // namespace esteira
