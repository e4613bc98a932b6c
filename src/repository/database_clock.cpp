#include "repository/database_clock.hpp"

#include "base/assert.hpp"

namespace esteira {

DatabaseClock::DatabaseClock()
    : base_us_((system_.now().time_since_epoch() - system_.steady()).count()) {}

Time DatabaseClock::now() const {
  return Time{Duration{base_us_.load(std::memory_order_relaxed)} + system_.steady()};
}

Expected<void> DatabaseClock::sync(TaskRepository& repository) {
  const auto before = system_.steady();
  const auto server = ESTEIRA_TRY(repository.server_time());
  const auto after = system_.steady();
  // The server read its clock about half-way between the question and the answer.
  const auto middle = before + (after - before) / 2;
  base_us_.store((server.time_since_epoch() - middle).count(), std::memory_order_relaxed);
  return {};
}

Duration DatabaseClock::offset() const { return now() - system_.now(); }

}  // namespace esteira
