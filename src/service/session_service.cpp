#include "service/session_service.hpp"

#include "base/assert.hpp"
#include "service/secret_text.hpp"

namespace esteira {
namespace {

constexpr std::size_t token_text_size = 43;
// Above this what is known is read again by and by.
constexpr std::size_t known_max = 10'000;

std::unexpected<Error> no_session() {
  return fail(ErrorCode::unauthorized, "the session has ended: sign in again");
}

}  // namespace

Expected<OpenedSession> SessionService::open(TaskRepository& store, ApiKey key) {
  OpenedSession opened{.token = draw_secret_text(token_text_size), .key = std::move(key)};
  const Time now = clock_->now();
  opened.expires_at = now + Session::life_max;
  if (opened.key.expires_at)
    opened.expires_at = std::min(opened.expires_at, *opened.key.expires_at);
  ESTEIRA_TRY(store.put_session({.token_hash = sha256(opened.token),
                                 .key_id = opened.key.key_id,
                                 .created_at = now,
                                 .seen_at = now,
                                 .expires_at = opened.expires_at}));
  return opened;
}

Expected<ApiKey> SessionService::find(std::string_view token) {
  if (token.size() != token_text_size) return no_session();
  const auto session = ESTEIRA_TRY(read(sha256(token)));
  const Time now = clock_->now();
  if (!session.live(now)) return no_session();
  auto key = ESTEIRA_TRY(keys_->live_key(session.key_id));
  if (now - session.seen_at >= touch_interval) touch(session, now);
  return key;
}

Expected<void> SessionService::close(TaskRepository& store, std::string_view token) {
  const auto hash = sha256(token);
  auto removed = store.remove_session(hash);
  const MutexLock lock{mutex_};
  known_.erase(hash);
  return removed;
}

// No lock is held across the store's answer.
Expected<Session> SessionService::read(const Sha256& hash) {
  const Duration read_at = clock_->steady();
  {
    const MutexLock lock{mutex_};
    const auto found = known_.find(hash);
    if (found != known_.end() && read_at - found->second.read_at < age_max) {
      return found->second.session;
    }
  }
  const auto session = ESTEIRA_TRY(repository_->session(hash));
  const MutexLock lock{mutex_};
  if (!session) {
    known_.erase(hash);
    return no_session();
  }
  if (known_.size() >= known_max) known_.clear();
  known_[hash] = {.session = *session, .read_at = read_at};
  return *session;
}

// A call that is not written down costs its session a minute of its idle time at most.
void SessionService::touch(Session session, Time now) {
  session.seen_at = now;
  static_cast<void>(repository_->touch_session(session.token_hash, now));
  const MutexLock lock{mutex_};
  const auto found = known_.find(session.token_hash);
  if (found != known_.end()) found->second.session = std::move(session);
}

}  // namespace esteira
