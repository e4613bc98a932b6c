// The list of what is checked; one file each.
#pragma once

#include <memory>
#include <vector>

#include "checks/checker.hpp"

namespace esteira::sim {

using CheckerPtr = std::unique_ptr<Checker>;

CheckerPtr check_acknowledged(Verdict& verdict);
CheckerPtr check_attempts(Verdict& verdict);
CheckerPtr check_budgets(Verdict& verdict);
CheckerPtr check_buffers(Verdict& verdict);
CheckerPtr check_changes(Verdict& verdict);
CheckerPtr check_claim_rules(Verdict& verdict);
CheckerPtr check_clean_leave(Verdict& verdict);
CheckerPtr check_executions(Verdict& verdict);
CheckerPtr check_fence(Verdict& verdict);
CheckerPtr check_idempotency(Verdict& verdict);
CheckerPtr check_numbers(Verdict& verdict);
CheckerPtr check_one_wish_one_task(Verdict& verdict);
CheckerPtr check_rescue(Verdict& verdict, Duration scan);
CheckerPtr check_retention(Verdict& verdict);
CheckerPtr check_self_stop(Verdict& verdict);
CheckerPtr check_single_lease(Verdict& verdict);
CheckerPtr check_spin(Verdict& verdict);
CheckerPtr check_statistics(Verdict& verdict);
CheckerPtr check_status(Verdict& verdict);
CheckerPtr check_store_answers(Verdict& verdict);
CheckerPtr check_terminal_once(Verdict& verdict);
CheckerPtr check_unique_keys(Verdict& verdict);

[[nodiscard]] std::vector<CheckerPtr> every_checker(Verdict& verdict, Duration scan);

}  // namespace esteira::sim
