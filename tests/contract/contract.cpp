#include "contract/contract.hpp"

#include <sstream>

namespace esteira::test {
namespace {

std::string text_of(const std::optional<Time>& time) { return time ? format_time(*time) : "-"; }

void describe(const Task& task, std::ostream& out) {
  out << task.task_id << ' ' << task.type << ' ' << to_text(task.status) << " p" << task.priority
      << " r" << task.retries << '/' << task.max_retries << " a" << task.attempt << " c"
      << task.crashes << ' ' << to_text(task.payload) << ' ' << to_text(task.result) << ' '
      << task.error_message.value_or("-") << ' ' << text_of(task.scheduled_for) << ' '
      << text_of(task.started_at) << ' ' << text_of(task.completed_at) << ' '
      << text_of(task.created_at) << ' ' << text_of(task.updated_at) << ' '
      << task.progress.value_or(-1) << ' ' << task.unique_key.value_or("-") << ' '
      << task.worker.value_or("-");
  for (const std::string& tag : task.tags) out << " #" << tag;
  out << '\n';
}

void describe(const Execution& execution, std::ostream& out) {
  out << execution.execution_id << ' ' << execution.attempt << ' ' << to_text(execution.status)
      << ' ' << text_of(execution.started_at) << ' ' << text_of(execution.completed_at) << ' '
      << execution.error_message.value_or("-") << ' ' << to_text(execution.metadata) << '\n';
}

}  // namespace

Contract::Contract() : store_(GetParam().make()), repository_(store_->open()) {}

std::shared_ptr<TaskRepository> Contract::another() {
  // A store in memory is one object's alone: threads share that object.
  for (const StoreKind& kind : shared_stores()) {
    if (kind.name == GetParam().name) return store_->open();
  }
  return repository_;
}

TypeId Contract::type(const std::string& name) {
  return must(repository().put_type(task_type(name), now_)).type_id;
}

TaskType Contract::change_type(const std::string& name,
                               const std::function<void(TaskType&)>& change) {
  TaskType changed = task_type(name);
  change(changed);
  return must(repository().put_type(changed, now_));
}

TaskId Contract::add(const NewTaskRow& row) { return add(std::span{&row, 1}).at(0); }

std::vector<TaskId> Contract::add(std::span<const NewTaskRow> rows) {
  std::vector<TaskId> ids;
  for (const InsertedTask& task : must(repository().insert(rows, now_))) {
    ids.push_back(task.task_id);
  }
  return ids;
}

std::vector<TaskId> Contract::add_many(TypeId type_id, int count) {
  const std::vector<NewTaskRow> rows(static_cast<std::size_t>(count), new_task_row(type_id));
  return add(rows);
}

LeaseId Contract::draw_lease() {
  const MutexLock lock(lease_mutex_);
  return chance.lease_id();
}

TickRequest Contract::claim_request(std::vector<TypeId> types, int limit) {
  TickRequest request;
  request.worker = worker_name;
  request.promote_limit = limits::promote_tasks_max;
  request.claim = ClaimRequest{.lease_id = draw_lease(),
                               .types = types,
                               .limit = limit,
                               .gated = types,
                               .lease = lease_length,
                               .ageing = {}};
  return request;
}

TickAnswer Contract::tick(const TickRequest& request) {
  return must(repository().tick(request, now_));
}

std::vector<Claim> Contract::claim(std::vector<TypeId> types, int limit) {
  return tick(claim_request(std::move(types), limit)).claims;
}

Claim Contract::claim_one(TypeId type_id) { return claim({type_id}, 1).at(0); }

std::vector<FinishStatus> Contract::finish(std::span<const Settlement> settlements) {
  TickRequest request;
  request.worker = worker_name;
  request.settlements = settlements;
  return tick(request).settlements;
}

FinishStatus Contract::finish(const Settlement& settlement) {
  return finish(std::span{&settlement, 1}).at(0);
}

RenewalAnswer Contract::renew(const LeaseId& lease_id, std::vector<Renewal::Held> held) {
  const Renewal renewal{.lease_id = lease_id, .held = std::move(held)};
  TickRequest request;
  request.worker = worker_name;
  request.renewals = std::span{&renewal, 1};
  request.lease = lease_length;
  return tick(request).renewals.at(0);
}

NoteAnswer Contract::note(const Note& note) {
  TickRequest request;
  request.worker = worker_name;
  request.notes = std::span{&note, 1};
  return tick(request).notes.at(0);
}

std::vector<TaskRepository::TakenOver> Contract::take_expired(int limit) {
  return must(repository().take_expired("rescuer", draw_lease(), lease_length, limit, now_));
}

ChangeStatus Contract::cancel(TaskId task_id) {
  return must(repository().cancel(std::span{&task_id, 1}, now_)).at(0);
}

ChangeStatus Contract::retry(TaskId task_id) {
  return must(repository().retry(std::span{&task_id, 1}, now_)).at(0);
}

ChangeStatus Contract::remove(TaskId task_id) {
  return must(repository().remove(std::span{&task_id, 1}, now_)).at(0);
}

ChangeStatus Contract::edit(TaskId task_id, const TaskEditRow& edit) {
  return must(repository().edit(task_id, edit, now_)).status;
}

Task Contract::task(TaskId task_id) {
  std::optional<Task> found = must(repository().task(task_id, now_));
  if (!found) throw std::runtime_error("there is no task " + std::to_string(task_id));
  return *std::move(found);
}

std::vector<Execution> Contract::executions(TaskId task_id) {
  return must(repository().executions(task_id));
}

std::string Contract::everything_of(TaskId task_id) {
  std::ostringstream out;
  describe(task(task_id), out);
  for (const Execution& execution : executions(task_id)) describe(execution, out);
  for (const LogLine& line : must(repository().log_lines(task_id))) {
    out << line.attempt << '.' << line.line << ' ' << format_time(line.at) << ' '
        << to_text(line.level) << ' ' << line.text << '\n';
  }
  return out.str();
}

TaskId Contract::ended(TypeId type_id, TaskStatus status) {
  const TaskId task_id = add(new_task_row(type_id));
  if (status == TaskStatus::cancelled) {
    EXPECT_EQ(cancel(task_id), ChangeStatus::applied);
    return task_id;
  }
  for (const Claim& claim : claim({type_id})) {
    if (claim.fence.task_id != task_id) {
      finish(interrupted(claim, now_));
    } else if (status == TaskStatus::completed) {
      finish(completed(claim, now_));
    } else {
      finish(failed_for_good(claim, now_));
    }
  }
  return task_id;
}

std::vector<TaskId> ids_of(std::span<const Claim> claims) {
  std::vector<TaskId> ids;
  for (const Claim& claim : claims) ids.push_back(claim.fence.task_id);
  return ids;
}

std::vector<TaskId> ids_of(std::span<const Task> tasks) {
  std::vector<TaskId> ids;
  for (const Task& task : tasks) ids.push_back(task.task_id);
  return ids;
}

Renewal::Held held(const Claim& claim) {
  return {.task_id = claim.fence.task_id, .attempt = claim.fence.attempt};
}

}  // namespace esteira::test
