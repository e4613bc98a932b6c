// Who may ask what.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "http/rate_book.hpp"
#include "http/router.hpp"
#include "service/key_service.hpp"
#include "service/session_service.hpp"

namespace esteira::http {

// While no key exists: this machine's own programs may do everything, and nobody else anything. A
// web page that somebody here looks at is somebody else, and so is a name that was rebound to this
// machine.
[[nodiscard]] std::optional<Response> refuse_strangers(const Request& request);

// Denies by default: a route without a need is open, every other wants a key whose scopes allow it.
// Thread-safe.
class KeyGate {
 public:
  KeyGate(std::shared_ptr<KeyService> keys, std::shared_ptr<SessionService> sessions,
          std::shared_ptr<RateBook> rates)
      : keys_(std::move(keys)), sessions_(std::move(sessions)), rates_(std::move(rates)) {}

  // Reads whether any key exists; before the server starts.
  [[nodiscard]] Expected<bool> look();
  // On the server's thread, with what the last look saw.
  [[nodiscard]] std::optional<Response> at_the_door(const Request& request) const;
  // Whether it is time to look again although nobody is let in: once a second at most, by whoever
  // comes first. Else a server that only strangers ask would never learn of its first key.
  [[nodiscard]] bool wants_look();
  // In the pool; fills in the call's actor.
  [[nodiscard]] std::optional<Response> pass(Call& call, const Route& route);

 private:
  // Whose key the call shows, or its session stands for.
  [[nodiscard]] Expected<ApiKey> key_of(const Call& call) const;
  void flush_now_and_then();

  const std::shared_ptr<KeyService> keys_;
  const std::shared_ptr<SessionService> sessions_;
  const std::shared_ptr<RateBook> rates_;
  std::atomic<bool> keyless_ = true;
  // On the steady clock.
  std::atomic<std::int64_t> flush_at_s_ = 0;
  std::atomic<std::int64_t> look_at_s_ = 0;
};

}  // namespace esteira::http
