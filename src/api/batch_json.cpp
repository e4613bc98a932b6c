#include "api/batch_json.hpp"

#include <array>

#include "api/new_task_json.hpp"
#include "api/object_reader.hpp"
#include "api/task_json.hpp"

namespace esteira::api {

Json batch_to_json(const TaskBatch& batch) {
  return JsonObject{
      {"batch_id", batch.batch_id},
      {"created_at", format_time(batch.created_at)},
      {"closed_at", time_to_json(batch.closed_at)},
      {"finished_at", time_to_json(batch.finished_at)},
      {"finish_task_id", batch.finish_task_id ? Json(*batch.finish_task_id) : Json(nullptr)},
      {"total", batch.pending + batch.completed + batch.failed + batch.cancelled},
      {"pending", batch.pending},
      {"completed", batch.completed},
      {"failed", batch.failed},
      {"cancelled", batch.cancelled}};
}

Json batch_change_to_json(const BatchChange& change) {
  return JsonObject{{"batch", batch_to_json(change.batch)},
                    {"applied", change.applied},
                    {"requested", change.requested},
                    {"more", change.more}};
}

Expected<NewBatch> new_batch_from_json(const Json& body) {
  const auto* object = body.if_object();
  if (object == nullptr) return refuse_all({{"", "a batch is a JSON object"}});
  std::vector<FieldError> wrong;
  ObjectReader reader(*object, wrong);
  NewBatch batch;
  if (reader.need("batch_id") != nullptr) batch.batch_id = reader.text("batch_id").value_or("");
  if (const auto* finish = reader.find("finish")) {
    auto task = new_task_from_json(*finish, IdempotencyKey::not_in_body);
    if (task) {
      batch.finish = *std::move(task);
    } else {
      for (const auto& field : task.error().fields) {
        wrong.push_back({"/finish" + field.pointer, field.message});
      }
    }
  }
  constexpr std::array<std::string_view, 2> known{"batch_id", "finish"};
  reader.refuse_others(known, "a batch");
  if (!wrong.empty()) return refuse_all(std::move(wrong));
  return batch;
}

Json new_batch_to_json(const NewBatch& batch) {
  JsonObject body{{"batch_id", batch.batch_id}};
  if (batch.finish) {
    body["finish"] = new_task_to_json(*batch.finish, IdempotencyKey::not_in_body);
  }
  return body;
}

}  // namespace esteira::api
