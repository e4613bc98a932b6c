#include "world/witness.hpp"

#include <algorithm>

#include "world/world.hpp"

namespace esteira::sim {

template <class T>
void Witness::refused(std::string_view call, const Expected<T>& answer) {
  world_.trace().line(world_.at(), "  store refuses {}: {}", call, answer.error().message);
  world_.record(Refused{call, answer.error()});
}

Expected<TaskType> Witness::put_type(const TaskType& type, Time now) {
  auto answer = inner().put_type(type, now);
  if (!answer) {
    refused("put_type", answer);
    return answer;
  }
  world_.trace().line(world_.at(), "  type {} {}", answer->name,
                      answer->paused ? "paused" : "active");
  world_.record(TypeChanged{*answer});
  return answer;
}

Expected<std::vector<InsertedTask>> Witness::insert(std::span<const NewTaskRow> rows, Time now) {
  auto answer = inner().insert(rows, now);
  if (!answer) {
    world_.trace().line(world_.at(), "  store refuses insert: {}", answer.error().message);
    world_.record(Refused{"insert", answer.error(), rows, now});
    return answer;
  }
  for (std::size_t i = 0; i < rows.size(); ++i) {
    world_.trace().line(world_.at(), "  wish {} {} task {}", order_of(rows[i].payload),
                        (*answer)[i].created ? "becomes" : "is", (*answer)[i].task_id);
    world_.record(Inserted{rows[i], (*answer)[i], now});
  }
  return answer;
}

void Witness::hint() { world_.hint(); }

Expected<TickAnswer> Witness::tick(const TickRequest& request, Time now) {
  auto answer = inner().tick(request, now);
  if (!answer) {
    refused("tick", answer);
    return answer;
  }
  for (std::size_t i = 0; i < request.notes.size(); ++i) {
    world_.record(NoteTaken{request.notes[i], answer->notes[i]});
  }
  record_settlements(request, *answer, now);
  record_renewals(request, *answer, now);
  if (request.claim) record_claims(request, *answer, now);
  return answer;
}

void Witness::record_settlements(const TickRequest& request, const TickAnswer& answer, Time now) {
  constexpr std::string_view words[] = {"applied", "already applied", "stale", "cancel requested"};
  for (std::size_t i = 0; i < request.settlements.size(); ++i) {
    const auto& settlement = request.settlements[i];
    const auto status = answer.settlements[i];
    world_.trace().line(world_.at(), "  {} says {} {}: {}", request.worker,
                        to_text(settlement.fence), esteira::to_text(settlement.status),
                        words[static_cast<std::size_t>(status)]);
    world_.record(Offered{settlement, status, now});
  }
}

void Witness::record_renewals(const TickRequest& request, const TickAnswer& answer, Time now) {
  for (std::size_t i = 0; i < request.renewals.size(); ++i) {
    const auto& renewal = request.renewals[i];
    for (std::size_t k = 0; k < renewal.held.size(); ++k) {
      const Fence fence{renewal.held[k].task_id, renewal.held[k].attempt, renewal.lease_id};
      const auto status = answer.renewals[i].held[k];
      world_.trace().line(world_.at(), "  {} renews {}: {}", request.worker, to_text(fence),
                          static_cast<int>(status));
      world_.record(Renewed{fence, status, now + request.lease});
    }
  }
}

void Witness::record_claims(const TickRequest& request, const TickAnswer& answer, Time now) {
  const auto& claim = *request.claim;
  world_.record(ClaimAnswered{claim, answer.claims, now});
  const bool repeated = claim.again && !world_.ledger().held_by(claim.lease_id).empty();
  for (const auto& one : answer.claims) {
    world_.trace().line(world_.at(), "  {} claims {}{}", request.worker, to_text(one.fence),
                        repeated ? " again" : "");
    world_.record(Claimed{claim, one, request.worker, repeated, now});
  }
}

Expected<std::vector<TaskRepository::TakenOver>> Witness::take_expired(const std::string& worker,
                                                                       const LeaseId& lease_id,
                                                                       Duration lease, int limit,
                                                                       Time now) {
  auto answer = inner().take_expired(worker, lease_id, lease, std::min(limit, expired_page_), now);
  if (!answer) {
    refused("take_expired", answer);
    return answer;
  }
  world_.record(TakeOverAnswered{*answer, now});
  const bool repeated = !world_.ledger().held_by(lease_id).empty();
  for (const auto& one : *answer) {
    world_.trace().line(world_.at(), "  {} takes {} over from {}{}", worker,
                        to_text(one.claim.fence), one.previous_worker, repeated ? " again" : "");
    world_.record(sim::TakenOver{one, worker, repeated, now + lease, now});
  }
  return answer;
}

Expected<std::vector<ChangeStatus>> Witness::cancel(std::span<const TaskId> ids, Time now) {
  auto answer = inner().cancel(ids, now);
  if (!answer) {
    refused("cancel", answer);
    return answer;
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    world_.trace().line(world_.at(), "  cancel of {}: {}", ids[i], static_cast<int>((*answer)[i]));
    world_.record(CancelAsked{ids[i], (*answer)[i], now});
  }
  return answer;
}

Expected<std::vector<ChangeStatus>> Witness::retry(std::span<const TaskId> ids, Time now) {
  auto answer = inner().retry(ids, now);
  if (!answer) {
    refused("retry", answer);
    return answer;
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    world_.trace().line(world_.at(), "  retry of {}: {}", ids[i], static_cast<int>((*answer)[i]));
    world_.record(RetryAsked{ids[i], (*answer)[i], now});
  }
  return answer;
}

Expected<std::vector<ChangeStatus>> Witness::remove(std::span<const TaskId> ids, Time now) {
  auto answer = inner().remove(ids, now);
  if (!answer) {
    refused("remove", answer);
    return answer;
  }
  for (std::size_t i = 0; i < ids.size(); ++i) {
    world_.trace().line(world_.at(), "  delete of {}: {}", ids[i], static_cast<int>((*answer)[i]));
    world_.record(RemoveAsked{ids[i], (*answer)[i]});
  }
  return answer;
}

// The store tells how many it removed; which, is seen by looking.
Expected<std::int64_t> Witness::prune(const PruneRequest& request, Time now) {
  auto answer = inner().prune(request, now);
  if (!answer) {
    refused("prune", answer);
    return answer;
  }
  if (*answer == 0) return answer;
  std::vector<TaskId> gone;
  for (const auto& [task_id, task] : world_.ledger().tasks()) {
    const auto stored = inner().task(task_id, now);
    if (stored && !*stored) gone.push_back(task_id);
  }
  for (const auto task_id : gone) {
    world_.trace().line(world_.at(), "  retention removes {}", task_id);
    world_.record(Pruned{task_id, now});
  }
  if (static_cast<std::int64_t>(gone.size()) != *answer) {
    world_.verdict().fail("retention", fmt::format("{} tasks were reported removed, {} are gone",
                                                   *answer, gone.size()));
  }
  return answer;
}

}  // namespace esteira::sim
