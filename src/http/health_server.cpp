#include "http/health_server.hpp"

#include <thread>

#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/steady_timer.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/core/tcp_stream.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>

#include "base/assert.hpp"
#include "base/thread_name.hpp"
#include "http/health_answer.hpp"
#include "http/ready_probe.hpp"

namespace esteira::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;

constexpr std::size_t header_bytes_max = 8 * 1024;

// What all connections share. The server's thread only, but for `probe`.
struct Shared {
  HealthOptions options;
  ReadyProbe& probe;
  std::size_t connections = 0;
};

// One connection; lives as long as one of its handlers is pending.
class Connection : public std::enable_shared_from_this<Connection> {
 public:
  Connection(tcp::socket socket, std::shared_ptr<Shared> shared)
      : stream_(std::move(socket)), timer_(stream_.get_executor()), shared_(std::move(shared)) {
    ++shared_->connections;
  }
  ~Connection() { --shared_->connections; }
  Connection(const Connection&) = delete;
  Connection& operator=(const Connection&) = delete;

  void read() {
    parser_.emplace();
    parser_->header_limit(header_bytes_max);
    parser_->body_limit(0);
    stream_.expires_after(shared_->options.request_limit);
    beast::http::async_read(
        stream_, buffer_, *parser_,
        [self = shared_from_this()](error_code error, std::size_t) { self->on_read(error); });
  }

 private:
  using Verb = beast::http::verb;

  void on_read(error_code error) {
    using HttpError = beast::http::error;
    if (error == HttpError::header_limit) return refuse(431, "the request's head is too large");
    if (error == HttpError::body_limit || error == HttpError::unexpected_body) {
      return refuse(413, "no request here has a body");
    }
    const bool spoken =
        error.category() == beast::http::make_error_code(HttpError::bad_method).category();
    if (error == HttpError::end_of_stream) return close();
    if (spoken) return refuse(400, "this is no HTTP request");
    if (error) return;  // the peer is gone, or silent for too long
    answer_request();
  }

  void answer_request() {
    const auto& request = parser_->get();
    const auto answer = answer_health({.method = view(request.method_string()),
                                       .target = view(request.target()),
                                       .host = view(request[beast::http::field::host])});
    if (const auto* ready = std::get_if<HealthAnswer>(&answer)) return write(*ready);
    ask_database();
  }

  // Whichever comes first, the database's word or the time limit, is the answer.
  void ask_database() {
    timer_.expires_after(shared_->options.ready_limit);
    timer_.async_wait([self = shared_from_this()](error_code error) {
      if (!error)
        self->write(answer_ready(fail(ErrorCode::unavailable, "the database is slow to answer")));
    });
    // The connection moves on to the server's thread: the probe's thread never destroys it.
    shared_->probe.ask([self = shared_from_this()](const Expected<void>& ready) mutable {
      const auto executor = self->stream_.get_executor();
      asio::post(executor, [self = std::move(self), ready] {
        if (self->timer_.cancel() > 0) self->write(answer_ready(ready));
      });
    });
  }

  void refuse(int status, std::string_view why) {
    must_close_ = true;
    write(problem(status, why));
  }

  void write(const HealthAnswer& answer) {
    const auto& request = parser_->get();
    response_ = {};
    response_.version(11);
    response_.result(static_cast<unsigned>(answer.status));
    response_.set(beast::http::field::server, "esteira");
    response_.set(beast::http::field::content_type, text(answer.content_type));
    response_.set(beast::http::field::cache_control, "no-store");
    response_.set("X-Content-Type-Options", "nosniff");
    if (!answer.allow.empty()) response_.set(beast::http::field::allow, text(answer.allow));
    response_.keep_alive(!must_close_ && parser_->is_done() && request.keep_alive());
    response_.content_length(answer.body.size());
    if (request.method() != Verb::head) response_.body() = answer.body;
    stream_.expires_after(shared_->options.request_limit);
    beast::http::async_write(
        stream_, response_,
        [self = shared_from_this()](error_code error, std::size_t) { self->on_written(error); });
  }

  void on_written(error_code error) {
    if (error) return;
    if (response_.keep_alive()) return read();
    close();
  }

  void close() {
    error_code ignored;
    stream_.socket().shutdown(tcp::socket::shutdown_send, ignored);
  }

  static std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }
  static beast::string_view text(std::string_view text) { return {text.data(), text.size()}; }

  beast::tcp_stream stream_;
  beast::flat_buffer buffer_{2 * header_bytes_max};
  std::optional<beast::http::request_parser<beast::http::empty_body>> parser_;
  beast::http::response<beast::http::string_body> response_;
  asio::steady_timer timer_;
  bool must_close_ = false;
  std::shared_ptr<Shared> shared_;
};

Expected<tcp::endpoint> resolve(const ListenAddress& listen) {
  error_code error;
  const auto host = listen.host == "localhost" ? std::string("127.0.0.1") : listen.host;
  const auto address = asio::ip::make_address(host, error);
  if (!error) return tcp::endpoint(address, listen.port);
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}' is no address to listen on", listen.host));
}

}  // namespace

struct HealthServer::Impl {
  explicit Impl(HealthOptions options)
      : probe(options.ready),
        shared(std::make_shared<Shared>(Shared{.options = std::move(options), .probe = probe})) {}

  Expected<void> listen() {
    const auto endpoint = ESTEIRA_TRY(resolve(shared->options.listen));
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

  void accept() {
    acceptor.async_accept([this](error_code error, tcp::socket socket) {
      if (error == asio::error::operation_aborted) return;
      if (error) return pause();
      // Over the limit the connection is closed unanswered.
      if (shared->connections < shared->options.connections_max) {
        std::make_shared<Connection>(std::move(socket), shared)->read();
      }
      accept();
    });
  }

  // Out of file descriptors, for one: trying again at once would spin.
  void pause() {
    pause_timer.expires_after(std::chrono::milliseconds{100});
    pause_timer.async_wait([this](error_code error) {
      if (!error) accept();
    });
  }

  void stop() {
    if (!thread.joinable()) return;
    context.stop();
    thread.join();
  }

  // First, so that it goes last: what waits in the probe holds connections.
  asio::io_context context{1};
  ReadyProbe probe;
  std::shared_ptr<Shared> shared;
  tcp::acceptor acceptor{context};
  asio::steady_timer pause_timer{context};
  ListenAddress address;
  std::thread thread;
};

Expected<std::unique_ptr<HealthServer>> HealthServer::start(HealthOptions options) {
  if (!is_loopback(options.listen)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} can be reached from other machines, and there is no key yet that "
                            "would keep strangers out: listen on a loopback address, such as "
                            "127.0.0.1:{}",
                            to_text(options.listen), options.listen.port));
  }
  auto impl = std::make_unique<Impl>(std::move(options));
  ESTEIRA_TRY(impl->listen());
  impl->accept();
  impl->thread = std::thread([&context = impl->context] {
    name_this_thread("esteira-http");
    context.run();
  });
  return std::unique_ptr<HealthServer>(new HealthServer(std::move(impl)));
}

HealthServer::HealthServer(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
HealthServer::~HealthServer() { stop(); }
const ListenAddress& HealthServer::address() const { return impl_->address; }
void HealthServer::stop() { impl_->stop(); }

}  // namespace esteira::http
