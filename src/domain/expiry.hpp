// Tasks that nobody wants any more once their time is over.
#pragma once

#include "domain/outcome.hpp"
#include "domain/task_terms.hpp"

namespace esteira {

// A task that is met waiting then is not started, whether it is its first attempt or a later one.
[[nodiscard]] inline bool has_expired(const TaskTerms& terms, Time now) {
  return terms.expires_at && *terms.expires_at <= now;
}

[[nodiscard]] inline outcome::Cancelled expired_unstarted() {
  return {.reason = "expired before it was started", .metadata = R"({"expired":true})"};
}

}  // namespace esteira
