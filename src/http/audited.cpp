#include "http/audited.hpp"

#include "service/audit_service.hpp"

namespace esteira::http {

void write_audit(const Call& call, Services& services, std::string_view action,
                 std::string_view target, Response& answer, std::optional<std::string> before,
                 std::optional<std::string> after) {
  AuditService trail(services.repository, services.clock);
  const auto written = trail.append({.actor = call.actor,
                                     .action = std::string(action),
                                     .target = std::string(target),
                                     .before = std::move(before),
                                     .after = std::move(after),
                                     .address = call.request.peer});
  if (!written) answer.log = "the audit trail was not written: " + written.error().message;
}

Handler audited(std::string_view action, Handler handler) {
  return [action, handler = std::move(handler)](const Call& call, Services& services) {
    auto answer = handler(call, services);
    if (answer.status < 300) {
      write_audit(call, services, action, call.captures.front(), answer);
    }
    return answer;
  };
}

}  // namespace esteira::http
