#include "model/ledger.hpp"

#include <algorithm>
#include <charconv>

namespace esteira::sim {

std::int64_t order_of(std::string_view payload) {
  constexpr std::string_view key = "\"order\":";
  const auto place = payload.find(key);
  std::int64_t order = 0;
  if (place != std::string_view::npos) {
    std::from_chars(payload.data() + place + key.size(), payload.data() + payload.size(), order);
  }
  return order;
}

namespace {

bool holds_key(const TaskRecord& task, Time now) {
  switch (task.unique_scope) {
    case UniqueScope::active:
      return task.stage != Stage::ended;
    case UniqueScope::waiting:
      return task.stage == Stage::waiting && task.unstarted;
    case UniqueScope::window:
      return task.unique_until && now < *task.unique_until;
  }
  return false;
}

}  // namespace

void Ledger::apply(const Event& event) {
  std::visit([this](const auto& one) { on(one); }, event);
}

const TaskRecord* Ledger::find(TaskId task_id) const {
  const auto found = tasks_.find(task_id);
  return found == tasks_.end() ? nullptr : &found->second;
}

const TaskType* Ledger::type(TypeId type_id) const {
  const auto found = types_.find(type_id);
  return found == types_.end() ? nullptr : &found->second;
}

std::optional<TaskId> Ledger::unique_holder(TypeId type_id, const std::string& key, TaskId except,
                                            Time now) const {
  for (const auto& [task_id, task] : tasks_) {
    if (task_id != except && task.type_id == type_id && task.unique_key == key &&
        holds_key(task, now)) {
      return task_id;
    }
  }
  return std::nullopt;
}

const LiveClaim* Ledger::live(const Fence& fence) const {
  const auto* task = find(fence.task_id);
  return task != nullptr && task->live && task->live->fence == fence ? &*task->live : nullptr;
}

bool Ledger::was_settled(const Fence& fence) const {
  const auto* task = find(fence.task_id);
  return task != nullptr && std::ranges::any_of(task->ended_attempts, [&](const auto& ended) {
           return ended.attempt == fence.attempt && ended.lease_id == fence.lease_id;
         });
}

std::vector<TaskId> Ledger::held_by(const LeaseId& lease_id) const {
  std::vector<TaskId> held;
  for (const auto& [task_id, task] : tasks_) {
    if (task.live && task.live->fence.lease_id == lease_id) held.push_back(task_id);
  }
  return held;
}

TaskStatus Ledger::status(const TaskRecord& task) const {
  switch (task.stage) {
    case Stage::waiting:
      return TaskStatus::pending;
    case Stage::running:
      return TaskStatus::processing;
    case Stage::ended:
      return task.ended_as;
  }
  return task.ended_as;
}

bool Ledger::all_ended() const {
  return std::ranges::all_of(tasks_,
                             [](const auto& one) { return one.second.stage == Stage::ended; });
}

TaskRecord* Ledger::touch(TaskId task_id) {
  const auto found = tasks_.find(task_id);
  if (found == tasks_.end()) return nullptr;
  touched_.insert(task_id);
  return &found->second;
}

void Ledger::move(TaskRecord& task, Stage stage) {
  task.stage = stage;
  ++moves_;
}

void Ledger::erase(TaskId task_id) {
  ++moves_;
  if (tasks_.erase(task_id) > 0) removed_.insert(task_id);
  touched_.insert(task_id);
}

void Ledger::on(const Inserted& event) {
  const auto task_id = event.answer.task_id;
  const auto& row = event.row;
  if (row.idempotency_key) keys_.try_emplace(*row.idempotency_key, task_id);
  if (!event.answer.created) return;
  tasks_.insert_or_assign(task_id, TaskRecord{.task_id = task_id,
                                              .type_id = row.type_id,
                                              .order = order_of(row.payload),
                                              .max_retries = row.max_retries,
                                              .unique_key = row.unique_key,
                                              .unique_scope = row.terms.unique_scope,
                                              .unique_until = row.terms.unique_until,
                                              .payload = row.payload,
                                              .run_at = row.scheduled_for.value_or(event.now)});
  highest_id_ = std::max(highest_id_, task_id);
  ++moves_;
  touched_.insert(task_id);
}

void Ledger::on(const NoteTaken& event) {
  if (!event.answer.applied) return;
  const auto& fence =
      std::visit([](const auto& note) -> const Fence& { return note.fence; }, event.note);
  auto* task = touch(fence.task_id);
  if (task == nullptr) return;
  if (const auto* note = std::get_if<CheckpointNote>(&event.note)) task->checkpoint = note->state;
  if (const auto* note = std::get_if<NumberNote>(&event.note)) {
    task->numbers.try_emplace(note->counter, event.answer.number);
  }
}

void Ledger::on(const Offered& event) {
  if (event.answer != FinishStatus::applied) return;
  const auto& settlement = event.settlement;
  auto* task = touch(settlement.fence.task_id);
  if (task == nullptr) return;
  task->ended_attempts.push_back(
      {settlement.fence.attempt, settlement.fence.lease_id, settlement.status});
  task->live.reset();
  task->retries = settlement.retries;
  task->crashes = settlement.crashes;
  if (const auto* again = std::get_if<Again>(&settlement.next)) {
    move(*task, Stage::waiting);
    task->run_at = again->run_at;
    return;
  }
  move(*task, Stage::ended);
  task->ended_as = std::get<Ended>(settlement.next).status;
  task->ended_at = settlement.completed_at;
  task->checkpoint.reset();
}

void Ledger::on(const Renewed& event) {
  auto* task = touch(event.fence.task_id);
  if (task == nullptr || !task->live || event.answer == HeldStatus::lost) return;
  task->live->expires_at = event.expires_at;
}

void Ledger::on(const ClaimAnswered& /*event*/) {}

void Ledger::on(const Claimed& event) {
  auto* task = touch(event.claim.fence.task_id);
  if (task == nullptr || event.repeated) return;
  move(*task, Stage::running);
  task->unstarted = false;
  task->claims += 1;
  task->live = LiveClaim{.fence = event.claim.fence,
                         .worker = event.worker,
                         .ran_by = event.worker,
                         .expires_at = event.now + event.request.lease};
}

void Ledger::on(const TakeOverAnswered& /*event*/) {}

void Ledger::on(const TakenOver& event) {
  auto* task = touch(event.taken.claim.fence.task_id);
  if (task == nullptr || !task->live || event.repeated) return;
  task->live->fence = event.taken.claim.fence;
  task->live->worker = event.worker;
  task->live->expires_at = event.expires_at;
  task->live->lease_ended = true;
}

void Ledger::on(const CancelAsked& event) {
  auto* task = touch(event.task_id);
  if (task == nullptr) return;
  if (event.answer == ChangeStatus::requested && task->live) task->live->cancel_requested = true;
  if (event.answer != ChangeStatus::applied) return;
  task->claims += 1;
  task->ended_attempts.push_back({task->claims, LeaseId{}, ExecutionStatus::cancelled});
  move(*task, Stage::ended);
  task->ended_as = TaskStatus::cancelled;
  task->ended_at = event.now;
  task->checkpoint.reset();
}

void Ledger::on(const RetryAsked& event) {
  auto* task = touch(event.task_id);
  if (task == nullptr || event.answer != ChangeStatus::applied) return;
  move(*task, Stage::waiting);
  task->unstarted = true;
  task->run_at = event.now;
  task->retries = 0;
  task->crashes = 0;
}

void Ledger::on(const RemoveAsked& event) {
  if (event.answer == ChangeStatus::applied) erase(event.task_id);
}

void Ledger::on(const Pruned& event) { erase(event.task_id); }

void Ledger::on(const TypeChanged& event) {
  types_.insert_or_assign(event.type.type_id, event.type);
}

void Ledger::on(const TickAsked& /*event*/) {}

void Ledger::on(const Refused& /*event*/) {}

void Ledger::on(const Acknowledged& event) {
  if (auto* task = touch(event.task_id)) task->acknowledged = true;
}

}  // namespace esteira::sim
