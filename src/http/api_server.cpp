#include "http/api_server.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "http/event_feed.hpp"
#include "http/gate.hpp"
#include "http/routes.hpp"
#include "service/enqueue_service.hpp"

namespace esteira::http {
namespace {

// Looks for the first key too: where nobody asks but those who look after the process, the gate
// would not learn of it.
std::function<Expected<void>()> readiness_of(const ApiOptions& options,
                                             std::shared_ptr<KeyGate> gate) {
  return [ready = options.ready, gate = std::move(gate)]() -> Expected<void> {
    static_cast<void>(gate->look());
    return ready();
  };
}

// Runs on the server's thread, so that what it looks up it hands to the pool.
std::function<std::optional<Response>(const Request&)> door_of(
    std::shared_ptr<KeyGate> gate, const std::shared_ptr<ServicePool>& pool) {
  return [gate = std::move(gate),
          pool = pool.get()](const Request& request) -> std::optional<Response> {
    auto refused = gate->at_the_door(request);
    if (refused && gate->wants_look()) {
      static_cast<void>(pool->post([gate](Services*) { static_cast<void>(gate->look()); }));
    }
    return refused;
  };
}

}  // namespace

struct ApiServer::Impl {
  // The server's thread ends before the services do, and its connections go after them: what the
  // services still answer goes nowhere, but to a living place. The feed knows the connections.
  std::unique_ptr<EventFeed> feed;
  std::unique_ptr<Server> server;
  std::shared_ptr<TaskRepository> listener;
  std::shared_ptr<KeyService> keys;
  std::shared_ptr<SessionService> sessions;
  std::shared_ptr<RateBook> rates;
  bool has_keys = false;  // at the start
  std::unique_ptr<WorkService> work;
  std::unique_ptr<EnqueueService> enqueue;
  std::shared_ptr<ServicePool> pool;

  void stop() {
    if (server) server->stop();
    listener.reset();
    enqueue.reset();
    pool.reset();
    if (keys) keys->flush_last_use();
  }
};

Expected<std::unique_ptr<ApiServer>> ApiServer::start(ApiOptions options) {
  auto impl = std::make_unique<Impl>();
  const auto access = ESTEIRA_TRY(options.open());
  impl->keys = std::make_shared<KeyService>(access, options.clock);
  impl->sessions = std::make_shared<SessionService>(access, impl->keys, options.clock);
  impl->rates = std::make_shared<RateBook>(options.clock);
  const auto gate = std::make_shared<KeyGate>(impl->keys, impl->sessions, impl->rates);
  impl->has_keys = ESTEIRA_TRY(gate->look());
  if (!impl->has_keys && !is_loopback(options.server.listen)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} can be reached from other machines, and there is no key yet that "
                            "would keep strangers out: make one (esteira key create), or listen on "
                            "a loopback address, such as 127.0.0.1:{}",
                            to_text(options.server.listen), options.server.listen.port));
  }
  impl->enqueue = std::make_unique<EnqueueService>(ESTEIRA_TRY(options.open()), options.registry,
                                                   options.clock);
  impl->work =
      std::make_unique<WorkService>(ESTEIRA_TRY(options.open()), options.clock,
                                    std::make_shared<SystemRandom>(), options.work, options.events);
  impl->pool =
      std::make_shared<ServicePool>(options.database_threads, options.calls_waiting_max,
                                    services_opener(options.open, options.registry, options.clock));
  const Gate passing = [gate](Call& call, const Route& route, Services& /*services*/) {
    return gate->pass(call, route);
  };
  impl->feed = std::make_unique<EventFeed>(*impl->pool, passing);
  auto routes = all_routes({.enqueue = *impl->enqueue,
                            .work = *impl->work,
                            .keys = *impl->keys,
                            .sessions = *impl->sessions,
                            .rates = *impl->rates,
                            .feed = *impl->feed,
                            .pool = *impl->pool,
                            .ready = readiness_of(options, gate)});
  Server::Parts parts{.router = std::make_shared<const Router>(std::move(routes)),
                      .pool = impl->pool,
                      .door = door_of(gate, impl->pool),
                      .gate = passing,
                      .stopping = [feed = impl->feed.get()] { feed->stop(); },
                      .log = options.log};
  impl->server = ESTEIRA_TRY(Server::start(std::move(options.server), std::move(parts)));
  impl->listener = ESTEIRA_TRY(options.open());
  impl->listener->listen([server = impl->server.get()] { server->wake(); });
  return std::unique_ptr<ApiServer>(new ApiServer(std::move(impl)));
}

Expected<void> ApiServer::use(const TlsIdentity& identity) { return impl_->server->use(identity); }
bool ApiServer::has_keys() const { return impl_->has_keys; }
ApiServer::ApiServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
ApiServer::~ApiServer() { impl_->stop(); }
const ListenAddress& ApiServer::address() const { return impl_->server->address(); }
void ApiServer::stop() { impl_->stop(); }

}  // namespace esteira::http
