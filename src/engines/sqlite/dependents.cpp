#include "engines/sqlite/dependents.hpp"

#include "base/assert.hpp"
#include "domain/dependencies.hpp"
#include "domain/limits.hpp"
#include "domain/settle.hpp"
#include "engines/sqlite/finish.hpp"
#include "engines/sqlite/operations.hpp"
#include "engines/sqlite/unique.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {
namespace {

struct End {
  std::int64_t end_no = 0;
  TaskId task_id = 0;
  TaskStatus status = TaskStatus::pending;
};

Expected<std::optional<End>> next_end(Connection& connection) {
  auto query = ESTEIRA_TRY(connection.query(sql::end_next));
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  return End{.end_no = query.integer(0),
             .task_id = query.integer(1),
             .status = static_cast<TaskStatus>(query.small(2))};
}

// Nothing: there is no such task.
Expected<std::optional<TaskStatus>> status_of(Connection& connection, TaskId task_id) {
  auto query = ESTEIRA_TRY(connection.query(sql::task_status));
  query.bind(task_id);
  if (!ESTEIRA_TRY(query.step())) return std::nullopt;
  return ESTEIRA_TRY(parse_task_status(query.view(0)));
}

// One round of telling.
class Teller {
 public:
  Teller(Connection& connection, Finisher& finisher, Time now)
      : connection_(connection), finisher_(finisher), now_(now) {}

  Expected<Told> run() {
    Told told;
    while (left_ > 0) {
      const auto end = ESTEIRA_TRY(next_end(connection_));
      if (!end) break;
      told.any = true;
      // A task is told of as it stands, for it may have been opened again since.
      const auto found = ESTEIRA_TRY(status_of(connection_, end->task_id));
      const auto status = found.value_or(end->status);
      if (!ESTEIRA_TRY(tell_children(end->task_id, status))) break;
      ESTEIRA_TRY(count_member(end->task_id, status));
      ESTEIRA_TRY(connection_.run(sql::end_delete, end->end_no));
      --left_;
    }
    told.ended = std::move(ended_);
    told.released = released_;
    return told;
  }

 private:
  // False: some are left.
  Expected<bool> tell_children(TaskId parent, TaskStatus status) {
    if (!has_ended(status)) return true;
    std::vector<TaskId> children;
    {
      auto query = ESTEIRA_TRY(connection_.query(sql::dependants));
      query.bind(parent, left_ + 1);
      while (ESTEIRA_TRY(query.step())) children.push_back(query.integer(0));
    }
    const bool all = std::ssize(children) <= left_;
    if (!all) children.pop_back();
    for (const auto child : children) {
      ESTEIRA_TRY(connection_.run(sql::dependency_delete, parent, child));
      ESTEIRA_TRY(tell(child, status));
      --left_;
    }
    return all;
  }

  Expected<void> tell(TaskId child, TaskStatus parent) {
    const auto place = ESTEIRA_TRY(find_place(connection_, child));
    if (!place || (place->waiting.flags & flag_blocked) == 0) return {};
    ParentEnds ends;
    count_parent(parent, ends);
    {
      auto query = ESTEIRA_TRY(connection_.query(sql::dependencies_count));
      query.bind(child);
      if (ESTEIRA_TRY(query.step())) ends.open = query.integer(0);
    }
    switch (decide_child(ESTEIRA_TRY(read_terms(connection_, child)), ends)) {
      case ChildFate::wait:
        return {};
      case ChildFate::run:
        released_ = true;
        return release(connection_, place->waiting, now_);
      case ChildFate::cancel:
        break;
    }
    ESTEIRA_TRY(delete_waiting(connection_, place->waiting));
    ended_.push_back(child);
    return finisher_.finish_waiting(
        settle(claim_of(*place, now_), parent_failed(), RetryPolicy{}, now_),
        place->waiting.flags & ~flag_blocked);
  }

  Expected<void> count_member(TaskId task_id, TaskStatus status) {
    const auto counted = has_ended(status) ? status : TaskStatus::pending;
    std::int64_t batch_no = 0;
    int was = 0;
    {
      auto query = ESTEIRA_TRY(connection_.query(sql::batch_member));
      query.bind(task_id);
      if (!ESTEIRA_TRY(query.step())) return {};
      batch_no = query.integer(0);
      was = query.small(1);
    }
    if (was == static_cast<int>(counted)) return {};
    ESTEIRA_TRY(connection_.run(sql::batch_member_count, task_id, static_cast<int>(counted)));
    ESTEIRA_TRY(connection_.run(sql::batch_count, batch_no, was, static_cast<int>(counted)));
    return look_at_batch(connection_, batch_no, now_);
  }

  Connection& connection_;
  Finisher& finisher_;
  const Time now_;
  int left_ = limits::dependants_max;
  std::vector<TaskId> ended_;
  bool released_ = false;
};

}  // namespace

