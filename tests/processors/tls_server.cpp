#include "processors/tls_server.hpp"

#include <arpa/inet.h>
#include <array>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>

#include <gtest/gtest.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/ssl.h>
#include <openssl/x509.h>

namespace esteira::test {
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
using Bio = std::unique_ptr<BIO, Deleter<BIO_free_all>>;
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

std::string pem_of(X509* certificate) {
  const Bio memory(BIO_new(BIO_s_mem()));
  PEM_write_bio_X509(memory.get(), certificate);
  char* data = nullptr;
  const auto size = BIO_get_mem_data(memory.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

int listen_on_loopback(int& port) {
  const int listener = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  sockaddr_in address{};
  address.sin_family = AF_INET;
  address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  socklen_t length = sizeof address;
  // NOLINTBEGIN(cppcoreguidelines-pro-type-reinterpret-cast)
  EXPECT_EQ(bind(listener, reinterpret_cast<sockaddr*>(&address), length), 0);
  EXPECT_EQ(listen(listener, 1), 0);
  EXPECT_EQ(getsockname(listener, reinterpret_cast<sockaddr*>(&address), &length), 0);
  // NOLINTEND(cppcoreguidelines-pro-type-reinterpret-cast)
  port = ntohs(address.sin_port);
  return listener;
}

}  // namespace

struct TlsServer::Credentials {
  Key key{EVP_EC_gen("P-256")};
  Certificate certificate = make_certificate(key.get());
};

TlsServer::TlsServer(std::string answer)
    : answer_(std::move(answer)), listener_(listen_on_loopback(port_)) {
  auto credentials = std::make_shared<Credentials>();
  certificate_pem_ = pem_of(credentials->certificate.get());
  thread_ = std::jthread([this, credentials] { serve(*credentials); });
}

TlsServer::~TlsServer() {
  thread_.join();
  close(listener_);
}

std::string TlsServer::received() {
  thread_.join();
  thread_ = std::jthread([] {});
  return received_;
}

void TlsServer::serve(const Credentials& credentials) {
  const TlsContext context(SSL_CTX_new(TLS_server_method()));
  SSL_CTX_use_certificate(context.get(), credentials.certificate.get());
  SSL_CTX_use_PrivateKey(context.get(), credentials.key.get());
  const int fd = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  const Tls tls(SSL_new(context.get()));
  SSL_set_fd(tls.get(), fd);
  std::array<char, 4096> buffer{};
  if (SSL_accept(tls.get()) == 1) {
    const int got = SSL_read(tls.get(), buffer.data(), static_cast<int>(buffer.size()));
    if (got > 0) received_.assign(buffer.data(), static_cast<std::size_t>(got));
    if (!answer_.empty()) SSL_write(tls.get(), answer_.data(), static_cast<int>(answer_.size()));
    SSL_shutdown(tls.get());
  }
  close(fd);
}

}  // namespace esteira::test
