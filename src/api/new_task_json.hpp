// The body of POST /tasks, which is also a line of `esteira task import`.
#pragma once

#include "esteira/json.hpp"
#include "esteira/task.hpp"

namespace esteira::api {

enum class IdempotencyKey : std::uint8_t {
  in_body,      // a line of an import, or a task of a batch, has no headers
  not_in_body,  // POST /tasks has the header Idempotency-Key
};

// Strict: unknown fields, wrong types and missing fields are refused by name, all of them at once
// (invalid_argument with `fields`). Whether the type exists and takes the payload is the service's
// to say.
[[nodiscard]] Expected<NewTask> new_task_from_json(const Json& body, IdempotencyKey where);

// The counterpart; what is at its default is left out. `traceparent` is a header.
[[nodiscard]] Json new_task_to_json(const NewTask& task, IdempotencyKey where);

}  // namespace esteira::api
