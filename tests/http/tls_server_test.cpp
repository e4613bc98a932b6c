// What the server does to peers before they have shaken hands; e2e/tls shows the rest.
#include <gtest/gtest.h>

#include "http/health_server.hpp"
#include "http/tls_identity.hpp"
#include "support/client.hpp"
#include "support/expectations.hpp"

namespace esteira::http {
namespace {

using esteira::test::Client;
using esteira::test::eventually;
using esteira::test::must;
using namespace std::chrono_literals;

// A certificate that nobody vouches for.
std::shared_ptr<const TlsIdentity> make_identity() {
  auto identity = std::make_shared<TlsIdentity>(TlsIdentity{.files = {},
                                                            .chain = {},
                                                            .key = {nullptr, &EVP_PKEY_free},
                                                            .valid_from = {},
                                                            .valid_until = {}});
  identity->key.reset(EVP_EC_gen("P-256"));
  TlsIdentity::Certificate certificate(X509_new(), &X509_free);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), 0);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), identity->key.get());
  X509_sign(certificate.get(), identity->key.get(), EVP_sha256());
  identity->chain.push_back(std::move(certificate));
  return identity;
}

HealthOptions options_with(std::chrono::milliseconds head_limit) {
  HealthOptions options{.open = [] { return fail(ErrorCode::unavailable, "not asked here"); },
                        .ready = [] { return Expected<void>(); }};
  options.server.listen = {.host = "127.0.0.1", .port = 0};
  options.server.tls = make_identity();
  options.server.head_limit = head_limit;
  return options;
}

TEST(TlsServer, who_does_not_shake_hands_is_dropped) {
  const auto server = must(start_health_server(options_with(20ms)));
  Client silent(server->address().port);
  EXPECT_EQ(silent.read_all(), "");
  Client half(server->address().port);
  half.send("\x16\x03\x01");
  EXPECT_EQ(half.read_all(), "");
}

TEST(TlsServer, a_handshake_under_way_counts_as_a_connection) {
  auto options = options_with(1h);
  options.server.connections_max = 1;
  const auto server = must(start_health_server(std::move(options)));
  const auto port = server->address().port;
  const std::string plain = "GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n";
  const auto answer = [&] {
    Client client(port);
    client.send(plain);
    return client.read_all();
  };
  {
    Client first(port);
    first.send("\x16\x03\x01");
    EXPECT_TRUE(eventually(30s, [&] { return answer().empty(); }));
  }
  EXPECT_TRUE(eventually(30s, [&] { return answer().starts_with("HTTP/1.1 400 "); }));
}

}  // namespace
}  // namespace esteira::http
