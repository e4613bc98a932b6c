// The body of PATCH /tasks/{id}, and what the audit trail keeps of an edit.
#pragma once

#include <string>

#include "esteira/json.hpp"
#include "esteira/task.hpp"

namespace esteira::api {

// Strict: unknown fields and wrong types are refused by name, all of them at once
// (invalid_argument with `fields`), and so is an object that changes nothing. A scheduled_for of
// null is "due now"; a payload may become null.
[[nodiscard]] Expected<TaskEdit> task_edit_from_json(const Json& body);

// The `before` and `after` of an audit entry: the fields that are not what they were, as JSON
// text. A payload is named by its SHA-256.
struct AuditedEdit {
  std::string before;
  std::string after;
};
[[nodiscard]] AuditedEdit audited(const Task& before, const Task& after);

}  // namespace esteira::api
