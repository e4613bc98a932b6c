// Reads lines "ZONE|CRON|FROM|TO" and answers each with the instants in (FROM, TO], all in seconds
// since 1970, or "error: …".
#include <charconv>
#include <iostream>
#include <string>

#include "domain/cron.hpp"

namespace esteira {
namespace {

std::string_view take(std::string_view& rest) {
  const auto end = rest.find('|');
  const auto part = rest.substr(0, end);
  rest.remove_prefix(end == std::string_view::npos ? rest.size() : end + 1);
  return part;
}

Time time_of(std::string_view text) {
  std::int64_t seconds = 0;
  std::from_chars(text.data(), text.data() + text.size(), seconds);
  return Time{std::chrono::seconds{seconds}};
}

void answer(std::string_view line) {
  const auto zone = TimeZone::find(take(line));
  const auto expression = parse_cron(take(line));
  const auto from = time_of(take(line));
  const auto to = time_of(take(line));
  if (!zone || !expression) {
    std::cout << "error: " << (zone ? expression.error() : zone.error()).message << '\n';
    return;
  }
  const CronRule rule{.expression = *expression, .zone = *zone};
  for (auto at = next_after(rule, from); at && *at <= to; at = next_after(rule, *at)) {
    std::cout << std::chrono::floor<std::chrono::seconds>(*at).time_since_epoch().count() << ' ';
  }
  std::cout << '\n';
}

}  // namespace
}  // namespace esteira

int main() {
  std::ios::sync_with_stdio(false);
  std::string line;
  while (std::getline(std::cin, line)) esteira::answer(line);
}
