#include "http/server.hpp"

#include <thread>

#include <boost/asio/co_spawn.hpp>
#include <boost/asio/detached.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/redirect_error.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/random.hpp"
#include "base/thread_name.hpp"
#include "http/connection.hpp"
#include "http/tls_context.hpp"

namespace esteira::http {
namespace {

namespace asio = boost::asio;
using asio::awaitable;
using asio::ip::tcp;
using boost::system::error_code;

// Out of file descriptors, for one: trying again at once would spin.
constexpr std::chrono::milliseconds accept_pause{100};
constexpr std::chrono::milliseconds drain_look{10};

Expected<tcp::endpoint> endpoint_of(const ListenAddress& listen) {
  error_code error;
  const auto host = listen.host == "localhost" ? std::string("127.0.0.1") : listen.host;
  const auto address = asio::ip::make_address(host, error);
  if (!error) return tcp::endpoint(address, listen.port);
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}' is no address to listen on", listen.host));
}

bool has_room(const Shared& shared, const tcp::endpoint& peer) {
  if (shared.connections >= shared.options.connections_max) return false;
  if (peer.address().is_loopback()) return true;
  const auto found = shared.by_address.find(peer.address().to_string());
  return found == shared.by_address.end() ||
         found->second < shared.options.connections_per_address_max;
}

}  // namespace

struct Server::Impl {
  Impl(ServerOptions options, Parts parts)
      : shared(std::make_shared<Shared>(
            Shared{.options = std::move(options), .parts = std::move(parts)})) {
    SystemRandom random;
    shared->id_prefix = fmt::format("{:08x}", random.next() & 0xFFFFFFFFU);
  }

  Expected<void> listen() {
    const auto endpoint = ESTEIRA_TRY(endpoint_of(shared->options.listen));
    error_code error;
    acceptor.open(endpoint.protocol(), error);
    if (!error) acceptor.set_option(tcp::acceptor::reuse_address(true), error);
    if (!error) acceptor.bind(endpoint, error);
    if (!error) acceptor.listen(tcp::acceptor::max_listen_connections, error);
    if (error) {
      return fail(ErrorCode::internal,
                  fmt::format("listening on {} failed: {}; is another program there? --listen "
                              "names another address",
                              to_text(shared->options.listen), error.message()));
    }
    address = shared->options.listen;
    address.port = acceptor.local_endpoint(error).port();
    return {};
  }

  awaitable<void> accept() {
    for (;;) {
      error_code error;
      tcp::socket socket =
          co_await acceptor.async_accept(asio::redirect_error(asio::use_awaitable, error));
      if (error == asio::error::operation_aborted || shared->stopping) co_return;
      if (error) {
        co_await pause(accept_pause);
        continue;
      }
      const auto peer = socket.remote_endpoint(error);
      // Over the limit the connection is closed unanswered.
      if (error || !has_room(*shared, peer)) continue;
      asio::co_spawn(context, serve_connection(std::move(socket), shared), asio::detached);
    }
  }

  awaitable<void> pause(std::chrono::milliseconds length) {
    asio::steady_timer timer(context, length);
    error_code ignored;
    co_await timer.async_wait(asio::redirect_error(asio::use_awaitable, ignored));
  }

  // Answers what is under way and ends the context.
  awaitable<void> drain() {
    shared->stopping = true;
    error_code ignored;
    acceptor.close(ignored);
    shared->hub.wake_all();
    if (shared->parts.stopping) shared->parts.stopping();
    const auto until = std::chrono::steady_clock::now() + shared->options.drain_limit;
    while (shared->connections > 0 && std::chrono::steady_clock::now() < until) {
      if (!shared->busy()) break;
      co_await pause(drain_look);
    }
    context.stop();
  }

  void stop() {
    if (!thread.joinable()) return;
    asio::co_spawn(context, drain(), asio::detached);
    thread.join();
    // Its jobs work on what the connections hold: those go later, with the context.
    shared->parts.pool.reset();
  }

  asio::io_context context{1};
  std::shared_ptr<Shared> shared;
  tcp::acceptor acceptor{context};
  ListenAddress address;
  std::thread thread;
};

Expected<std::unique_ptr<Server>> Server::start(ServerOptions options, Parts parts) {
  auto impl = std::make_unique<Impl>(std::move(options), std::move(parts));
  if (impl->shared->options.tls) {
    impl->shared->tls = ESTEIRA_TRY(make_tls_context(*impl->shared->options.tls));
  }
  ESTEIRA_TRY(impl->listen());
  asio::co_spawn(impl->context, impl->accept(), asio::detached);
  impl->thread = std::thread([&context = impl->context] {
    name_this_thread("esteira-http");
    context.run();
  });
  return std::unique_ptr<Server>(new Server(std::move(impl)));
}

Server::Server(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
Server::~Server() { stop(); }
const ListenAddress& Server::address() const { return impl_->address; }
void Server::wake() {
  asio::post(impl_->context, [shared = impl_->shared] { shared->hub.wake_some(); });
}
Expected<void> Server::use(const TlsIdentity& identity) {
  ESTEIRA_ASSERT(impl_->shared->options.tls != nullptr);
  auto context = ESTEIRA_TRY(make_tls_context(identity));
  asio::post(impl_->context, [shared = impl_->shared, context = std::move(context)]() mutable {
    shared->tls = std::move(context);
  });
  return {};
}
void Server::stop() { impl_->stop(); }

}  // namespace esteira::http
