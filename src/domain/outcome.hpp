// What happened to one attempt. What it means is `settle`'s to say.
#pragma once

#include <optional>
#include <string>
#include <variant>

#include "esteira/processor.hpp"
#include "esteira/time.hpp"

namespace esteira {

namespace outcome {
struct Completed {
  std::string result = "null";  // JSON text, within limits::result_bytes_max
};
struct Failed {
  std::string message;
  Retry retry = RetryByPolicy{};
  std::string metadata{};  // JSON object text, or ""
};
struct TimedOut {
  std::string message;
  bool ignored_stop = false;  // the processor did not come back when asked to
  Retry retry = RetryByPolicy{};
};
struct Snoozed {
  Duration delay{};
  std::string reason{};  // why its execution says so, where it is to
};
struct Cancelled {
  std::string reason;
  std::string metadata{};  // JSON object text, or ""
};
struct Interrupted {};  // the worker stops
struct Expired {        // the lease ended without a word
  std::string worker;   // who held it
};
}  // namespace outcome

using Outcome =
    std::variant<outcome::Completed, outcome::Failed, outcome::TimedOut, outcome::Snoozed,
                 outcome::Cancelled, outcome::Interrupted, outcome::Expired>;

}  // namespace esteira
