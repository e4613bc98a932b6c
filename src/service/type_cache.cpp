#include "service/type_cache.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "domain/policy.hpp"

namespace esteira {

std::unexpected<Error> unknown_type(std::string_view name) {
  const auto shown = name.substr(0, 50);
  // A name that no type can have is a slip, and a type can't be made of it.
  if (auto good = check_type_name(name); !good) {
    return fail(ErrorCode::not_found,
                fmt::format("unknown task type '{}': names are in upper case: {}", shown,
                            good.error().message));
  }
  return fail(ErrorCode::not_found,
              fmt::format("unknown task type '{}': see `esteira type list`, or make it with "
                          "`esteira type set {}`",
                          shown, shown));
}

TypeCache::TypeCache(TaskRepository& repository, const Clock& clock)
    : TypeCache({.version = [&repository] { return repository.types_version(); },
                 .types = [&repository] { return repository.types(); }},
                clock) {}

Expected<TaskType> TypeCache::find(std::string_view name) {
  const std::string key(canonical_type_name(name));
  {
    MutexLock lock(mutex_);
    const bool fresh = read_at_ != Duration::min() && clock_.steady() - read_at_ < age_max;
    if (const auto found = entries_.find(key); fresh && found != entries_.end()) {
      return found->second.type;
    }
  }
  ESTEIRA_TRY(refresh());
  MutexLock lock(mutex_);
  if (const auto found = entries_.find(key); found != entries_.end()) return found->second.type;
  return unknown_type(key);
}

// No lock is held across the database's answer; two threads that refresh at once read the same.
Expected<void> TypeCache::refresh() {
  const auto version = ESTEIRA_TRY(source_.version());
  {
    MutexLock lock(mutex_);
    if (version == version_) {
      read_at_ = clock_.steady();
      return {};
    }
  }
  auto types = ESTEIRA_TRY(source_.types());
  std::unordered_map<std::string, Entry> entries;
  std::unordered_map<TypeId, WaitingLimit> limits;
  for (auto& type : types) {
    if (type.flow.max_waiting) limits[type.type_id] = {type.name, *type.flow.max_waiting};
    auto name = type.name;
    entries.emplace(std::move(name), Entry{std::move(type), std::nullopt});
  }
  MutexLock lock(mutex_);
  entries_ = std::move(entries);
  waiting_limits_ = std::move(limits);
  version_ = version;
  read_at_ = clock_.steady();
  return {};
}

Expected<void> TypeCache::check_payload(const TaskType& type, const Json& payload) {
  if (type.payload_schema.empty()) return {};
  MutexLock lock(mutex_);
  const auto found = entries_.find(type.name);
  if (found == entries_.end()) return {};
  auto& schema = found->second.schema;
  if (!schema) {
    auto compiled = PayloadSchema::compile(type.payload_schema);
    if (!compiled) return std::unexpected(std::move(compiled).error());
    schema.emplace(std::move(*compiled));
  }
  return schema->check(payload);
}

bool TypeCache::any_waiting_limit() {
  const MutexLock lock(mutex_);
  return !waiting_limits_.empty();
}

std::optional<WaitingLimit> TypeCache::waiting_limit(TypeId type_id) {
  const MutexLock lock(mutex_);
  const auto found = waiting_limits_.find(type_id);
  return found == waiting_limits_.end() ? std::nullopt : std::optional(found->second);
}

void TypeCache::forget() {
  MutexLock lock(mutex_);
  version_ = -1;
  read_at_ = Duration::min();
}

}  // namespace esteira
