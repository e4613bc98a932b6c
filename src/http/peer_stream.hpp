// The bytes of one peer: over TCP as they are, or under TLS. One type for both, so that whoever
// reads and writes is compiled once and does not ask which.
#pragma once

#include <chrono>
#include <optional>

#include <boost/asio/async_result.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>
#include <boost/beast/core/tcp_stream.hpp>

namespace esteira::http {

// The server's thread only. An AsyncReadStream and AsyncWriteStream; what it does ends with
// `beast::error::timeout` when the time set by `expires_after` is over.
class PeerStream {
 public:
  using executor_type = boost::beast::tcp_stream::executor_type;

  // With a context the peer must shake hands before anything is read or written.
  PeerStream(boost::asio::ip::tcp::socket socket, boost::asio::ssl::context* context)
      : tcp_(std::move(socket)) {
    if (context != nullptr) tls_.emplace(tcp_, *context);
  }

  [[nodiscard]] bool is_secure() const { return tls_.has_value(); }
  // What has been read of a peer that does not speak TLS is gone; it may still be answered.
  void give_up_tls() { tls_.reset(); }
  [[nodiscard]] executor_type get_executor() { return tcp_.get_executor(); }
  [[nodiscard]] boost::asio::ip::tcp::socket& socket() { return tcp_.socket(); }
  // Beneath TLS.
  [[nodiscard]] boost::beast::tcp_stream& tcp() { return tcp_; }
  void expires_after(std::chrono::milliseconds limit) { tcp_.expires_after(limit); }
  void expires_never() { tcp_.expires_never(); }

  // The peer has closed its side, or is about to: there is nobody to answer. Not while a read is
  // under way.
  [[nodiscard]] bool peer_is_gone();

  template <class Token>
  auto async_handshake(Token&& token) {
    return tls_->async_handshake(boost::asio::ssl::stream_base::server, std::forward<Token>(token));
  }
  // Says that nothing follows, and waits for the peer to say so too.
  template <class Token>
  auto async_shutdown(Token&& token) {
    return tls_->async_shutdown(std::forward<Token>(token));
  }
  template <class Buffers, class Token>
  auto async_read_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, Transferred>(
        [this](auto handler, const Buffers& space) {
          if (tls_) {
            tls_->async_read_some(space, std::move(handler));
          } else {
            tcp_.async_read_some(space, std::move(handler));
          }
        },
        token, buffers);
  }
  template <class Buffers, class Token>
  auto async_write_some(const Buffers& buffers, Token&& token) {
    return boost::asio::async_initiate<Token, Transferred>(
        [this](auto handler, const Buffers& bytes) {
          if (tls_) {
            tls_->async_write_some(bytes, std::move(handler));
          } else {
            tcp_.async_write_some(bytes, std::move(handler));
          }
        },
        token, buffers);
  }

 private:
  using Transferred = void(boost::system::error_code, std::size_t);

  boost::beast::tcp_stream tcp_;
  std::optional<boost::asio::ssl::stream<boost::beast::tcp_stream&>> tls_;
};

// A handshake failed because the peer spoke plain HTTP.
[[nodiscard]] bool is_plain_http(const boost::system::error_code& error);

}  // namespace esteira::http
