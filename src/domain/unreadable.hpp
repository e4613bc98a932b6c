// Tasks whose payloads could not be deciphered.
#pragma once

#include "domain/claim.hpp"
#include "domain/limits.hpp"
#include "domain/outcome.hpp"

namespace esteira {

// A key that is not at hand may come: the task waits for it and loses nothing. What was tampered
// with never becomes right.
[[nodiscard]] inline Outcome unreadable_outcome(const Unreadable& unreadable) {
  if (unreadable.for_good) return outcome::Failed{.message = unreadable.why, .retry = RetryNever{}};
  return outcome::Snoozed{.delay = limits::missing_key_wait, .reason = unreadable.why};
}

}  // namespace esteira
