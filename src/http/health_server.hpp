// GET /healthz and /readyz: whether the process lives, and whether its database answers.
//
// One thread of its own runs all connections; another asks the database, so that a store that hangs
// never holds up an answer.
#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <string>

#include "esteira/error.hpp"
#include "http/listen_address.hpp"

namespace esteira::http {

struct HealthOptions {
  ListenAddress listen;
  // Asks the database; called by one thread at a time. May block.
  std::function<Expected<void>()> ready;
  std::chrono::milliseconds ready_limit{2'000};  // then /readyz answers 503
  std::chrono::milliseconds request_limit{
      5'000};  // for a request to arrive, for an answer to leave
  std::size_t connections_max = 64;
};

class HealthServer {
 public:
  // Only loopback addresses: without keys, everybody who reaches the port has full rights.
  [[nodiscard]] static Expected<std::unique_ptr<HealthServer>> start(HealthOptions options);
  ~HealthServer();  // stops
  HealthServer(const HealthServer&) = delete;
  HealthServer& operator=(const HealthServer&) = delete;

  // With the port that was bound.
  [[nodiscard]] const ListenAddress& address() const;
  void stop();

 private:
  struct Impl;
  explicit HealthServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace esteira::http
