#include "service/back_pressure.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"

namespace esteira {
namespace {

// What the rows ask for of a type that has a limit.
struct Asked {
  WaitingLimit limit;
  std::int64_t rows = 0;
};

std::map<TypeId, Asked> asked_for(std::span<const NewTaskRow> rows, TypeCache& types) {
  std::map<TypeId, Asked> asked;
  for (const auto& row : rows) {
    if (const auto found = asked.find(row.type_id); found != asked.end()) {
      ++found->second.rows;
    } else if (auto limit = types.waiting_limit(row.type_id)) {
      asked.emplace(row.type_id, Asked{.limit = *std::move(limit), .rows = 1});
    }
  }
  return asked;
}

}  // namespace

Expected<void> BackPressure::admit(std::span<const NewTaskRow> rows, TypeCache& types) {
  if (!types.any_waiting_limit()) return {};
  const auto asked = asked_for(rows, types);
  for (const auto& [type_id, one] : asked) ESTEIRA_TRY(refresh(type_id, one.limit.max_waiting));
  const MutexLock lock(mutex_);
  for (const auto& [type_id, one] : asked) {
    if (counts_[type_id].waiting + one.rows <= one.limit.max_waiting) continue;
    return fail(ErrorCode::rate_limited,
                fmt::format("{} tasks of type {} may wait, and so many do: try again later",
                            one.limit.max_waiting, one.limit.type));
  }
  for (const auto& [type_id, one] : asked) counts_[type_id].waiting += one.rows;
  return {};
}

// No lock is held across the database's answer.
Expected<void> BackPressure::refresh(TypeId type_id, std::int64_t max_waiting) {
  const auto steady = clock_.steady();
  {
    const MutexLock lock(mutex_);
    const auto found = counts_.find(type_id);
    if (found != counts_.end() && steady - found->second.read_at < age_max) return {};
  }
  const auto waiting = ESTEIRA_TRY(repository_.count_waiting(type_id, max_waiting));
  const MutexLock lock(mutex_);
  counts_[type_id] = {.waiting = waiting, .read_at = steady};
  return {};
}

}  // namespace esteira
