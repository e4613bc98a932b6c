// Which code answers which request, and who may ask. Everything that the server answers stands in
// one table: what is not in it is 404, and a route without a need of its own does not exist.
#pragma once

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

#include "domain/api_key.hpp"
#include "esteira/time.hpp"
#include "http/message.hpp"
#include "http/query.hpp"
#include "http/services.hpp"
#include "http/stream.hpp"

namespace esteira::http {

// A request on its way to its route's code.
struct Call {
  Request request;
  std::vector<std::string> captures{};  // what stood for each {…} of the pattern, decoded
  Query query{};
  std::string actor{};   // who asks: "key:…", "loopback"; the audit's word for them
  bool counted = false;  // by its key's rate
};

// Runs on a thread of the pool, with a set of services that is its own meanwhile.
using Handler = std::function<Response(const Call&, Services&)>;

// A call that may wait for something to happen, without a thread or a connection meanwhile.
class Poll {
 public:
  virtual ~Poll() = default;
  // Like a Handler; nothing: there is no answer yet. At the `last` attempt there must be one.
  virtual std::optional<Response> attempt(Services& services, bool last) = 0;
  // How long to wait for the last attempt, counted from the first; known after the first attempt.
  [[nodiscard]] virtual Duration wait() const = 0;
  // When to look again although nobody says that there is a reason to.
  [[nodiscard]] virtual Duration pause() const = 0;
  // The peer was gone when the answer came.
  virtual void undelivered(Services& services) = 0;
};
using PollHandler = std::function<std::unique_ptr<Poll>(Call)>;

// Runs on the server's thread and must not block; calls `done` once, from any thread.
using AsyncHandler = std::function<void(Call, std::function<void(Response)> done)>;

// Like a PollHandler; the server's thread, and must not block.
using StreamHandler = std::function<std::unique_ptr<Stream>(Call)>;

struct Route {
  std::string_view method;
  std::string_view pattern;                  // "/api/v1/tasks/{id}"
  std::optional<Scope> need = Scope::admin;  // of the caller's key; nothing: open to all
  std::variant<Handler, PollHandler, AsyncHandler, StreamHandler> handler;
  std::vector<std::string_view> parameters{};  // that the query may hold
  std::size_t body_bytes_max = std::size_t{2} * 1024 * 1024;
  bool repeatable = false;  // a POST whose answer is kept for its Idempotency-Key (deed.hpp)
  // Of an AsyncHandler's answer: where none has come by then it is 503.
  std::optional<std::chrono::milliseconds> answer_limit{};
};

class Router {
 public:
  explicit Router(std::vector<Route> routes) : routes_(std::move(routes)) {}

  struct Match {
    const Route* route = nullptr;
    std::vector<std::string> captures{};
    // Without a route: the methods that this path has, for 405; empty: 404.
    std::string allow{};
  };
  // HEAD is answered by GET's route.
  [[nodiscard]] Match find(std::string_view method, std::string_view path) const;
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  const std::vector<Route> routes_;
};

}  // namespace esteira::http
