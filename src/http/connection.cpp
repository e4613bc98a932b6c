#include "http/connection.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/use_awaitable.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>
#include <boost/beast/http/string_body.hpp>
#include <boost/beast/http/write.hpp>
#include <fmt/format.h>

#include "http/dispatch.hpp"
#include "http/head_check.hpp"
#include "http/peer_stream.hpp"
#include "http/problem.hpp"

namespace esteira::http {
namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::awaitable;
using asio::redirect_error;
using asio::use_awaitable;
using boost::system::error_code;
using Parser = beast::http::request_parser<beast::http::string_body>;

constexpr std::size_t read_bytes = 8 * 1024;
constexpr std::size_t bytes_per_second_min = 16 * 1024;
constexpr std::chrono::milliseconds transfer_limit_max = std::chrono::minutes{5};
// Who does not take a piece of a stream in this time is dropped; what the system keeps for such a
// peer is bounded too.
constexpr std::chrono::seconds stream_write_limit{10};
constexpr int stream_send_bytes = 64 * 1024;
// Larger bodies are read only of those who may send them.
constexpr std::size_t anybodys_body_bytes = std::size_t{2} * 1024 * 1024;
constexpr std::chrono::seconds farewell_limit{1};
constexpr std::string_view only_this_way = "max-age=31536000";  // a year of HTTPS alone
constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";

std::string_view view(beast::string_view text) { return {text.data(), text.size()}; }
beast::string_view view(std::string_view text) { return {text.data(), text.size()}; }

// The parser lets any character stand within the quotes of a chunk's extension.
struct ChunkCheck {
  void operator()(std::uint64_t /*size*/, beast::string_view extensions, error_code& error) const {
    if (!is_sound_chunk_extension(view(extensions))) {
      error = beast::http::error::bad_chunk_extension;
    }
  }
};

// A stop waits for these.
class Answering {
 public:
  explicit Answering(Shared& shared) : shared_(shared) { ++shared_.answering; }
  ~Answering() { --shared_.answering; }
  Answering(const Answering&) = delete;
  Answering& operator=(const Answering&) = delete;

 private:
  Shared& shared_;
};

// What has no end is nothing that a stop waits for.
class Endless {
 public:
  explicit Endless(Shared& shared) : shared_(shared) { --shared_.answering; }
  ~Endless() { ++shared_.answering; }
  Endless(const Endless&) = delete;
  Endless& operator=(const Endless&) = delete;

 private:
  Shared& shared_;
};

class Connection {
 public:
  Connection(asio::ip::tcp::socket socket, Shared& shared)
      : stream_(std::move(socket), shared.tls.get()), shared_(shared) {
    error_code error;
    const auto peer = stream_.socket().remote_endpoint(error);
    if (error) return;
    peer_ = peer.address().to_string();
    loopback_ = peer.address().is_loopback();
    stream_.socket().set_option(asio::ip::tcp::no_delay(true), error);
  }

  awaitable<void> serve() {
    bool goes_on = co_await shake_hands();
    while (goes_on && !shared_.stopping) goes_on = co_await serve_one();
    co_await close();
  }

 private:
  // False: the peer does not speak TLS as it must here.
  awaitable<bool> shake_hands() {
    if (!stream_.is_secure()) co_return true;
    stream_.expires_after(shared_.options.head_limit);
    error_code error;
    co_await stream_.async_handshake(redirect_error(use_awaitable, error));
    if (!error) co_return true;
    stream_.give_up_tls();
    if (is_plain_http(error)) {
      refusal_ = problem(400, "this port speaks TLS: ask with https://");
      co_await write(*refusal_);
    }
    co_return false;
  }

  // One request and its answer; false: the connection ends.
  awaitable<bool> serve_one() {
    const auto head_bytes = co_await read_head();
    const Answering answering(shared_);
    head_only_ = false;
    keeps_ = false;
    if (head_bytes > 0 && take_head(head_bytes)) {
      if (route_->body_bytes_max > anybodys_body_bytes) {
        refusal_ = co_await ask_gate(shared_, call_, *route_);
      }
      const bool has_body = !refusal_ && co_await read_body();
      if (has_body) {
        const bool answered = co_await answer();
        co_return answered;
      }
    }
    if (refusal_) co_await write(*refusal_);
    co_return false;
  }

  // Parses the head and finds its route; false: `refusal_` says what is wrong.
  bool take_head(std::size_t head_bytes) {
    parser_.emplace();
    parser_->header_limit(static_cast<std::uint32_t>(2 * head_bytes_max));
    parser_->body_limit(boost::none);  // the route's, once it is known
    parser_->eager(false);
    parser_->on_chunk_header(chunk_check_);
    error_code error;
    const auto used = parser_->put(asio::buffer(buffer_.data(), head_bytes), error);
    buffer_.consume(used);
    if (error || !parser_->is_header_done()) {
      refusal_ = problem(400, "this is no HTTP request");
      return false;
    }
    call_ = Call{.request = request_of_head()};
    head_only_ = call_.request.method == "HEAD";
    auto match = shared_.parts.router->find(call_.request.method, call_.request.path);
    refusal_ = shared_.parts.door(call_.request);
    if (!refusal_) refusal_ = refuse_early(call_.request, match);
    route_ = match.route;
    call_.captures = std::move(match.captures);
    return !refusal_;
  }

