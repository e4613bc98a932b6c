// Sessions: a person shows a key once and is known by a cookie.
#pragma once

#include <map>
#include <memory>
#include <string>
#include <string_view>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "domain/session.hpp"
#include "service/key_service.hpp"

namespace esteira {

struct OpenedSession {
  std::string token;  // what the cookie holds; kept nowhere
  ApiKey key;
  Time expires_at{};
};

// Thread-safe. A session ends with its key, by a sign-out, and by time; another program's sign-out
// is known here within `age_max`.
class SessionService {
 public:
  SessionService(std::shared_ptr<TaskRepository> repository, std::shared_ptr<KeyService> keys,
                 std::shared_ptr<const Clock> clock)
      : repository_(std::move(repository)), keys_(std::move(keys)), clock_(std::move(clock)) {}

  // Whose key this is: before `open`, and outside of its transaction, for that asks another
  // connection. `unauthorized` where it is not live.
  [[nodiscard]] Expected<ApiKey> authenticate(std::string_view key_token) {
    return keys_->authenticate(key_token);
  }
  // Always a new session, so that nobody can plant one. Written through `store`, which may be in
  // the middle of a transaction.
  [[nodiscard]] Expected<OpenedSession> open(TaskRepository& store, ApiKey key);
  // The key of a live session. `unauthorized` where there is none.
  [[nodiscard]] Expected<ApiKey> find(std::string_view token);
  // Safe to repeat.
  [[nodiscard]] Expected<void> close(TaskRepository& store, std::string_view token);

  static constexpr Duration age_max = std::chrono::seconds{4};
  static constexpr Duration touch_interval = std::chrono::minutes{1};

 private:
  struct Known {
    Session session;
    Duration read_at{};  // on the steady clock
  };
  Expected<Session> read(const Sha256& hash);
  void touch(Session session, Time now);

  const std::shared_ptr<TaskRepository> repository_;
  const std::shared_ptr<KeyService> keys_;
  const std::shared_ptr<const Clock> clock_;
  Mutex mutex_;
  std::map<Sha256, Known> known_ ESTEIRA_GUARDED_BY(mutex_);
};

}  // namespace esteira
