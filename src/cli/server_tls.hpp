// The certificate that the server shows: read at the start, and again at each SIGHUP.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>

#include "base/mutex.hpp"
#include "cli/configuration.hpp"
#include "http/tls_identity.hpp"

namespace esteira::cli {

// Nothing: the server speaks plain HTTP.
[[nodiscard]] std::optional<http::TlsFiles> tls_files_of(const Configuration& configuration);

// How a certificate's dates stand at some moment.
struct CertificateDates {
  bool valid = true;
  bool ends_soon = false;  // or has ended
  std::string text;        // what is so, and what to do about it
};
[[nodiscard]] CertificateDates judge_dates(const http::TlsIdentity& identity, Time now);

// Null where no TLS is set. Dates that want somebody's attention are logged.
[[nodiscard]] Expected<std::shared_ptr<const http::TlsIdentity>> read_server_tls(
    const Configuration& configuration);

class CertificateReload {
 public:
  // Hands a certificate to the server.
  using Use = std::function<Expected<void>(const http::TlsIdentity&)>;

  explicit CertificateReload(const Configuration& configuration) : configuration_(configuration) {}

  // Somebody asks for it; the signals' thread. Before the server is there it is kept in mind.
  void on_signal();
  // The server has started. What `use` speaks to must outlive the signals' thread.
  void set_server(Use use);

 private:
  void reload() ESTEIRA_REQUIRES(mutex_);

  const Configuration& configuration_;
  Mutex mutex_;  // one reload at a time, so that the files read last are those in use
  Use use_ ESTEIRA_GUARDED_BY(mutex_);
  bool asked_ ESTEIRA_GUARDED_BY(mutex_) = false;
};

}  // namespace esteira::cli
