// A server that nobody vouches for gets no request.
#include <arpa/inet.h>
#include <cstring>
#include <netinet/in.h>
#include <sys/socket.h>
#include <thread>
#include <unistd.h>

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <openssl/evp.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

#include "processors/fake_context.hpp"
#include "processors/http_request/http_request.hpp"

namespace esteira::processors {
namespace {

template <auto Free>
struct Deleter {
  template <class T>
  void operator()(T* object) const {
    Free(object);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Deleter<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Deleter<X509_free>>;
using TlsContext = std::unique_ptr<SSL_CTX, Deleter<SSL_CTX_free>>;
using Tls = std::unique_ptr<SSL, Deleter<SSL_free>>;

// For "localhost", signed by itself.
Certificate make_certificate(EVP_PKEY* key) {
  Certificate certificate(X509_new());
  X509_set_version(certificate.get(), 2);
  ASN1_INTEGER_set(X509_get_serialNumber(certificate.get()), 1);
  X509_gmtime_adj(X509_getm_notBefore(certificate.get()), -3600);
  X509_gmtime_adj(X509_getm_notAfter(certificate.get()), 3600);
  X509_set_pubkey(certificate.get(), key);
  auto* name = X509_get_subject_name(certificate.get());
  constexpr std::string_view host = "localhost";
  std::array<unsigned char, host.size()> text{};
  std::memcpy(text.data(), host.data(), host.size());
  X509_NAME_add_entry_by_txt(name, "CN", MBSTRING_ASC, text.data(), host.size(), -1, 0);
  X509_set_issuer_name(certificate.get(), name);
  X509_sign(certificate.get(), key, EVP_sha256());
  return certificate;
}

// Accepts one connection and reads one request over TLS.
class TlsServer {
 public:
  TlsServer() : listener_(socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t length = sizeof address;
    // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast)
    EXPECT_EQ(bind(listener_, reinterpret_cast<sockaddr*>(&address), length), 0);
    EXPECT_EQ(listen(listener_, 1), 0);
    EXPECT_EQ(getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &length), 0);
    // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
    port = ntohs(address.sin_port);
    thread_ = std::jthread([this] { serve(); });
  }
  ~TlsServer() {
    thread_.join();
    close(listener_);
  }
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  // What came through, once the connection has ended.
  [[nodiscard]] std::string received() {
    thread_.join();
    thread_ = std::jthread([] {});
    return received_;
  }
  int port = 0;

 private:
  void serve() {
    const Key key(EVP_EC_gen("P-256"));
    const auto certificate = make_certificate(key.get());
    const TlsContext context(SSL_CTX_new(TLS_server_method()));
    SSL_CTX_use_certificate(context.get(), certificate.get());
    SSL_CTX_use_PrivateKey(context.get(), key.get());
    const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
    const Tls tls(SSL_new(context.get()));
    SSL_set_fd(tls.get(), fd);
    std::array<char, 4096> buffer{};
    if (SSL_accept(tls.get()) == 1) {
      const int got = SSL_read(tls.get(), buffer.data(), static_cast<int>(buffer.size()));
      if (got > 0) received_.assign(buffer.data(), static_cast<std::size_t>(got));
    }
    close(fd);
  }

  int listener_;
  std::string received_;  // of the thread, then of who joined it
  std::jthread thread_;
};

TEST(Tls, a_certificate_that_nobody_vouches_for_ends_the_request) {
  TlsServer server;
  HttpRequestProcessor processor({.allow_private_addresses = true});
  test::FakeContext context;
  const auto url = fmt::format("https://localhost:{}/", server.port);
  const auto ending = test::ending_of(processor.process(test::make_task({{"url", url}}), context));
  EXPECT_TRUE(ending.by_policy());
  EXPECT_NE(ending.message.find("certificate"), std::string::npos) << ending.message;
  EXPECT_EQ(server.received(), "");
}

}  // namespace
}  // namespace esteira::processors
