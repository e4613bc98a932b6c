// What an answer that is no success means: the counterpart of src/http/problem.
#pragma once

#include "client/transfer.hpp"
#include "esteira/error.hpp"

namespace esteira::client {

struct Problem {
  Error error;
  std::string
      kind{};  // the last word of the problem's type, such as "unique-conflict"; may be empty
  // The server asks for the same call again, after this time: it was busy, or the first call with
  // this idempotency key is still on its way.
  std::optional<Duration> retry_after{};
};

inline constexpr Duration retry_after_max = std::chrono::seconds{10};  // longer ones are cut

// `changes`: the call was to change something, so that where the answer is not the server's own it
// may have been done.
[[nodiscard]] Problem read_problem(const Answer& answer, bool changes);

}  // namespace esteira::client
