// The HTTP server: connections, limits and time; what is answered is the router's and the gate's.
//
// DESIGN. One thread runs all connections as coroutines: reading, writing and waiting cost no
// thread. The code of routes runs in a pool with database connections of its own; a call that has
// no answer yet waits in the hub, holding neither. A head is read by this file up to its empty
// line, judged by `check_head`, and only then parsed (Boost.Beast), so that no lenience of a parser
// decides where a message ends. Every wait for a peer has a deadline, and what is doubtful is
// answered and closed.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <string>

#include "esteira/error.hpp"
#include "http/listen_address.hpp"
#include "http/router.hpp"
#include "http/service_pool.hpp"
#include "http/tls_identity.hpp"

namespace esteira::http {

struct ServerOptions {
  ListenAddress listen;
  std::shared_ptr<const TlsIdentity> tls{};  // with one TLS is spoken, and nothing else
  std::chrono::milliseconds head_limit{
      10'000};  // from a head's first byte to its end; for a handshake
  std::chrono::milliseconds idle_limit{75'000};  // between two requests of a connection
  // For a body to arrive and an answer to leave: this, and what 16 KiB a second take.
  std::chrono::milliseconds body_limit{15'000};
  std::chrono::milliseconds drain_limit{5'000};  // for answers that are under way at the stop
  std::size_t connections_max = 10'000;
  std::size_t connections_per_address_max = 1'000;  // but for loopback
};

// Decides whether a call may go on; fills in its actor. Runs where Handlers run.
using Gate = std::function<std::optional<Response>(Call&, const Route&, Services&)>;

class Server {
 public:
  struct Parts {
    std::shared_ptr<const Router> router;
    std::shared_ptr<ServicePool> pool;  // let go at the stop
    // Whether anything at all is said to whoever sent this. The server's thread; never blocks.
    std::function<std::optional<Response>(const Request&)> door;
    Gate gate;
    // Told when the stop begins, before anybody is waited for. The server's thread.
    std::function<void()> stopping{};
    // Told of answers that hide what is wrong inside, with the request's id. The server's thread.
    std::function<void(std::string_view request_id, std::string_view what)> log{};
  };
  [[nodiscard]] static Expected<std::unique_ptr<Server>> start(ServerOptions options, Parts parts);
  ~Server();  // stops
  Server(const Server&) = delete;
  Server& operator=(const Server&) = delete;

  // With the port that was bound.
  [[nodiscard]] const ListenAddress& address() const;
  // There may be something for those who wait. Any thread.
  void wake();
  // What connections that begin from now on are shown; only where the server speaks TLS. Any
  // thread.
  [[nodiscard]] Expected<void> use(const TlsIdentity& identity);
  // No new connections; what is under way is answered, for `drain_limit` at most.
  void stop();

 private:
  struct Impl;
  explicit Server(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace esteira::http
