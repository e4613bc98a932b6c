#include "worker/work_types.hpp"

#include "base/assert.hpp"

namespace esteira {

WorkTypes::WorkTypes(std::vector<TaskType> types) {
  for (auto& type : types) {
    const auto type_id = type.type_id;
    WorkType work{.type = std::move(type), .schema = std::nullopt};
    if (!work.type.payload_schema.empty()) {
      // One that can't be compiled was put there by hand: the worker itself is then the judge.
      if (auto schema = PayloadSchema::compile(work.type.payload_schema)) {
        work.schema = *std::move(schema);
      }
    }
    by_id_.emplace(type_id, std::move(work));
  }
  for (const auto& [type_id, work] : by_id_) by_name_.emplace(work.type.name, &work);
}

const WorkType* WorkTypes::find(TypeId type_id) const {
  const auto found = by_id_.find(type_id);
  return found == by_id_.end() ? nullptr : &found->second;
}

const WorkType* WorkTypes::find(std::string_view name) const {
  const auto found = by_name_.find(std::string(name));
  return found == by_name_.end() ? nullptr : found->second;
}

Expected<std::shared_ptr<const WorkTypes>> WorkTypeCache::get(bool fresh) {
  const auto steady = clock_.steady();
  std::int64_t version = -1;
  {
    const MutexLock lock(mutex_);
    if (!fresh && types_ != nullptr && steady - read_at_ < age_max) return types_;
    version = version_;
  }
  // The version is read first: a change in between is then found by the next look.
  const auto current = ESTEIRA_TRY(repository_.types_version());
  std::shared_ptr<const WorkTypes> types;
  if (current != version) types = std::make_shared<WorkTypes>(ESTEIRA_TRY(repository_.types()));
  const MutexLock lock(mutex_);
  if (types != nullptr && current >= version_) {
    types_ = types;
    version_ = current;
  }
  read_at_ = steady;
  return types != nullptr ? types : types_;
}

}  // namespace esteira
