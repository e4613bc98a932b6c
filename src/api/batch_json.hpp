// Batches as the HTTP API and the command line show them, and the body of POST /batches.
#pragma once

#include <optional>
#include <string>

#include "domain/batch.hpp"
#include "esteira/json.hpp"

namespace esteira::api {

[[nodiscard]] Json batch_to_json(const TaskBatch& batch);
// {batch, applied, requested, more}
[[nodiscard]] Json batch_change_to_json(const BatchChange& change);

struct NewBatch {
  std::string batch_id;
  std::optional<NewTask> finish;
};
// {batch_id, finish}: strict, as new_task_from_json.
[[nodiscard]] Expected<NewBatch> new_batch_from_json(const Json& body);
[[nodiscard]] Json new_batch_to_json(const NewBatch& batch);

}  // namespace esteira::api
