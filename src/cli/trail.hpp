// What a verb changes, written to the audit trail.
#pragma once

#include <optional>
#include <utility>

#include "cli/wiring.hpp"
#include "domain/audit.hpp"

namespace esteira::cli {

// "cli:ana": who runs this program, as the operating system knows it; "cli:uid 1000" without a
// name.
[[nodiscard]] std::string cli_actor();

// Inside `with_trail`. The actor is filled in.
[[nodiscard]] Expected<void> note_in_trail(const Store& store, AuditEntry entry);

// What `work` changes in this store and notes in its trail: both, or neither where it answers an
// error. `work` answers an Expected.
template <class Work>
[[nodiscard]] auto with_trail(const Store& store, const Work& work) -> decltype(work()) {
  std::optional<decltype(work())> answer;
  auto done = store.repository->atomically([&]() -> Expected<void> {
    answer.emplace(work());
    if (*answer) return {};
    return std::unexpected(answer->error());
  });
  if (!done) return std::unexpected(std::move(done).error());
  return *std::move(answer);
}

}  // namespace esteira::cli
