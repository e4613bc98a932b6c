// The claim of a tick, as one statement.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "engines/postgres/connection.hpp"
#include "engines/postgres/lane_book.hpp"
#include "repository/repository.hpp"

namespace esteira::postgres {

class ClaimStatement {
 public:
  // `part`: 0, or the next where the lease exists already. `limit`: at most the request's.
  ClaimStatement(const ClaimRequest& request, ClaimPlan plan, int part, int limit, int factor);
  // Its SQL lives as long as this object. `changed`: what the transaction changed before, each
  // once.
  [[nodiscard]] Statement statement(const std::string& worker, std::span<const TaskId> changed,
                                    Time now) const;
  [[nodiscard]] bool merges() const { return !plan_.merged.empty(); }
  // In claim order.
  [[nodiscard]] std::vector<Claim> answer(const Rows& rows, Time now) const;

 private:
  const ClaimRequest& request_;
  ClaimPlan plan_;
  int part_;
  int limit_;
  std::string sql_;
};

// What the columns of claim.sql and lease_claims.sql have in common.
[[nodiscard]] Claim read_claim(const Rows& rows, int row, const LeaseId& lease_id);
// A row of lease_claims.sql.
[[nodiscard]] TaskRepository::TakenOver read_lease_claim(const Rows& rows, int row,
                                                         const LeaseId& lease_id);

}  // namespace esteira::postgres
