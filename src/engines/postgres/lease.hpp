// What a run says of itself, and the leases that let it.
#pragma once

#include <span>
#include <vector>

#include "engines/postgres/connection.hpp"
#include "repository/repository.hpp"

namespace esteira::postgres {

// The notes of a tick: one statement for each kind, one for each number.
class Notes {
 public:
  explicit Notes(std::span<const Note> notes);
  // Each sees what the ones before have written; the leases are locked.
  [[nodiscard]] std::vector<Statement> statements() const;
  // `rows`: of those statements.
  [[nodiscard]] std::vector<NoteAnswer> answer(std::span<const Rows> rows) const;

 private:
  // The places of the notes that one statement writes.
  struct Group {
    std::size_t kind = 0;  // the alternative of Note
    std::vector<std::size_t> places;
  };
  std::span<const Note> notes_;
  std::vector<Group> groups_;
};

[[nodiscard]] Statement renew_statement(std::span<const Renewal> renewals, Time expires_at);
[[nodiscard]] std::vector<RenewalAnswer> read_renewals(std::span<const Renewal> renewals,
                                                       Time expires_at, const Rows& rows);

}  // namespace esteira::postgres
