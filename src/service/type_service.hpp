// What a person may ask about the types of tasks.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/clock.hpp"
#include "domain/policy.hpp"
#include "repository/repository.hpp"

namespace esteira {

// Absent values stay as they are.
struct TypeChange {
  std::optional<std::string> description{};
  std::optional<int> max_retries{};
  std::optional<Duration> timeout{};
  std::optional<Duration> back_off_base{};
  std::optional<double> back_off_factor{};
  std::optional<Duration> back_off_cap{};
  std::optional<bool> back_off_jitter{};
  std::optional<std::string> payload_schema{};  // "": none
  std::optional<Duration> retention_completed{};
  std::optional<Duration> retention_failed{};
  std::optional<Duration> retention_cancelled{};
  std::optional<int> concurrency{};        // 0: no limit
  std::optional<std::string> rate{};       // "100/s", "600/m", "1000/h"; "none": no limit
  std::optional<std::string> flow_key{};   // a JSON pointer; "none": no flows
  std::optional<int> flow_concurrency{};   // 0: no limit
  std::optional<std::string> flow_rate{};  // as rate
  std::optional<bool> flow_ordered{};
  std::optional<std::map<std::string, int>> flow_weights{};  // all of them
  std::optional<std::int64_t> max_waiting{};                 // 0: no limit
  std::optional<bool> encrypted{};                           // of tasks that are created later
  // Any of these makes a circuit breaker where there was none, of the defaults for the others.
  std::optional<double> breaker_failure_rate{};  // 0: no breaker
  std::optional<int> breaker_attempts{};
  std::optional<Duration> breaker_window{};
  std::optional<Duration> breaker_open{};
  std::optional<int> breaker_probes{};
};

struct ChangedType {
  TaskType type;
  bool created = false;
};

// A type that this program knows of and that the database should have.
struct TypeSeed {
  std::string name;
  std::string description;
  std::string payload_schema;
};

// "100/s": at most so many starts a second, minute or hour.
[[nodiscard]] Expected<void> check_rate(std::string_view rate);

// Names are taken in either spelling (SEND_MESSAGE is MESSAGE_SEND). Thread-safe.
class TypeService {
 public:
  TypeService(std::shared_ptr<TaskRepository> repository, std::shared_ptr<const Clock> clock)
      : repository_(std::move(repository)), clock_(std::move(clock)) {}

  // By name.
  [[nodiscard]] Expected<std::vector<TaskType>> list();
  // not_found.
  [[nodiscard]] Expected<TaskType> find(std::string_view name);
  // Creates the type if there is none. invalid_argument, with `fields`, changes nothing.
  [[nodiscard]] Expected<ChangedType> set(std::string_view name, const TypeChange& change);
  // Its waiting tasks are no longer claimed; what runs goes on. not_found.
  [[nodiscard]] Expected<TaskType> pause(std::string_view name);
  [[nodiscard]] Expected<TaskType> resume(std::string_view name);
  // Creates those that are missing and leaves the others as they are.
  [[nodiscard]] Expected<void> ensure(std::span<const TypeSeed> seeds, const Retention& retention);

 private:
  Expected<TaskType> set_paused(std::string_view name, bool paused);

  const std::shared_ptr<TaskRepository> repository_;
  const std::shared_ptr<const Clock> clock_;
};

}  // namespace esteira
