// The calls of workers in other languages: what they send, and what they are answered.
#pragma once

#include "domain/work.hpp"
#include "esteira/json.hpp"

namespace esteira::api {

// Strict: unknown fields, wrong types, missing fields and what is over a limit are refused by name,
// all of them at once (invalid_argument with `fields`). Whether a worker or a task is there is the
// service's to say.
[[nodiscard]] Expected<WorkerRegistration> registration_from_json(const Json& body);
[[nodiscard]] Expected<ClaimCall> claim_from_json(const Json& body);
[[nodiscard]] Expected<HeartbeatCall> heartbeat_from_json(const Json& body);
[[nodiscard]] Expected<ReportCall> report_from_json(const Json& body);

// {worker_id, heartbeat_seconds, lease_seconds}
[[nodiscard]] Json registered_to_json(const RegisteredWorker& worker);
// {tasks: [{task, attempt, lease_id, lease_expires_at, deadline_at, checkpoint, traceparent}]}
[[nodiscard]] Json claimed_to_json(const HandedTasks& handed);
// {command, tasks: [{task_id, status, lease_expires_at}]}
[[nodiscard]] Json heartbeat_to_json(const HeartbeatAnswer& answer);
// {reports: [{task_id, status}], tasks: […]}; `next` is what the claim of the same call got.
[[nodiscard]] Json reported_to_json(const ReportAnswer& answer, const HandedTasks& next = {});

}  // namespace esteira::api
