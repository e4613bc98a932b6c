// How the server speaks TLS: versions, ciphers and the identity that it shows.
#pragma once

#include <memory>

#include <boost/asio/ssl/context.hpp>

#include "http/tls_identity.hpp"

namespace esteira::http {

// TLS 1.2 and 1.3, with forward secrecy and authenticated encryption only. invalid_argument: the
// library refuses the certificate or the key, as too weak for one.
[[nodiscard]] Expected<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(
    const TlsIdentity& identity);

}  // namespace esteira::http
