#include "engines/sqlite/finish.hpp"

#include "engines/sqlite/dependents.hpp"
#include "engines/sqlite/waiting.hpp"
#include "sqlite_sql.hpp"

namespace esteira::sqlite {

Expected<Finisher> Finisher::begin(Connection& connection, Time now) {
  Finisher finisher(connection, now);
  auto query = ESTEIRA_TRY(connection.query(sql::extras));
  static_cast<void>(ESTEIRA_TRY(query.step()));
  finisher.some_cancels_ = query.small(0) != 0;
  finisher.some_state_ = query.small(1) != 0;
  finisher.some_wait_ = query.small(2) != 0;
  return finisher;
}

Expected<FinishStatus> Finisher::finish(LeaseBook& leases, const Settlement& settlement) {
  const auto place = ESTEIRA_TRY(leases.find(settlement.fence));
  if (!place) return tell_stale(settlement.fence);
  const bool completes = settlement.next == Next{Ended{TaskStatus::completed}};
  const bool cancels = settlement.next == Next{Ended{TaskStatus::cancelled}};
  if (some_cancels_ && !completes && !cancels) {
    const bool open = ESTEIRA_TRY(leases.is_open(*place.task));
    if (open && ESTEIRA_TRY(is_cancel_requested(settlement.fence))) {
      return FinishStatus::cancel_requested;
    }
  }
  // What a task ran under before it was taken over is what people look for in its history.
  const std::string_view worker =
      place.part->previous_worker ? *place.part->previous_worker : place.part->worker;
  const bool written = ESTEIRA_TRY(write_execution(settlement, worker));
  place.task->state = HeldTask::State::ended;
  if (!written) return tell_stale(settlement.fence);
  place.part->some_ended = true;
  ESTEIRA_TRY(move_task(settlement, place.task->flags));
  stats_.add_attempt(settlement, /*ran=*/true);
  return FinishStatus::applied;
}

Expected<void> Finisher::finish_waiting(const Settlement& settlement, int flags) {
  const bool written = ESTEIRA_TRY(write_execution(settlement, std::nullopt));
  // A waiting task's next attempt has no execution row: the view could not show it as waiting.
  ESTEIRA_ASSERT(written);
  ESTEIRA_TRY(move_task(settlement, flags));
  stats_.add_attempt(settlement, /*ran=*/false);
  return {};
}

Expected<FinishStatus> Finisher::tell_stale(const Fence& fence) {
  auto query = ESTEIRA_TRY(connection_.query(sql::execution_lease));
  query.bind(fence.task_id, fence.attempt);
  const bool ended = ESTEIRA_TRY(query.step());
  const bool same = ended && !query.is_null(0) && query.lease_id(0) == fence.lease_id;
  return same ? FinishStatus::already_applied : FinishStatus::stale;
}

Expected<bool> Finisher::is_cancel_requested(const Fence& fence) {
  auto query = ESTEIRA_TRY(connection_.query(sql::cancel_find));
  query.bind(fence.task_id, fence.attempt);
  return query.step();
}

Expected<bool> Finisher::write_execution(const Settlement& settlement,
                                         std::optional<std::string_view> worker) {
  const auto& fence = settlement.fence;
  const auto* again = std::get_if<Again>(&settlement.next);
  std::optional<Time> retry_at;
  if (again != nullptr) retry_at = again->run_at;
  // Nobody's attempt has nobody's lease: a fence of zeros must never look like its owner's.
  std::optional<LeaseId> lease_id;
  if (worker) lease_id = fence.lease_id;
  std::optional<std::string_view> metadata;
  if (!settlement.metadata.empty()) metadata = settlement.metadata;
  ESTEIRA_TRY(connection_.run(sql::execution_insert, (fence.task_id << 16) + fence.attempt,
                              to_text(settlement.status), again == nullptr, settlement.started_at,
                              settlement.completed_at, settlement.retries, settlement.crashes,
                              retry_at, lease_id, worker, settlement.error_message, metadata,
                              settlement.result));
  return sqlite3_changes(connection_.handle()) > 0;
}

Expected<void> Finisher::move_task(const Settlement& settlement, int flags) {
  const auto task_id = settlement.fence.task_id;
  if (some_cancels_) {
    ESTEIRA_TRY(connection_.run(sql::cancel_delete, task_id, settlement.fence.attempt));
  }
  if (const auto* again = std::get_if<Again>(&settlement.next)) {
    if ((flags & flag_slot) != 0) {
      ESTEIRA_TRY(connection_.run(sql::slot_leave, task_id));
      ESTEIRA_TRY(connection_.run(sql::slot_keep, task_id));
    }
    return put_waiting(connection_,
                       {.type_id = settlement.type_id,
                        .priority = settlement.priority,
                        .run_at = again->run_at,
                        .task_id = task_id,
                        .retries = settlement.retries,
                        .crashes = settlement.crashes,
                        .attempt = settlement.fence.attempt,
                        .flags = flags},
                       now_);
  }
  const auto ended = std::get<Ended>(settlement.next).status;
  stats_.add_ended(settlement.type_id, ended, 1);
  if (some_wait_) ESTEIRA_TRY(note_end(connection_, task_id, ended));
  if ((flags & flag_unique) != 0) {
    ESTEIRA_TRY(connection_.run(sql::unique_release, settlement.type_id, task_id));
  }
  if ((flags & flag_slot) != 0) ESTEIRA_TRY(connection_.run(sql::slot_delete, task_id));
  if (!some_state_) return {};
  ESTEIRA_TRY(connection_.run(sql::checkpoint_delete, task_id));
  return connection_.run(sql::progress_delete, task_id);
}

}  // namespace esteira::sqlite
