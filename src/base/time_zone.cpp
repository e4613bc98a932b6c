// The only file that knows the time zone library.
#include "base/time_zone.hpp"

#include <algorithm>

// As Debian builds the library: over the system's time zones.
#define USE_OS_TZDB 1
#define ONLY_C_LOCALE 1
#define HAS_STRING_VIEW 1
#include <date/tz.h>

#include <fmt/format.h>

namespace esteira {
namespace {

constexpr std::size_t name_bytes_max = 64;

const date::time_zone& library_zone(const void* zone) {
  return *static_cast<const date::time_zone*>(zone);
}

std::chrono::sys_seconds plain(date::sys_seconds time) {
  return std::chrono::sys_seconds{time.time_since_epoch()};
}

bool may_be_a_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '-' || c == '+' || c == '/';
  };
  // These two are whatever a machine was set to.
  return !name.empty() && name.size() <= name_bytes_max && std::ranges::all_of(name, good) &&
         name != "localtime" && name != "Factory";
}

// Null: there is none. The library throws what it cannot find or read.
const date::time_zone* look_up(std::string_view name) {
  try {
    const auto* zone = date::locate_zone(name);
    // Read now: a zone whose file is no zone must not be found bad later.
    static_cast<void>(zone->get_info(date::sys_seconds{}));
    return zone;
  } catch (const std::exception&) {
    return nullptr;
  }
}

}  // namespace

Expected<TimeZone> TimeZone::find(std::string_view name) {
  const auto* zone = may_be_a_name(name) ? look_up(name) : nullptr;
  if (zone != nullptr) return TimeZone(zone);
  return fail(ErrorCode::invalid_argument,
              "is no time zone that this machine knows; give an IANA name such as "
              "America/Sao_Paulo, or UTC");
}

TimeZone::Span TimeZone::at(Time time) const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
  const auto info = library_zone(zone_).get_info(date::sys_seconds{seconds});
  return {.begin = plain(info.begin), .end = plain(info.end), .offset = info.offset};
}

LocalTime TimeZone::local(Time time) const {
  const auto seconds = std::chrono::floor<std::chrono::seconds>(time.time_since_epoch());
  return LocalTime{seconds + at(time).offset};
}

TimeZone::Instants TimeZone::instants(LocalTime local) const {
  const auto since = local.time_since_epoch();
  const auto info = library_zone(zone_).get_info(date::local_seconds{since});
  const auto under = [&](const date::sys_info& span) { return Time{since - span.offset}; };
  switch (info.result) {
    case date::local_info::ambiguous:
      return {.first = under(info.first), .second = under(info.second)};
    case date::local_info::nonexistent:
      return {.first = {}, .second = {}, .after_gap = plain(info.first.end)};
    default:
      return {.first = under(info.first), .second = {}};
  }
}

std::string_view TimeZone::name() const { return library_zone(zone_).name(); }

std::string format_local(const TimeZone& zone, Time time) {
  const auto offset = zone.at(time).offset;
  const auto shown = format_time(time + offset);
  const auto size = offset < std::chrono::seconds{0} ? -offset : offset;
  const std::chrono::hh_mm_ss parts{size};
  auto text = fmt::format("{}{}{:02}:{:02}", shown.substr(0, shown.size() - 1),
                          offset < std::chrono::seconds{0} ? '-' : '+', parts.hours().count(),
                          parts.minutes().count());
  if (parts.seconds().count() != 0) text += fmt::format(":{:02}", parts.seconds().count());
  return text;
}

}  // namespace esteira
