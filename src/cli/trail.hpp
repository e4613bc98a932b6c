// What a verb changed, written to the audit trail.
#pragma once

#include "cli/wiring.hpp"
#include "domain/audit.hpp"

namespace esteira::cli {

// "cli:ana": who runs this program, as the operating system knows it; "cli:uid 1000" without a
// name.
[[nodiscard]] std::string cli_actor();

// Of what is done already. The actor is filled in. An error says that the change itself stands.
[[nodiscard]] Expected<void> note_in_trail(const Store& store, AuditEntry entry);

}  // namespace esteira::cli