  awaitable<bool> answer() {
    keeps_ = parser_->get().keep_alive();
    call_.request.body = std::move(parser_->get().body());
    stream_.expires_never();
    const std::function<bool()> gone = [this] { return stream_.peer_is_gone(); };
    Dispatched answer;
    co_await dispatch(shared_, call_, *route_, gone, answer);
    if (answer.undeliverable) co_return false;
    if (!answer.response.log.empty() && shared_.parts.log) {
      shared_.parts.log(request_id_, answer.response.log);
    }
    if (answer.stream) {
      co_await stream(*answer.stream);
      co_return false;
    }
    keeps_ = keeps_ && !shared_.stopping;
    // A peer that closed before its claim was answered would be written to all the same.
    const bool here = !answer.poll || !stream_.peer_is_gone();
    const bool written = here && co_await write(answer.response);
    if (!written && answer.poll) co_await give_back(shared_, *answer.poll);
    co_return written&& keeps_;
  }

  // The number of bytes up to and with the empty line; 0: none came, or `refusal_` says why not.
  awaitable<std::size_t> read_head() {
    refusal_.reset();
    stream_.expires_after(buffer_.size() > 0 ? shared_.options.head_limit
                                             : shared_.options.idle_limit);
    bool begun = buffer_.size() > 0;
    for (;;) {
      const std::string_view bytes(static_cast<const char*>(buffer_.data().data()), buffer_.size());
      const auto end = bytes.find("\r\n\r\n");
      const auto head = bytes.substr(0, end == std::string_view::npos ? end : end + 4);
      const auto wrong = end == std::string_view::npos ? check_head_so_far(head) : check_head(head);
      if (wrong) {
        refusal_ = problem(wrong->status, wrong->detail);
        co_return 0;
      }
      if (end != std::string_view::npos) co_return end + 4;
      error_code error;
      const auto space = buffer_.prepare(read_bytes);
      const auto count =
          co_await stream_.async_read_some(space, redirect_error(use_awaitable, error));
      // Who is too slow is closed without a word: the stream has closed by itself.
      if (error) co_return 0;
      buffer_.commit(count);
      if (!std::exchange(begun, true)) stream_.expires_after(shared_.options.head_limit);
    }
  }

  Request request_of_head() {
    const auto& head = parser_->get();
    Request request;
    request.method = view(head.method_string());
    const auto target = view(head.target());
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
    for (const auto& field : head) {
      request.headers.push_back(
          {std::string(view(field.name_string())), std::string(view(field.value()))});
    }
    request.peer = peer_;
    request.peer_is_loopback = loopback_;
    request.secure = stream_.is_secure();
    request.request_id = fmt::format("{}-{:x}", shared_.id_prefix, ++shared_.requests);
    request_id_ = request.request_id;
    return request;
  }

  // What needs no body to be refused.
  std::optional<Response> refuse_early(const Request& request, const Router::Match& match) {
    if (match.route == nullptr && match.allow.empty()) {
      return problem(404, "there is nothing at this path: /openapi.json lists what there is");
    }
    if (match.route == nullptr) {
      auto refused = problem(405, "this path does not take this method");
      refused.headers.push_back({"Allow", match.allow});
      return refused;
    }
    if (request.header("Content-Encoding")) {
      return problem(415, "a compressed body is not taken here: send it plain");
    }
    const auto expect = request.header("Expect");
    if (expect && !same_name(*expect, "100-continue")) {
      return problem(417, "only 100-continue can be expected");
    }
    const auto length = parser_->content_length();
    if (length && *length > match.route->body_bytes_max) return too_large(*match.route);
    return std::nullopt;
  }

  static Response too_large(const Route& route) {
    return problem(413, fmt::format("the body is larger than {} bytes", route.body_bytes_max));
  }

  awaitable<bool> read_body() {
    parser_->body_limit(route_->body_bytes_max);
    if (parser_->is_done()) co_return true;
    const auto bytes = parser_->content_length().value_or(route_->body_bytes_max);
    stream_.expires_after(transfer_limit(bytes));
    error_code error;
    if (!parser_->get()[beast::http::field::expect].empty()) {
      const auto words = asio::buffer(go_on);
      co_await asio::async_write(stream_, words, redirect_error(use_awaitable, error));
    }
    if (!error) {
      parser_->eager(true);
      co_await beast::http::async_read(stream_, buffer_, *parser_,
                                       redirect_error(use_awaitable, error));
    }
    if (!error) co_return true;
    if (error == beast::http::error::body_limit) {
      refusal_ = too_large(*route_);
    } else if (error.category() ==
               beast::http::make_error_code(beast::http::error::bad_chunk).category()) {
      refusal_ = problem(400, "the body is not framed as its head says");
    }
    co_return false;
  }

