// Errors as values: a closed set of codes and a message for a person.
#pragma once

#include <cstdint>
#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace esteira {

// What kind of thing went wrong. One table (`exit_status` in src/cli, the HTTP status in src/http)
// gives each its outward form.
enum class ErrorCode : std::uint8_t {
  invalid_argument,  // the input is wrong; the same call never succeeds
  not_found,
  conflict,      // the state of the thing does not allow it
  unauthorized,  // who are you
  forbidden,     // you may not
  rate_limited,
  unavailable,  // nothing was done; the same call may succeed later
  in_doubt,     // the connection was lost while committing: it may or may not have been done; ask
                // again with the same fence or key
  unsupported,
  internal,
};

// One wrong place in a JSON document: `pointer` is an RFC 6901 JSON pointer ("" is the whole).
struct FieldError {
  std::string pointer;
  std::string message;
  friend bool operator==(const FieldError&, const FieldError&) = default;
};

// `message` says what was attempted, on what, and what to do: lower case, no full stop, never a
// secret, never a payload.
struct Error {
  ErrorCode code = ErrorCode::internal;
  std::string message;
  std::vector<FieldError> fields{};
  // The task that already holds a unique key (conflict only).
  std::optional<std::int64_t> task_id{};
};

// A value or an Error. (`Result` is what a processor returns.)
template <class T = void>
using Expected = std::expected<T, Error>;

[[nodiscard]] inline std::unexpected<Error> fail(ErrorCode code, std::string message) {
  return std::unexpected<Error>(Error{.code = code, .message = std::move(message)});
}

// True where offering the same call again is right: the store was away, or may have done it.
[[nodiscard]] constexpr bool is_transient(ErrorCode code) {
  return code == ErrorCode::unavailable || code == ErrorCode::in_doubt;
}

}  // namespace esteira
