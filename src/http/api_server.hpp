// The API of `esteira serve`: the server, its pool, its services and its routes, put together.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "esteira/error.hpp"
#include "http/server.hpp"
#include "repository/database_clock.hpp"
#include "worker/work_service.hpp"

namespace esteira {
class ProcessorRegistry;
}

namespace esteira::http {

struct ApiOptions {
  ServerOptions server;
  int database_threads = 4;
  std::size_t calls_waiting_max = 1'000;
  // Opens a repository of its own for whoever calls; any thread.
  std::function<Expected<std::shared_ptr<TaskRepository>>()> open;
  std::shared_ptr<DatabaseClock> clock;
  const ProcessorRegistry* registry = nullptr;  // outlives the server
  WorkOptions work{};                           // of workers in other languages
  std::shared_ptr<EventSink> events{};          // what becomes of their tasks; may be null
  // What this process says of itself, beside its database.
  std::function<Expected<void>()> ready;
  std::function<void(std::string_view request_id, std::string_view what)> log{};
};

class ApiServer {
 public:
  // Without a key created, only loopback addresses.
  [[nodiscard]] static Expected<std::unique_ptr<ApiServer>> start(ApiOptions options);
  ~ApiServer();  // stops
  ApiServer(const ApiServer&) = delete;
  ApiServer& operator=(const ApiServer&) = delete;

  [[nodiscard]] const ListenAddress& address() const;
  // Whether a key existed at the start.
  [[nodiscard]] bool has_keys() const;
  // As the Server's.
  [[nodiscard]] Expected<void> use(const TlsIdentity& identity);
  void stop();

 private:
  struct Impl;
  explicit ApiServer(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace esteira::http
