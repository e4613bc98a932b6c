// The server's end of the work protocol without its sockets: what a worker sends is written as JSON
// text, read back, served by a `WorkService` and answered as JSON text, by the readers and writers
// that the HTTP routes use.
#pragma once

#include <memory>
#include <string>

#include "esteira/json.hpp"
#include "esteira/worker.hpp"
#include "repository/database_clock.hpp"
#include "worker/maintenance_thread.hpp"
#include "worker/work_service.hpp"

namespace esteira::test {

// Thread-safe once it is open. Errors are what a worker meets as an HTTP problem.
class ProtocolServer {
 public:
  // Of the options it takes what belongs to a server: lease, crashes, ageing, maintenance.
  ProtocolServer(std::string url, const WorkerOptions& options);

  [[nodiscard]] Expected<void> open();
  [[nodiscard]] Expected<Json> register_worker(const Json& body);
  [[nodiscard]] Expected<Json> claim(const Json& body);
  [[nodiscard]] Expected<Json> heartbeat(const Json& body);
  // With the claim that rides on it.
  [[nodiscard]] Expected<Json> report(const Json& body);
  [[nodiscard]] Expected<void> sign_off(const std::string& worker_id);

 private:
  [[nodiscard]] Expected<Json> serve_report(const ReportCall& call);

  const std::string url_;
  const std::shared_ptr<const Keyring> keyring_;
  const WorkOptions options_;
  const std::shared_ptr<DatabaseClock> clock_ = std::make_shared<DatabaseClock>();
  std::unique_ptr<WorkService> service_;
  std::unique_ptr<MaintenanceThread> maintenance_;  // null where it is not wanted
};

}  // namespace esteira::test
