// IANA time zones, from the system's database (/usr/share/zoneinfo).
#pragma once

#include <chrono>
#include <optional>
#include <string>
#include <string_view>

#include "esteira/time.hpp"

namespace esteira {

// What a clock on the wall shows, in whole seconds.
using LocalTime = std::chrono::local_seconds;

// A value, cheap to copy. Safe in many threads. The database is read once in a process's life, each
// zone at its first use.
class TimeZone {
 public:
  // By its name of the database ("America/Sao_Paulo", "UTC"), in its spelling; links are names
  // too. A name is never used as a path. invalid_argument: there is none of that name.
  [[nodiscard]] static Expected<TimeZone> find(std::string_view name);

  // A span of time, begin <= t < end, in which the offset from UTC stays the same. Bounds beyond
  // the years that are known are far away.
  struct Span {
    std::chrono::sys_seconds begin;
    std::chrono::sys_seconds end;
    std::chrono::seconds offset;  // local = UTC + offset
  };
  [[nodiscard]] Span at(Time time) const;

  // What the wall showed or will show at an instant, without its fraction of a second.
  [[nodiscard]] LocalTime local(Time time) const;

  // Where on the line of time a local time lies.
  struct Instants {
    std::optional<Time> first;   // nothing: a gap skips it
    std::optional<Time> second;  // the repetition, where clocks were set back over it
    Time after_gap{};            // where a gap skips it: its end, the first valid instant after
  };
  [[nodiscard]] Instants instants(LocalTime local) const;

  [[nodiscard]] std::string_view name() const;

 private:
  explicit TimeZone(const void* zone) : zone_(zone) {}
  const void* zone_;  // the library's, which lives as long as the process
};

// "2026-03-08T03:00:00-04:00"; an offset that is no whole minute (before 1972) has its seconds too.
[[nodiscard]] std::string format_local(const TimeZone& zone, Time time);

}  // namespace esteira
