// A TLS server on loopback whose certificate nobody vouches for.
#pragma once

#include <string>
#include <thread>

namespace esteira::test {

// Accepts one connection, reads one request and sends one answer over TLS. For "localhost", signed
// by itself.
class TlsServer {
 public:
  explicit TlsServer(std::string answer = "");
  ~TlsServer();
  TlsServer(const TlsServer&) = delete;
  TlsServer& operator=(const TlsServer&) = delete;

  // What came through, once the connection has ended.
  [[nodiscard]] std::string received();
  [[nodiscard]] int port() const { return port_; }
  // Its certificate, for those who shall trust it.
  [[nodiscard]] const std::string& certificate_pem() const { return certificate_pem_; }

 private:
  struct Credentials;
  void serve(const Credentials& credentials);

  const std::string answer_;
  int port_ = 0;  // told by whoever opens the listener
  int listener_ = -1;
  std::string certificate_pem_;
  std::string received_;  // of the thread, then of who joined it
  std::jthread thread_;
};

}  // namespace esteira::test
