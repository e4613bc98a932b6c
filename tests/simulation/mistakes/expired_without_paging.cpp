// A scan for expired leases that looks at its first page only: the rest waits for later scans.
#include "mistakes/mistakes.hpp"

namespace esteira::sim {
namespace {

class ExpiredWithoutPaging final : public Delegate {
 public:
  using Delegate::Delegate;

  [[nodiscard]] Expected<std::vector<TakenOver>> take_expired(const std::string& worker,
                                                              const LeaseId& lease_id,
                                                              Duration lease, int limit,
                                                              Time now) override {
    // The question after a page would be for the next one.
    if (std::exchange(page_seen_, false)) return std::vector<TakenOver>{};
    auto answer = inner().take_expired(worker, lease_id, lease, limit, now);
    page_seen_ = answer && !answer->empty();
    return answer;
  }

 private:
  bool page_seen_ = false;
};

}  // namespace

std::unique_ptr<TaskRepository> expired_without_paging(TaskRepository& repository) {
  return std::make_unique<ExpiredWithoutPaging>(repository);
}

}  // namespace esteira::sim
