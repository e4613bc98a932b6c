#include "checks/checks.hpp"

namespace esteira::sim {

std::string to_text(const Fence& fence) {
  return fmt::format("({}, {}, {})", fence.task_id, fence.attempt,
                     to_text(fence.lease_id).substr(0, 8));
}

std::vector<CheckerPtr> every_checker(Verdict& verdict, Duration scan) {
  std::vector<CheckerPtr> checkers;
  for (auto* make : {check_store_answers,
                     check_fence,
                     check_terminal_once,
                     check_attempts,
                     check_single_lease,
                     check_claim_rules,
                     check_budgets,
                     check_numbers,
                     check_idempotency,
                     check_unique_keys,
                     check_one_wish_one_task,
                     check_changes,
                     check_retention,
                     check_acknowledged,
                     check_status,
                     check_executions,
                     check_statistics,
                     check_buffers,
                     check_self_stop,
                     check_clean_leave,
                     check_spin}) {
    checkers.push_back(make(verdict));
  }
  checkers.push_back(check_rescue(verdict, scan));
  return checkers;
}

}  // namespace esteira::sim
