// /batches: tasks that are counted, cancelled and retried together.
#include "api/batch_json.hpp"
#include "http/answers.hpp"
#include "http/deed.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"

namespace esteira::http {
namespace {

// What the finish task's type refuses of a well-formed body is 422.
Response refusal(const Error& error) {
  if (error.code == ErrorCode::conflict) return problem(error, 409, "batch-exists");
  if (error.code == ErrorCode::not_found) {
    Error unknown = error;
    unknown.fields = {{"/finish/type", error.message}};
    return problem(unknown, 422, "unknown-type");
  }
  const bool payload =
      !error.fields.empty() && error.fields.front().pointer.starts_with("/finish/payload");
  return payload ? problem(error, 422, "payload-refused") : problem(error);
}

Response create(const Call& call, Services& services) {
  const auto body = json_body(call.request);
  if (!body) return problem(body.error());
  const auto asked = api::new_batch_from_json(*body);
  if (!asked) return problem(asked.error());
  const auto batch = services.batches.create(asked->batch_id, asked->finish);
  if (!batch) return refusal(batch.error());
  auto answer = json_answer(api::batch_to_json(*batch), 201);
  write_audit(call, services, "batch.create", batch->batch_id, answer);
  return answer;
}

Response show(const Call& call, Services& services) {
  const auto batch = services.batches.find(call.captures.front());
  return batch ? json_answer(api::batch_to_json(*batch)) : problem(batch.error());
}

Response close(const Call& call, Services& services) {
  if (const auto empty = no_body(call.request); !empty) return problem(empty.error());
  const auto batch = services.batches.close(call.captures.front());
  if (!batch) return problem(batch.error());
  auto answer = json_answer(api::batch_to_json(*batch));
  write_audit(call, services, "batch.close", batch->batch_id, answer);
  return answer;
}

template <Expected<BatchChange> (BatchService::*change)(const std::string&)>
Handler changing(std::string_view action) {
  return performed([action](const Call& call, Services& services) {
    if (const auto empty = no_body(call.request); !empty) return problem(empty.error());
    const auto changed = (services.batches.*change)(call.captures.front());
    if (!changed) return problem(changed.error());
    auto answer = json_answer(api::batch_change_to_json(*changed));
    write_audit(call, services, action, changed->batch.batch_id, answer, std::nullopt,
                esteira::to_text(Json(
                    JsonObject{{"applied", changed->applied}, {"requested", changed->requested}})));
    return answer;
  });
}

}  // namespace

std::vector<Route> batch_routes() {
  return {repeatable({"POST", "/api/v1/batches", Scope::tasks_write, performed(create)}),
          {"GET", "/api/v1/batches/{batch_id}", Scope::tasks_read, Handler(show)},
          repeatable(
              {"POST", "/api/v1/batches/{batch_id}/close", Scope::tasks_write, performed(close)}),
          repeatable({"POST", "/api/v1/batches/{batch_id}/cancel", Scope::tasks_write,
                      changing<&BatchService::cancel>("batch.cancel")}),
          repeatable({"POST", "/api/v1/batches/{batch_id}/retry", Scope::tasks_write,
                      changing<&BatchService::retry>("batch.retry")})};
}

}  // namespace esteira::http
