// What any process may do for all: the tasks of schedules, expired leases, expired tasks,
// retention, the engine's housekeeping, and the batches of operations.
#pragma once

#include "base/clock.hpp"
#include "base/random.hpp"
#include "domain/settle.hpp"
#include "esteira/repository.hpp"
#include "repository/archive.hpp"
#include "repository/repository.hpp"
#include "telemetry/event.hpp"
#include "worker/schedule_firing.hpp"

namespace esteira {

struct MaintenanceOptions {
  std::string worker;  // who takes expired leases over
  int max_crashes = 3;
  // How long a taken-over lease is held while its tasks are settled.
  Duration lease = std::chrono::seconds{30};
  Duration prune_interval = std::chrono::minutes{1};
  std::shared_ptr<const Keyring> keyring{};  // for schedules of encrypted types
  // Where tasks go before they are deleted; null: nowhere.
  std::shared_ptr<TaskArchive> archive{};
};

// Safe in many processes at once: the database decides who gets what. One thread's.
class Maintenance {
 public:
  Maintenance(MaintenanceOptions options, TaskRepository& repository, const Clock& clock,
              Random& random, EventSink* events);

  struct Progress {
    int expired = 0;           // attempts whose lease had ended, settled
    std::int64_t pruned = 0;   // deleted tasks
    std::int64_t dropped = 0;  // tasks that went with their ranges
    int fired = 0;             // tasks that schedules made
    // The next round should come at once:
    bool expiries_wait = false;
    bool dependencies_wait = false;
    bool operations_wait = false;
  };
  // One round: makes the tasks of schedules, pages through all expired leases, prunes when it is
  // time, does some batches. What the store would not take is kept and offered again in the next
  // round. A schedule that fails keeps nothing else from its turn; the error comes at the end.
  [[nodiscard]] Expected<Progress> step();
  // When the next schedule is due, as the last round saw it.
  [[nodiscard]] std::optional<Time> next_schedule() const { return next_schedule_; }
  [[nodiscard]] std::size_t pending() const { return pending_.size(); }

 private:
  struct Pending {
    Claim claim;
    std::string previous_worker;
  };
  Expected<void> tidy(Progress& progress);
  Expected<int> take_expired();
  Expected<int> settle_pending();
  // Some batches; true: there may be more.
  Expected<bool> expire_waiting();
  // Some batches; true: there may be more.
  Expected<bool> work_dependencies();
  Expected<void> prune(Progress& progress);
  // Some steps; true: there may be more.
  Expected<bool> prune_some(Progress& progress);
  Expected<bool> drop_ranges(Progress& progress);
  Expected<bool> delete_batches(Progress& progress);
  // Some batches; true: there may be more.
  Expected<bool> work_operations();
  [[nodiscard]] Settlement decide(const Pending& pending);
  void emit(const Settlement& settlement, const Pending& pending);

  const MaintenanceOptions options_;
  TaskRepository& repository_;
  const Clock& clock_;
  Random& random_;
  EventSink* const events_;
  ScheduleFiring schedules_;
  std::optional<Time> next_schedule_;
  std::vector<Pending> pending_;
  std::optional<LeaseId> doubtful_lease_;
  std::unordered_map<TypeId, std::string> type_names_;
  Duration prune_at_{};
};

}  // namespace esteira
