// What the store truly did, one fact at a time, whatever the caller was told of it.
#pragma once

#include <string>
#include <variant>

#include "repository/repository.hpp"

namespace esteira::sim {

struct Inserted {
  const NewTaskRow& row;
  InsertedTask answer;
  Time now;
};
struct NoteTaken {
  const Note& note;
  NoteAnswer answer;
};
// A settlement offered by a worker or the maintenance.
struct Offered {
  const Settlement& settlement;
  FinishStatus answer;
  Time now;
};
struct Renewed {
  Fence fence;
  HeldStatus answer;
  Time expires_at;  // where it is renewed
};
// A claim call as a whole; each of its tasks follows as Claimed.
struct ClaimAnswered {
  const ClaimRequest& request;
  const std::vector<Claim>& claims;
  Time now;
};
struct Claimed {
  const ClaimRequest& request;
  const Claim& claim;
  const std::string& worker;
  bool repeated;  // the answer to a claim whose first answer was lost
  Time now;
};
struct TakeOverAnswered {
  const std::vector<TaskRepository::TakenOver>& taken;
  Time now;
};
struct TakenOver {
  const TaskRepository::TakenOver& taken;
  const std::string& worker;
  bool repeated;
  Time expires_at;
  Time now;
};
struct CancelAsked {
  TaskId task_id;
  ChangeStatus answer;
  Time now;
};
struct RetryAsked {
  TaskId task_id;
  ChangeStatus answer;
  Time now;
};
struct RemoveAsked {
  TaskId task_id;
  ChangeStatus answer;
};
// The retention removed this task.
struct Pruned {
  TaskId task_id;
  Time now;
};
struct TypeChanged {
  const TaskType& type;
};
// A process sends this tick; whether it arrives is another matter.
struct TickAsked {
  const TickRequest& request;
};
// The store answered an error of its own, not an injected one.
struct Refused {
  std::string_view call;
  const Error& error;
  std::span<const NewTaskRow> rows{};  // of an insert
  Time now{};
};
// A producer was told that its wish is task `task_id`.
struct Acknowledged {
  std::int64_t order;
  TaskId task_id;
};

using Event = std::variant<Inserted, NoteTaken, Offered, Renewed, ClaimAnswered, Claimed,
                           TakeOverAnswered, TakenOver, CancelAsked, RetryAsked, RemoveAsked,
                           Pruned, TypeChanged, TickAsked, Refused, Acknowledged>;

// The wish that a payload of the simulator carries.
[[nodiscard]] std::int64_t order_of(std::string_view payload);

}  // namespace esteira::sim
