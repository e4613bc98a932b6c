#include "domain/schedule.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "domain/limits.hpp"

namespace esteira {
namespace {

constexpr std::array<std::string_view, 3> missed_words{"skip", "one", "all"};
constexpr std::array<std::string_view, 4> overlap_words{"allow", "skip", "queue", "cancel"};
// How often a schedule looks whether its last task has ended, while one waits for that.
constexpr Duration queued_look = std::chrono::seconds{1};

template <class Policy, std::size_t Count>
Expected<Policy> parse_word(const std::array<std::string_view, Count>& words,
                            std::string_view text) {
  const auto found = std::ranges::find(words, text);
  if (found != words.end()) return static_cast<Policy>(found - words.begin());
  return fail(ErrorCode::invalid_argument,
              fmt::format("must be one of {}", fmt::join(words, ", ")));
}

// The nominal times in (from, to], at most `most`.
std::vector<Time> times_between(const CronRule& rule, Time from, Time to, int most) {
  std::vector<Time> times;
  auto at = next_after(rule, from);
  while (at && *at <= to && std::ssize(times) < most) {
    times.push_back(*at);
    at = next_after(rule, *at);
  }
  return times;
}

// The last of the nominal times in (from, to], at most `most`. Where there are many more, halving
// the time finds a start after which there are enough and not too many; a second holds one at most,
// so that there is such a start.
std::vector<Time> last_between(const CronRule& rule, Time from, Time to, int most) {
  const int enough = 2 * most;
  auto times = times_between(rule, from, to, enough + 1);
  auto low = from;
  auto high = to;
  while (std::ssize(times) > enough) {
    ESTEIRA_ASSERT(high - low > std::chrono::milliseconds{1});
    const auto middle = low + (high - low) / 2;
    auto found = times_between(rule, middle, to, enough + 1);
    if (std::ssize(found) < most) {
      high = middle;
      continue;
    }
    low = middle;
    times = std::move(found);
  }
  if (std::ssize(times) > most) times.erase(times.begin(), times.end() - most);
  return times;
}

}  // namespace

std::string_view to_text(MissedPolicy policy) {
  return missed_words[static_cast<std::size_t>(policy)];
}
std::string_view to_text(OverlapPolicy policy) {
  return overlap_words[static_cast<std::size_t>(policy)];
}
Expected<MissedPolicy> parse_missed_policy(std::string_view text) {
  return parse_word<MissedPolicy>(missed_words, text);
}
Expected<OverlapPolicy> parse_overlap_policy(std::string_view text) {
  return parse_word<OverlapPolicy>(overlap_words, text);
}

Expected<void> check_schedule_name(std::string_view name) {
  const auto good = [](char c) {
    return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  // "." and ".." are no segments of a path.
  if (!name.empty() && name.size() <= limits::schedule_name_bytes_max && name.front() != '.' &&
      std::ranges::all_of(name, good)) {
    return {};
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("a schedule's name is 1 to {} of A-Z, a-z, 0-9, '_', '.', '-', and does "
                          "not begin with '.'",
                          limits::schedule_name_bytes_max));
}

Expected<CronRule> rule_of(const Schedule& schedule) {
  std::vector<FieldError> wrong;
  const auto expression = parse_cron(schedule.cron);
  if (!expression) wrong.push_back({"/cron", expression.error().message});
  const auto zone = TimeZone::find(schedule.timezone);
  if (!zone) wrong.push_back({"/timezone", zone.error().message});
  if (wrong.empty()) {
    return CronRule{.expression = *expression, .zone = *zone, .anchor = schedule.anchor};
  }
  auto message = fmt::format("{}: {}", wrong.front().pointer.substr(1), wrong.front().message);
  return std::unexpected(Error{.code = ErrorCode::invalid_argument,
                               .message = std::move(message),
                               .fields = std::move(wrong)});
}

std::vector<Time> due_times(const Schedule& schedule, const CronRule& rule, Time now) {
  const auto on_time_from = std::max(schedule.handled_until, now - limits::schedule_on_time);
  std::vector<Time> due;
  if (schedule.missed != MissedPolicy::skip) {
    const int most = schedule.missed == MissedPolicy::one ? 1 : schedule.missed_max;
    const auto from = std::max(schedule.handled_until, now - schedule.missed_window);
    if (from < on_time_from) due = last_between(rule, from, on_time_from, most);
  }
  // A second holds one nominal time at most.
  constexpr int on_time_max = limits::schedule_on_time / std::chrono::seconds{1} + 1;
  const auto on_time = times_between(rule, on_time_from, now, on_time_max);
  due.insert(due.end(), on_time.begin(), on_time.end());
  return due;
}

ScheduleStep decide_overlap(const Schedule& schedule, std::span<const Time> due, LastTask last) {
  ScheduleStep step{.queued_at = schedule.queued_at};
  if (step.queued_at && last == LastTask::ended) {
    step.create.push_back(*std::exchange(step.queued_at, std::nullopt));
    last = LastTask::waiting;
  }
  if (schedule.overlap == OverlapPolicy::cancel && !due.empty()) {
    // Of several at once, the last would cancel the others.
    step.pass_over.assign(due.begin(), due.end() - 1);
    step.cancel_last = last != LastTask::ended;
    step.create.push_back(due.back());
    return step;
  }
  for (const auto nominal : due) {
    if (schedule.overlap == OverlapPolicy::allow || last == LastTask::ended) {
      step.create.push_back(nominal);
      last = LastTask::waiting;
    } else if (schedule.overlap == OverlapPolicy::queue && last == LastTask::running &&
               !step.queued_at) {
      step.queued_at = nominal;
    } else {
      step.pass_over.push_back(nominal);
    }
  }
  return step;
}

Schedule moved_on(Schedule schedule, const CronRule& rule, Time now) {
  schedule.handled_until = std::max(schedule.handled_until, now);
  schedule.next_at = schedule.paused ? std::nullopt : next_after(rule, schedule.handled_until);
  return looks_again(std::move(schedule), now);
}

Schedule looks_again(Schedule schedule, Time now) {
  schedule.look_at = schedule.next_at;
  if (schedule.queued_at && !schedule.paused) {
    schedule.look_at = std::min(schedule.next_at.value_or(Time::max()), now + queued_look);
  }
  return schedule;
}

std::vector<ScheduleInstant> instants_after(const CronRule& rule, Time after, int count) {
  std::vector<ScheduleInstant> instants;
  for (const auto at : times_between(rule, after, Time::max(), count)) {
    instants.push_back({.nominal_at = at, .local = format_local(rule.zone, at)});
  }
  return instants;
}

Duration lag_of(const Schedule& schedule, Time now) {
  return schedule.next_at ? std::max(now - *schedule.next_at, Duration{0}) : Duration{0};
}

}  // namespace esteira
