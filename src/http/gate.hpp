// Who may ask what.
#pragma once

#include <atomic>
#include <memory>
#include <optional>

#include "http/router.hpp"
#include "service/key_service.hpp"

namespace esteira::http {

// While no key exists: this machine's own programs may do everything, and nobody else anything. A
// web page that somebody here looks at is somebody else, and so is a name that was rebound to this
// machine.
[[nodiscard]] std::optional<Response> refuse_strangers(const Request& request);

// Denies by default: a route without a need is open, every other wants a key whose scopes allow it.
// Thread-safe.
class KeyGate {
 public:
  explicit KeyGate(std::shared_ptr<KeyService> keys) : keys_(std::move(keys)) {}

  // Reads whether any key exists; before the server starts.
  [[nodiscard]] Expected<bool> look();
  // On the server's thread, with what the last look saw.
  [[nodiscard]] std::optional<Response> at_the_door(const Request& request) const;
  // In the pool; fills in the call's actor.
  [[nodiscard]] std::optional<Response> pass(Call& call, const Route& route);

 private:
  void flush_now_and_then();

  const std::shared_ptr<KeyService> keys_;
  std::atomic<bool> keyless_ = true;
  std::atomic<std::int64_t> flush_at_s_ = 0;  // on the steady clock
};

}  // namespace esteira::http