  std::chrono::milliseconds transfer_limit(std::uint64_t bytes) const {
    const std::chrono::milliseconds limit =
        shared_.options.body_limit + std::chrono::seconds{bytes / bytes_per_second_min};
    return std::min(limit, transfer_limit_max);
  }

  void put_common_fields(beast::http::fields& head) const {
    head.set(beast::http::field::cache_control, "no-store");
    head.set("X-Content-Type-Options", "nosniff");
    if (stream_.is_secure()) {
      head.set(beast::http::field::strict_transport_security, view(only_this_way));
    }
    if (!request_id_.empty()) head.set("Esteira-Request-Id", request_id_);
  }

  // False: the peer is gone.
  awaitable<bool> write(const Response& answer) {
    beast::http::response<beast::http::string_body> response;
    response.version(11);
    response.result(static_cast<unsigned>(answer.status));
    using beast::http::field;
    const bool bodiless = answer.status == 204;
    if (!bodiless) response.set(field::content_type, view(std::string_view(answer.content_type)));
    put_common_fields(response);
    for (const auto& header : answer.headers) {
      response.set(view(std::string_view(header.name)), view(std::string_view(header.value)));
    }
    response.keep_alive(keeps_);
    if (!bodiless) response.content_length(answer.body.size());
    if (!head_only_) response.body() = answer.body;
    stream_.expires_after(transfer_limit(answer.body.size()));
    error_code error;
    if (head_only_) {
      beast::http::response_serializer<beast::http::string_body> serializer(response);
      co_await beast::http::async_write_header(stream_, serializer,
                                               redirect_error(use_awaitable, error));
    } else {
      co_await beast::http::async_write(stream_, response, redirect_error(use_awaitable, error));
    }
    co_return !error;
  }

  // An answer that ends with its connection.
  awaitable<void> stream(Stream& source) {
    const Endless endless(shared_);
    error_code error;
    stream_.socket().set_option(asio::socket_base::send_buffer_size(stream_send_bytes), error);
    beast::http::response<beast::http::empty_body> head;
    head.version(11);
    head.set(beast::http::field::content_type, "text/event-stream");
    head.set("X-Accel-Buffering", "no");
    put_common_fields(head);
    head.keep_alive(false);
    beast::http::response_serializer<beast::http::empty_body> serializer(head);
    stream_.expires_after(stream_write_limit);
    co_await beast::http::async_write_header(stream_, serializer,
                                             redirect_error(use_awaitable, error));
    Chunk chunk;
    while (!error && !head_only_ && !stream_.peer_is_gone()) {
      stream_.expires_never();
      co_await source.next(chunk);
      if (!chunk) break;
      if (chunk->empty()) continue;
      stream_.expires_after(stream_write_limit);
      const auto bytes = asio::buffer(*chunk);
      co_await asio::async_write(stream_, bytes, redirect_error(use_awaitable, error));
    }
  }

  // Lets the peer read the last answer before the connection is reset for what it still sends.
  awaitable<void> close() {
    error_code error;
    stream_.expires_after(farewell_limit);
    if (stream_.is_secure()) {
      co_await stream_.async_shutdown(redirect_error(use_awaitable, error));
    }
    stream_.socket().shutdown(asio::ip::tcp::socket::shutdown_send, error);
    if (error || !refusal_) co_return;
    stream_.expires_after(farewell_limit);
    std::size_t left = 64 * read_bytes;
    while (!error && left > 0) {
      buffer_.clear();
      const auto space = buffer_.prepare(read_bytes);
      const auto count =
          co_await stream_.tcp().async_read_some(space, redirect_error(use_awaitable, error));
      left -= std::min(left, count);
    }
  }

  PeerStream stream_;
  Shared& shared_;
  beast::flat_buffer buffer_{2 * head_bytes_max + 64 * 1024};
  ChunkCheck chunk_check_;  // the parser refers to it
  std::optional<Parser> parser_;
  std::optional<Response> refusal_;
  std::string peer_;
  bool loopback_ = false;
  // Of the request that is being answered.
  Call call_{};
  const Route* route_ = nullptr;
  std::string request_id_;
  bool head_only_ = false;
  bool keeps_ = false;
};

// Counts a connection for as long as it lives.
class Counted {
 public:
  Counted(Shared& shared, std::string address) : shared_(shared), address_(std::move(address)) {
    ++shared_.connections;
    ++shared_.by_address[address_];
  }
  ~Counted() {
    --shared_.connections;
    const auto found = shared_.by_address.find(address_);
    if (--found->second == 0) shared_.by_address.erase(found);
  }
  Counted(const Counted&) = delete;
  Counted& operator=(const Counted&) = delete;

 private:
  Shared& shared_;
  std::string address_;
};

}  // namespace

awaitable<void> serve_connection(asio::ip::tcp::socket socket, std::shared_ptr<Shared> shared) {
  error_code error;
  const auto peer = socket.remote_endpoint(error);
  if (error) co_return;
  const Counted counted(*shared, peer.address().to_string());
  Connection connection(std::move(socket), *shared);
  co_await connection.serve();
}

}  // namespace esteira::http
