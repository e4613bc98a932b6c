// The one clock of the house: the database's, followed from here.
#pragma once

#include <atomic>
#include <memory>

#include "base/clock.hpp"
#include "repository/repository.hpp"

namespace esteira {

// This machine's clocks, the wall clock moved by the offset that `sync` last measured. Runs on the
// steady clock between two measurements, so that a step of this machine's clock is not followed.
// Thread-safe.
class DatabaseClock final : public Clock {
 public:
  DatabaseClock();
  [[nodiscard]] Time now() const override;
  [[nodiscard]] Duration steady() const override { return system_.steady(); }
  // Asks the database for its time; keeps the old offset where it does not answer.
  Expected<void> sync(TaskRepository& repository);
  // How far the database's clock is ahead of this machine's wall clock.
  [[nodiscard]] Duration offset() const;

 private:
  SystemClock system_;
  std::atomic<std::int64_t> base_us_;  // database time at steady zero
};

}  // namespace esteira
