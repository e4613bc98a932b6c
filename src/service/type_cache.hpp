// The task types as last read, so that creating a task asks the database once.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "processor/payload_schema.hpp"
#include "repository/repository.hpp"

namespace esteira {

// Where the types come from: a database, or a server before one.
struct TypeSource {
  std::function<Expected<std::int64_t>()> version;  // goes up with every change to a type
  std::function<Expected<std::vector<TaskType>>()> types;
};

// not_found, and what to do about it; `name` is canonical.
[[nodiscard]] std::unexpected<Error> unknown_type(std::string_view name);

// How many tasks of a type may wait.
struct WaitingLimit {
  std::string type;
  std::int64_t max_waiting = 0;
};

// Thread-safe where its source is.
class TypeCache {
 public:
  TypeCache(TypeSource source, const Clock& clock) : source_(std::move(source)), clock_(clock) {}
  TypeCache(TaskRepository& repository, const Clock& clock);

  // By canonical name. Reads again what is older than `age_max`, or when the name is not known.
  [[nodiscard]] Expected<TaskType> find(std::string_view name);
  // Checks a payload against the type's JSON Schema, if it has one.
  [[nodiscard]] Expected<void> check_payload(const TaskType& type, const Json& payload);
  // As last read, by whomever: what `find` answers is at hand here.
  [[nodiscard]] bool any_waiting_limit();
  [[nodiscard]] std::optional<WaitingLimit> waiting_limit(TypeId type_id);
  void forget();

  static constexpr Duration age_max = std::chrono::seconds{1};

 private:
  struct Entry {
    TaskType type;
    std::optional<PayloadSchema> schema;  // compiled when first used
  };
  Expected<void> refresh();

  const TypeSource source_;
  const Clock& clock_;
  Mutex mutex_;
  std::unordered_map<std::string, Entry> entries_ ESTEIRA_GUARDED_BY(mutex_);
  std::unordered_map<TypeId, WaitingLimit> waiting_limits_ ESTEIRA_GUARDED_BY(mutex_);
  std::int64_t version_ ESTEIRA_GUARDED_BY(mutex_) = -1;
  Duration read_at_ ESTEIRA_GUARDED_BY(mutex_) = Duration::min();
};

}  // namespace esteira
