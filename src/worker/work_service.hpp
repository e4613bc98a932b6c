// Work for workers in other languages: what the calls of domain/work.hpp mean.
//
// DESIGN. The service holds nothing of a claim: whichever process gets a report reads the claim's
// terms back by its fence, lets `settle` decide, and offers the settlement under that fence. So any
// number of processes may serve the same workers, a restart loses nothing, and a fence that was
// made up finds nothing to settle. Calls never wait for work: who wants to wait asks again.
#pragma once

#include <memory>
#include <string>
#include <unordered_map>
#include <vector>

#include "base/clock.hpp"
#include "base/mutex.hpp"
#include "base/random.hpp"
#include "domain/work.hpp"
#include "repository/repository.hpp"
#include "telemetry/event.hpp"
#include "worker/work_types.hpp"

namespace esteira {

struct WorkOptions {
  Duration lease = std::chrono::seconds{30};
  int max_crashes = 3;
  Duration ageing = std::chrono::minutes{10};
  // How long a task that is past its deadline may still be reported before its lease is left to
  // end. Longer than a heartbeat's interval, since that is how the worker learns of it.
  Duration deadline_grace = std::chrono::seconds{30};
};

// Thread-safe. Errors are the store's, and not_found for a worker that is not registered.
class WorkService {
 public:
  // `random` must be thread-safe; `events` may be null.
  WorkService(std::shared_ptr<TaskRepository> repository, std::shared_ptr<const Clock> clock,
              std::shared_ptr<Random> random, WorkOptions options = {},
              std::shared_ptr<EventSink> events = nullptr);

  [[nodiscard]] Expected<RegisteredWorker> register_worker(const WorkerRegistration& worker);
  // One try, at once. Types that do not exist or are paused are left out; a worker that was told to
  // be quiet or to stop gets nothing.
  [[nodiscard]] Expected<HandedTasks> claim(const ClaimCall& call);
  // Renews what the worker names and writes down what it says of it.
  [[nodiscard]] Expected<HeartbeatAnswer> heartbeat(const HeartbeatCall& call);
  // Ends attempts. `call.claim` is for the caller to follow with `claim`.
  [[nodiscard]] Expected<ReportAnswer> report(const ReportCall& call);
  // Gives back what the worker holds and forgets it; answers how many tasks that were.
  [[nodiscard]] Expected<int> sign_off(const std::string& worker_id);

 private:
  using Types = std::shared_ptr<const WorkTypes>;
  // An attempt on its way to its end.
  struct Ending {
    Claim claim;
    Outcome outcome;
  };

  [[nodiscard]] Expected<TickAnswer> tick(const TickRequest& request, bool& repeated);
  [[nodiscard]] Expected<TickAnswer> claim_tick(const std::string& worker, ClaimRequest request);
  [[nodiscard]] Expected<std::vector<TypeId>> type_ids(const std::vector<std::string>& names,
                                                       Types& types);
  [[nodiscard]] std::optional<HandedTask> hand(Claim& claim, const std::string& worker,
                                               const WorkTypes& types,
                                               std::vector<Ending>& refused);
  [[nodiscard]] Expected<std::vector<FinishStatus>> end_all(const std::string& worker,
                                                            std::vector<Ending>& endings,
                                                            const WorkTypes& types);
  [[nodiscard]] Expected<std::vector<std::optional<Claim>>> read_claims(
      const std::vector<Fence>& fences, Types& types);
  [[nodiscard]] std::optional<LeaseId> take_doubt(const std::string& worker);
  void keep_doubt(const std::string& worker, const LeaseId& lease_id);

  const std::shared_ptr<TaskRepository> repository_;
  const std::shared_ptr<const Clock> clock_;
  const std::shared_ptr<Random> random_;
  const WorkOptions options_;
  const std::shared_ptr<EventSink> events_;
  WorkTypeCache types_;
  Mutex mutex_;
  // Claims whose answer was lost: the worker's next one asks for the same lease.
  std::unordered_map<std::string, LeaseId> doubts_ ESTEIRA_GUARDED_BY(mutex_);
};

}  // namespace esteira
