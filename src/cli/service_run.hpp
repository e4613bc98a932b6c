// What `serve` and `worker` have in common: a worker, a health endpoint, signals, a clean end.
#pragma once

#include <optional>
#include <string>

#include "cli/configuration.hpp"
#include "esteira/repository.hpp"

namespace esteira::cli {

struct ServicePlan {
  Configuration configuration;
  Migrate migrate = Migrate::if_embedded;
  bool with_worker = true;
  bool with_api = false;
  std::optional<std::string> listen;  // where the API or the health endpoint answers
  bool json = false;
};

// Runs until a signal comes (or a draining worker is done) and answers the exit status.
[[nodiscard]] Expected<int> run_service(ServicePlan plan);

}  // namespace esteira::cli
