// The Retry-After header.
#pragma once

#include <optional>
#include <string_view>

#include "esteira/time.hpp"

namespace esteira::processors {

struct RetryAfterHeaders {
  std::string_view retry_after;  // seconds or an HTTP date
  std::string_view date;         // the server's clock, which the date is by; may be empty
};

// The delay that a server asks for: at least a second, at most `delay_max`. Empty where the header
// says nothing that can be read. `now` stands in where the server tells no date.
[[nodiscard]] std::optional<Duration> retry_after_delay(const RetryAfterHeaders& headers, Time now,
                                                        Duration delay_max);

}  // namespace esteira::processors
