#include "support/builders.hpp"

#include <utility>

namespace esteira::test {

TaskType task_type(std::string name) {
  TaskType type;
  type.name = std::move(name);
  type.timeout = std::chrono::minutes{5};
  type.back_off.jitter = false;
  return type;
}

NewTaskRow new_task_row(TypeId type_id, std::string payload) {
  NewTaskRow row;
  row.type_id = type_id;
  row.payload = std::move(payload);
  return row;
}

Claim fresh_claim(Time started_at) {
  Claim claim;
  claim.fence.task_id = 42;
  claim.fence.attempt = 1;
  claim.fence.lease_id.bytes.fill(7);
  claim.type_id = 3;
  claim.priority = 5;
  claim.max_retries = 3;
  claim.run_at = started_at - std::chrono::seconds{2};
  claim.started_at = started_at;
  claim.lease_expires_at = started_at + std::chrono::seconds{30};
  claim.created_at = claim.run_at;
  claim.payload = "{}";
  return claim;
}

RetryPolicy plain_policy() {
  RetryPolicy policy;
  policy.back_off.jitter = false;
  return policy;
}

Settlement completed(const Claim& claim, Time now, std::string result) {
  return settle(claim, outcome::Completed{.result = std::move(result)}, plain_policy(), now);
}

Settlement failed(const Claim& claim, Time now, std::string message) {
  return settle(claim, outcome::Failed{.message = std::move(message)}, plain_policy(), now);
}

Settlement failed_for_good(const Claim& claim, Time now, std::string message) {
  return settle(claim, outcome::Failed{.message = std::move(message), .retry = RetryNever{}},
                plain_policy(), now);
}

Settlement snoozed(const Claim& claim, Time now, Duration delay) {
  return settle(claim, outcome::Snoozed{.delay = delay}, plain_policy(), now);
}

Settlement interrupted(const Claim& claim, Time now) {
  return settle(claim, outcome::Interrupted{}, plain_policy(), now);
}

Settlement expired(const Claim& claim, Time now, std::string worker) {
  return settle(claim, outcome::Expired{.worker = std::move(worker)}, plain_policy(), now);
}

}  // namespace esteira::test
