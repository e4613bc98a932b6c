// The task types as last read, by name and by id, with their schemas compiled.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "domain/policy.hpp"
#include "processor/payload_schema.hpp"
#include "repository/repository.hpp"

namespace esteira {

struct WorkType {
  TaskType type;
  std::optional<PayloadSchema> schema;
};

// One reading of all types: never altered.
class WorkTypes {
 public:
  explicit WorkTypes(std::vector<TaskType> types);
  // Null where there is none.
  [[nodiscard]] const WorkType* find(TypeId type_id) const;
  [[nodiscard]] const WorkType* find(std::string_view name) const;

 private:
  std::unordered_map<TypeId, WorkType> by_id_;
  std::unordered_map<std::string, const WorkType*> by_name_;
};

// Thread-safe.
class WorkTypeCache {
 public:
  WorkTypeCache(TaskRepository& repository, const Clock& clock)
      : repository_(repository), clock_(clock) {}

  // At most a second old; `fresh`: asks the store whether something has changed.
  [[nodiscard]] Expected<std::shared_ptr<const WorkTypes>> get(bool fresh = false);

 private:
  static constexpr Duration age_max = std::chrono::seconds{1};

  TaskRepository& repository_;
  const Clock& clock_;
  Mutex mutex_;
  std::shared_ptr<const WorkTypes> types_ ESTEIRA_GUARDED_BY(mutex_);
  std::int64_t version_ ESTEIRA_GUARDED_BY(mutex_) = -1;
  Duration read_at_ ESTEIRA_GUARDED_BY(mutex_) = Duration::min();
};

}  // namespace esteira
