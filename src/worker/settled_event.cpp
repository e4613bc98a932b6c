#include "worker/settled_event.hpp"

namespace esteira {
namespace {

EventKind kind_of(const Settlement& settlement) {
  switch (settlement.status) {
    case ExecutionStatus::completed:
      return EventKind::completed;
    case ExecutionStatus::failed:
    case ExecutionStatus::timed_out:
      return std::holds_alternative<Again>(settlement.next) ? EventKind::retried
                                                            : EventKind::failed;
    case ExecutionStatus::snoozed:
      return EventKind::snoozed;
    case ExecutionStatus::interrupted:
      return EventKind::interrupted;
    case ExecutionStatus::expired:
      return EventKind::expired;
    case ExecutionStatus::cancelled:
      return EventKind::cancelled;
    case ExecutionStatus::processing:
      break;
  }
  return EventKind::stale;
}

}  // namespace

Event settled_event(const Settlement& settlement, std::string_view type, std::string_view worker) {
  Event event{.kind = kind_of(settlement),
              .at = settlement.completed_at,
              .task_id = settlement.fence.task_id,
              .attempt = settlement.fence.attempt,
              .type = type,
              .worker = worker,
              .waited = settlement.started_at - settlement.run_at,
              .ran = settlement.completed_at - settlement.started_at};
  if (settlement.error_message) event.message = *settlement.error_message;
  if (const auto* again = std::get_if<Again>(&settlement.next)) event.next_at = again->run_at;
  return event;
}

}  // namespace esteira
