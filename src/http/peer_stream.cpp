#include "http/peer_stream.hpp"

#include <array>
#include <poll.h>
#include <sys/socket.h>

#include <boost/asio/ssl/error.hpp>
#include <openssl/err.h>
#include <openssl/ssl.h>
#include <openssl/sslerr.h>

namespace esteira::http {
namespace {

constexpr std::uint8_t alert_record = 21;
constexpr std::uint8_t sealed_record = 23;
// TLS 1.3 hides what a record is. An alert has two bytes, its kind one and the seal sixteen; a
// request has more, and so has every other message of a client after the handshake.
constexpr std::size_t record_head_bytes = 5;
constexpr std::size_t sealed_alert_bytes = 2 + 1 + 16;

// All that waits unread is a peer's "I close", or an alert that ends the connection as well.
bool alert_waits(int socket, int version) {
  std::array<std::uint8_t, record_head_bytes + sealed_alert_bytes + 1> bytes{};
  const auto count = recv(socket, bytes.data(), bytes.size(), MSG_PEEK | MSG_DONTWAIT);
  if (count <= 0) return false;
  if (bytes[0] == alert_record) return true;
  return version == TLS1_3_VERSION && bytes[0] == sealed_record &&
         count == static_cast<ssize_t>(record_head_bytes + sealed_alert_bytes) &&
         bytes[3] * 256U + bytes[4] == sealed_alert_bytes;
}

}  // namespace

// A read would be in the way of the next request's, and after bytes that wait unread the end of the
// peer's side can't be read at all: the kernel is asked.
bool PeerStream::peer_is_gone() {
  const int socket = tcp_.socket().native_handle();
  pollfd file{.fd = socket, .events = POLLRDHUP, .revents = 0};
  if (poll(&file, 1, 0) > 0) return true;
  return tls_ && alert_waits(socket, SSL_version(tls_->native_handle()));
}

bool is_plain_http(const boost::system::error_code& error) {
  return error.category() == boost::asio::error::get_ssl_category() &&
         ERR_GET_REASON(static_cast<unsigned long>(error.value())) == SSL_R_HTTP_REQUEST;
}

}  // namespace esteira::http
