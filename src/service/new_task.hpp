// The door: whether a new task may exist, and whether a waiting one may become another.
#pragma once

#include "domain/policy.hpp"
#include "esteira/processor.hpp"
#include "esteira/task.hpp"
#include "repository/repository.hpp"
#include "service/type_cache.hpp"

namespace esteira {

// Type known, limits kept, payload accepted by the type's schema and then by its processor;
// defaults filled from the type, a delay counted from `now` on. Errors carry JSON pointers.
[[nodiscard]] Expected<NewTaskRow> check_new_task(const NewTask& task, TypeCache& types,
                                                  const ProcessorRegistry* registry, Time now);

// The same of the tasks of one call, which may depend on each other. An error's pointers begin with
// the task's index.
[[nodiscard]] Expected<std::vector<NewTaskRow>> check_new_tasks(std::span<const NewTask> tasks,
                                                                TypeCache& types,
                                                                const ProcessorRegistry* registry,
                                                                Time now);
// What a repository says of the only task of an insert, without its place.
[[nodiscard]] Error about_only_task(Error error);

// The same of an edit: first what does not depend on the task, the payload left out, then its
// payload, of which the row has the text.
[[nodiscard]] Expected<TaskEditRow> check_edit(const TaskEdit& edit, Time now);
struct EditedPayload {
  std::string text;
  std::optional<std::string> flow_key;
  bool encrypted = false;  // new tasks of its type are
};
[[nodiscard]] Expected<EditedPayload> check_edited_payload(const Json& payload,
                                                           std::string_view type_name,
                                                           TypeCache& types,
                                                           const ProcessorRegistry* registry);

}  // namespace esteira
