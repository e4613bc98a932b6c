// The server of a worker alone: GET /healthz and /readyz, and nothing else.
#pragma once

#include <functional>
#include <memory>

#include "esteira/error.hpp"
#include "http/routes.hpp"
#include "http/server.hpp"

namespace esteira::http {

struct HealthOptions {
  ServerOptions server{.connections_max = 64};
  ServicePool::Open open;                         // the set of services that is asked for an answer
  std::function<Expected<void>()> ready;          // what this process says of itself; any thread
  std::chrono::milliseconds limit = ready_limit;  // then /readyz answers 503
};

// Only loopback addresses: no key is asked for.
[[nodiscard]] Expected<std::unique_ptr<Server>> start_health_server(HealthOptions options);

}  // namespace esteira::http
