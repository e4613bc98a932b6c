// Cron expressions and names of time zones: what is taken has a next instant, again and again; what
// is refused is refused with words.
#include <string>

#include "domain/cron.hpp"
#include "domain/limits.hpp"
#include "fuzz/target.hpp"

namespace esteira::fuzz {
namespace {

constexpr int instants_looked_at = 20;

void check_walk(const CronRule& rule, Time from) {
  for (int i = 0; i < instants_looked_at; ++i) {
    const auto next = next_after(rule, from);
    require(next.has_value(), "what is taken can be");
    require(*next > from, "time goes on");
    require(*next - from <= std::chrono::hours{24 * 366 * 41}, "the rarest day is not far");
    // Nothing lies between.
    require(next_after(rule, *next - Duration{1}) == next, "the first is found from anywhere");
    from = *next;
  }
}

// A line with a time zone, then an expression.
void read(std::string_view text) {
  const auto zone = TimeZone::find(take_line(text));
  const auto cron = parse_cron(text);
  if (!cron) {
    require(cron.error().code == ErrorCode::invalid_argument, "an expression is refused as such");
    require(!cron.error().message.empty(), "a refusal has words");
    return;
  }
  require(text.size() <= limits::cron_bytes_max, "what is taken is not long");
  if (!zone) {
    require(zone.error().code == ErrorCode::invalid_argument, "a zone is refused as such");
    return;
  }
  for (const auto* from : {"1969-12-31T23:59:59.999999Z", "2026-03-08T06:59:00Z",
                           "2026-11-01T05:30:00Z", "2096-02-29T12:00:00Z"}) {
    check_walk({.expression = *cron, .zone = *zone, .anchor = parse_time(from)}, parse_time(from));
  }
}

}  // namespace
}  // namespace esteira::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  esteira::fuzz::read(esteira::fuzz::text_of(data, size));
  return 0;
}
