#include "telemetry/event.hpp"

namespace esteira {

std::string_view to_text(EventKind kind) {
  switch (kind) {
    case EventKind::completed:
      return "completed";
    case EventKind::retried:
      return "retried";
    case EventKind::failed:
      return "failed";
    case EventKind::cancelled:
      return "cancelled";
    case EventKind::snoozed:
      return "snoozed";
    case EventKind::interrupted:
      return "interrupted";
    case EventKind::expired:
      return "expired";
    case EventKind::stale:
      return "stale";
    case EventKind::stuck:
      return "stuck";
    case EventKind::lease_lost:
      return "lease_lost";
    case EventKind::store_away:
      return "store_away";
    case EventKind::store_back:
      return "store_back";
  }
  return "unknown";
}

}  // namespace esteira
