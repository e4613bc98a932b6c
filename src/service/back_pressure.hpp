// What a type's `max_waiting` says to those who create: enough waits.
#pragma once

#include <map>
#include <span>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "repository/repository.hpp"
#include "service/type_cache.hpp"

namespace esteira {

// Thread-safe. The store is asked at most once in `age_max` for each type; in between, what was
// admitted here is added. So one object never admits more than fits by its last count, and several
// together may pass the limit by what they admit within that time.
class BackPressure {
 public:
  BackPressure(TaskRepository& repository, const Clock& clock)
      : repository_(repository), clock_(clock) {}

  // All of the rows, or none: rate_limited. A row counts whether it becomes a task of its own or is
  // answered with an earlier one.
  [[nodiscard]] Expected<void> admit(std::span<const NewTaskRow> rows, TypeCache& types);

  static constexpr Duration age_max = std::chrono::milliseconds{500};

 private:
  struct Count {
    std::int64_t waiting = 0;
    Duration read_at{};  // on the steady clock, before the store was asked
  };
  Expected<void> refresh(TypeId type_id, std::int64_t max_waiting);

  TaskRepository& repository_;
  const Clock& clock_;
  Mutex mutex_;
  std::map<TypeId, Count> counts_ ESTEIRA_GUARDED_BY(mutex_);
};

}  // namespace esteira
