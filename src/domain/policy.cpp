#include "domain/policy.hpp"

#include <algorithm>
#include <cmath>

#include <fmt/format.h>

#include "domain/limits.hpp"

namespace esteira {

Duration back_off_delay(const BackOff& back_off, int failures, double random) {
  // In doubles: a large power becomes infinite, which the cap then bounds.
  const double power = std::pow(std::max(back_off.factor, 1.0), std::max(failures, 1) - 1);
  const double cap =
      static_cast<double>(std::clamp(back_off.cap, Duration{0}, limits::delay_max).count());
  const double full =
      std::min(static_cast<double>(std::max(back_off.base, Duration{0}).count()) * power, cap);
  return Duration{static_cast<std::int64_t>(back_off.jitter ? full * random : full)};
}

Expected<void> check_type_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '.' || c == '-';
  };
  if (!name.empty() && name.size() <= limits::type_name_bytes_max &&
      std::ranges::all_of(name, good)) {
    return {};
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("a task type's name is 1 to {} of A-Z, 0-9, '_', '.', '-'",
                          limits::type_name_bytes_max));
}

std::string_view canonical_type_name(std::string_view name) {
  return name == "SEND_MESSAGE" ? "MESSAGE_SEND" : name;
}

}  // namespace esteira