Expected<void> note_end(Connection& connection, TaskId task_id, TaskStatus status) {
  return connection.run(sql::end_note, task_id, static_cast<int>(status));
}

Expected<Told> tell_dependents(Connection& connection, Time now) {
  if (!ESTEIRA_TRY(next_end(connection))) return Told{};
  auto finisher = ESTEIRA_TRY(Finisher::begin(connection, now));
  auto told = ESTEIRA_TRY(Teller(connection, finisher, now).run());
  ESTEIRA_TRY(finisher.end());
  return told;
}

Expected<void> tell_and_note(Connection& connection, Time now) {
  auto told = ESTEIRA_TRY(tell_dependents(connection, now));
  return write_change(connection, std::move(told.ended), now);
}

Expected<bool> work_dependencies(Connection& connection, Time now) {
  if (!ESTEIRA_TRY(next_end(connection))) return false;
  auto transaction = ESTEIRA_TRY(Transaction::begin(connection));
  ESTEIRA_TRY(tell_and_note(connection, now));
  ESTEIRA_TRY(transaction.commit());
  return true;
}

Expected<std::vector<TaskId>> open_among(Connection& connection, std::span<const TaskId> ids) {
  std::vector<TaskId> open;
  for (const auto task_id : ids) {
    const auto status = ESTEIRA_TRY(status_of(connection, task_id));
    if (status && !has_ended(*status)) open.push_back(task_id);
  }
  return open;
}

Expected<void> wait_for(Connection& connection, TaskId task_id, std::span<const TaskId> parents) {
  for (const auto parent : parents) {
    ESTEIRA_TRY(connection.run(sql::dependency_put, parent, task_id));
  }
  return {};
}

Expected<void> hold_back(Connection& connection, TaskId task_id, const TaskTerms& terms,
                         std::size_t place, Time now) {
  ParentEnds ends;
  std::vector<TaskId> open, badly;
  for (std::size_t i = 0; i < terms.depends_on.size(); ++i) {
    const auto parent = terms.depends_on[i];
    const auto status = ESTEIRA_TRY(status_of(connection, parent));
    if (!status) return no_parent(place, i, parent);
    count_parent(*status, ends);
    if (!has_ended(*status)) open.push_back(parent);
    if (has_ended(*status) && *status != TaskStatus::completed) badly.push_back(parent);
  }
  const auto fate = decide_child(terms, ends);
  if (fate == ChildFate::wait) return wait_for(connection, task_id, open);
  if (fate == ChildFate::cancel) {
    // It is told of an end that has been, as if that came now.
    ESTEIRA_TRY(wait_for(connection, task_id, std::span(badly).first(1)));
    return note_end(connection, badly.front(), TaskStatus::failed);
  }
  auto waits = ESTEIRA_TRY(find_place(connection, task_id));
  ESTEIRA_ASSERT(waits.has_value());
  ESTEIRA_TRY(delete_waiting(connection, waits->waiting));
  waits->waiting.flags &= ~flag_blocked;
  return put_waiting(connection, waits->waiting, now);
}

Expected<void> release(Connection& connection, WaitingTask task, Time now) {
  ESTEIRA_TRY(delete_waiting(connection, task));
  task.flags &= ~flag_blocked;
  // Its wait in the queue begins now, and nobody who came before is overtaken.
  if (task.run_at < now) {
    ESTEIRA_TRY(connection.run(sql::edit_put, task.task_id, task.attempt, now, now));
    task.run_at = now;
  }
  return put_waiting(connection, task, now);
}

Expected<std::optional<std::int64_t>> join_batch(Connection& connection, std::string_view batch_id,
                                                 TaskId task_id, Time now) {
  std::int64_t batch_no = 0;
  {
    auto query = ESTEIRA_TRY(connection.query(sql::batch_join));
    query.bind(batch_id, now);
    if (!ESTEIRA_TRY(query.step())) return fail(ErrorCode::internal, "a batch was not joined");
    batch_no = query.integer(0);
    if (!query.is_null(1)) return std::nullopt;
    // An INSERT with RETURNING is done only when it has been stepped to its end.
    static_cast<void>(ESTEIRA_TRY(query.step()));
  }
  ESTEIRA_TRY(connection.run(sql::batch_member_insert, task_id, batch_no));
  return batch_no;
}

Expected<void> look_at_batch(Connection& connection, std::int64_t batch_no, Time now) {
  ESTEIRA_TRY(connection.run(sql::batch_open, batch_no));
  ESTEIRA_TRY(connection.run(sql::batch_finish, batch_no, now));
  if (sqlite3_changes(connection.handle()) == 0) return {};
  return connection.run(sql::batch_end, batch_no);
}

}  // namespace esteira::sqlite
