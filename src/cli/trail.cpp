#include "cli/trail.hpp"

#include <pwd.h>
#include <unistd.h>

#include <fmt/format.h>

#include "service/audit_service.hpp"

namespace esteira::cli {

std::string cli_actor() {
  std::array<char, 4096> buffer;
  passwd record{};
  passwd* found = nullptr;
  if (getpwuid_r(geteuid(), &record, buffer.data(), buffer.size(), &found) == 0 &&
      found != nullptr) {
    return fmt::format("cli:{}", found->pw_name);
  }
  return fmt::format("cli:uid {}", geteuid());
}

Expected<void> note_in_trail(const Store& store, AuditEntry entry) {
  entry.actor = cli_actor();
  auto noted = AuditService(store.repository, store.clock).append(entry);
  if (!noted) {
    noted.error().message =
        fmt::format("{} of {} could not be written to the audit trail, and was not done: {}",
                    entry.action, entry.target, noted.error().message);
  }
  return noted;
}

}  // namespace esteira::cli
