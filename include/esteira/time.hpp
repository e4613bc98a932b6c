// Points in time: UTC, in microseconds, what both databases keep.
#pragma once

#include <chrono>
#include <string>
#include <string_view>

#include "esteira/error.hpp"

namespace esteira {

using Duration = std::chrono::microseconds;
using Time = std::chrono::sys_time<Duration>;

// Reads RFC 3339 ("2024-12-25T00:00:00Z", any offset, up to 9 decimals of which 6 are kept).
// Years 1 to 9999. A leap second (":60") reads as the next second's start.
[[nodiscard]] Expected<Time> try_parse_time(std::string_view text);

// As above; throws std::invalid_argument with the reason.
[[nodiscard]] Time parse_time(std::string_view text);

// "2024-12-25T00:00:00Z"; decimals only where there are any: 3 or 6.
[[nodiscard]] std::string format_time(Time time);

// Reads "90s", "5m", "2h", "1d", "250ms"; a bare number is seconds. Not negative, at most ten
// years.
[[nodiscard]] Expected<Duration> parse_duration(std::string_view text);

// "250ms", "1.5s", "2m 3s", "4h 5m", "3d 2h": two units at most, for people.
[[nodiscard]] std::string format_duration(Duration duration);

}  // namespace esteira
