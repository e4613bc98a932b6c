#include "http/tls_context.hpp"

#include <array>

#include <fmt/format.h>
#include <openssl/err.h>
#include <openssl/ssl.h>

#include "base/assert.hpp"

namespace esteira::http {
namespace {

// All with an ephemeral key exchange: a key that is stolen later opens nothing that was recorded.
constexpr const char* tls12_ciphers = "ECDHE+AESGCM:ECDHE+CHACHA20";
constexpr const char* tls13_ciphers =
    "TLS_AES_256_GCM_SHA384:TLS_CHACHA20_POLY1305_SHA256:TLS_AES_128_GCM_SHA256";
// The client's wish for ChaCha20 says that it has no AES in hardware.
constexpr std::uint64_t options = SSL_OP_NO_COMPRESSION | SSL_OP_NO_RENEGOTIATION |
                                  SSL_OP_CIPHER_SERVER_PREFERENCE | SSL_OP_PRIORITIZE_CHACHA;

std::unexpected<Error> refused(const TlsIdentity& identity) {
  std::array<char, 256> text{};
  ERR_error_string_n(ERR_get_error(), text.data(), text.size());
  ERR_clear_error();
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} and {} can't be used for TLS: {}", identity.files.certificate,
                          identity.files.key, text.data()));
}

bool show(SSL_CTX* context, const TlsIdentity& identity) {
  if (SSL_CTX_use_certificate(context, identity.chain.front().get()) != 1) return false;
  for (std::size_t at = 1; at < identity.chain.size(); ++at) {
    if (SSL_CTX_add1_chain_cert(context, identity.chain[at].get()) != 1) return false;
  }
  return SSL_CTX_use_PrivateKey(context, identity.key.get()) == 1;
}

}  // namespace

Expected<std::shared_ptr<boost::asio::ssl::context>> make_tls_context(const TlsIdentity& identity) {
  auto made = std::make_shared<boost::asio::ssl::context>(boost::asio::ssl::context::tls_server);
  SSL_CTX* context = made->native_handle();
  SSL_CTX_set_options(context, options);
  // A session is resumed by the ticket that its client keeps; nothing of it is kept here.
  SSL_CTX_set_session_cache_mode(context, SSL_SESS_CACHE_OFF);
  const bool done = SSL_CTX_set_min_proto_version(context, TLS1_2_VERSION) == 1 &&
                    SSL_CTX_set_cipher_list(context, tls12_ciphers) == 1 &&
                    SSL_CTX_set_ciphersuites(context, tls13_ciphers) == 1 &&
                    show(context, identity);
  if (!done) return refused(identity);
  return made;
}

}  // namespace esteira::http
