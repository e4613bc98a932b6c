// The parts of `bench/due`, each a process of its own: tasks for one instant, the worker that meets
// them, and who watches from outside what everybody else waits for meanwhile.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <memory>
#include <mutex>
#include <optional>
#include <stdexcept>
#include <string>
#include <vector>

#include "esteira/processor.hpp"

namespace esteira::instant {

struct Settings {
  std::string address;
  std::int64_t tasks = 1'000;
  std::optional<Time> at;  // the instant; nothing: now
};

// Each prints one JSON document. They throw std::runtime_error.
void create(const Settings& settings);
void work(const Settings& settings);
void watch(const Settings& settings);

// The longest that a transaction of others has been open, by looks from outside.
class LongestTransaction {
 public:
  virtual ~LongestTransaction() = default;
  virtual void look() = 0;  // every `look_interval`
  [[nodiscard]] virtual double longest_ms() const = 0;
  // What that one did when it was seen last, where that can be known.
  [[nodiscard]] virtual std::string what() const { return ""; }
};
[[nodiscard]] std::unique_ptr<LongestTransaction> watch_sqlite(const std::string& path);
[[nodiscard]] std::unique_ptr<LongestTransaction> watch_postgres(const std::string& address);

// What the many are.
class Noop : public BaseProcessor {
 public:
  [[nodiscard]] std::string_view task_type() const override { return "INSTANT"; }
  Result process(const Task& task, ExecutionContext& /*context*/) override { return task.payload; }
};
// A task that somebody wants at once, with a priority above the others'.
class Urgent : public BaseProcessor {
 public:
  [[nodiscard]] std::string_view task_type() const override { return "INSTANT_URGENT"; }
  Result process(const Task& task, ExecutionContext& /*context*/) override { return task.payload; }
};
// Claimed one by one by somebody else.
class Single : public BaseProcessor {
 public:
  [[nodiscard]] std::string_view task_type() const override { return "INSTANT_SINGLE"; }
  Result process(const Task& task, ExecutionContext& /*context*/) override { return task.payload; }
};

template <class T>
T value_of(Expected<T> answer) {
  if (!answer) throw std::runtime_error(answer.error().message);
  return *std::move(answer);
}
inline void check(const Expected<void>& answer) {
  if (!answer) throw std::runtime_error(answer.error().message);
}

// {"count", "p50", "p99", "max"}; null where there are none.
[[nodiscard]] JsonObject quantiles(std::vector<double> values);

}  // namespace esteira::instant
