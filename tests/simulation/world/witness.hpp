// Stands right before the store and writes down what it truly answered.
#pragma once

#include "world/delegate.hpp"

namespace esteira::sim {

class World;

class Witness final : public Delegate {
 public:
  // `expired_page`: how many leases one question for expired ones may take, so that small worlds
  // have more than one page.
  Witness(TaskRepository& store, World& world, int expired_page)
      : Delegate(store), world_(world), expired_page_(expired_page) {}

  [[nodiscard]] Expected<TaskType> put_type(const TaskType& type, Time now) override;
  [[nodiscard]] Expected<std::vector<InsertedTask>> insert(std::span<const NewTaskRow> rows,
                                                           Time now) override;
  void hint() override;
  [[nodiscard]] Expected<TickAnswer> tick(const TickRequest& request, Time now) override;
  [[nodiscard]] Expected<std::vector<TakenOver>> take_expired(const std::string& worker,
                                                              const LeaseId& lease_id,
                                                              Duration lease, int limit,
                                                              Time now) override;
  [[nodiscard]] Expected<std::vector<ChangeStatus>> cancel(std::span<const TaskId> ids,
                                                           Time now) override;
  [[nodiscard]] Expected<std::vector<ChangeStatus>> retry(std::span<const TaskId> ids,
                                                          Time now) override;
  [[nodiscard]] Expected<std::vector<ChangeStatus>> remove(std::span<const TaskId> ids,
                                                           Time now) override;
  [[nodiscard]] Expected<std::int64_t> prune(const PruneRequest& request, Time now) override;

 private:
  template <class T>
  void refused(std::string_view call, const Expected<T>& answer);
  void record_settlements(const TickRequest& request, const TickAnswer& answer, Time now);
  void record_renewals(const TickRequest& request, const TickAnswer& answer, Time now);
  void record_claims(const TickRequest& request, const TickAnswer& answer, Time now);

  World& world_;
  const int expired_page_;
};

}  // namespace esteira::sim
