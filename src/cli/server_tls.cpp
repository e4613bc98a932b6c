#include "cli/server_tls.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "telemetry/log.hpp"

namespace esteira::cli {
namespace {

constexpr std::chrono::days notice{14};

}  // namespace

std::optional<http::TlsFiles> tls_files_of(const Configuration& configuration) {
  if (configuration.tls_certificate.empty()) return std::nullopt;
  return http::TlsFiles{.certificate = configuration.tls_certificate, .key = configuration.tls_key};
}

CertificateDates judge_dates(const http::TlsIdentity& identity, Time now) {
  const auto& file = identity.files.certificate;
  const auto until = format_time(identity.valid_until);
  if (now < identity.valid_from) {
    return {.valid = false,
            .text = fmt::format("{}: the certificate is valid from {} on: is this machine's clock "
                                "right?",
                                file, format_time(identity.valid_from))};
  }
  if (now > identity.valid_until) {
    return {.valid = false,
            .ends_soon = true,
            .text = fmt::format("{}: the certificate expired at {}, and clients refuse it: renew "
                                "it, then send SIGHUP",
                                file, until)};
  }
  const auto left = std::chrono::floor<std::chrono::days>(identity.valid_until - now);
  const auto text = fmt::format("{}: the certificate is valid for {} more days, until {}", file,
                                left.count(), until);
  if (left >= notice) return {.text = text};
  return {.ends_soon = true, .text = text + ": renew it, then send SIGHUP"};
}

Expected<std::shared_ptr<const http::TlsIdentity>> read_server_tls(
    const Configuration& configuration) {
  const auto files = tls_files_of(configuration);
  if (!files) return nullptr;
  auto identity = ESTEIRA_TRY(http::read_tls_identity(*files));
  const auto now = std::chrono::floor<Duration>(std::chrono::system_clock::now());
  const auto dates = judge_dates(*identity, now);
  if (!dates.valid || dates.ends_soon) log(LogLevel::warning, dates.text);
  return identity;
}

void CertificateReload::on_signal() {
  const MutexLock lock(mutex_);
  asked_ = true;
  reload();
}

void CertificateReload::set_server(Use use) {
  const MutexLock lock(mutex_);
  use_ = std::move(use);
  reload();
}

void CertificateReload::reload() {
  if (!asked_) return;
  if (!tls_files_of(configuration_)) {
    asked_ = false;
    return log(LogLevel::info, "SIGHUP: there is nothing to reload, no TLS certificate is set");
  }
  if (!use_) return;
  asked_ = false;
  const auto identity = read_server_tls(configuration_);
  const auto used = identity ? use_(**identity) : std::unexpected(identity.error());
  if (used) {
    log(LogLevel::info,
        fmt::format("SIGHUP: new connections are shown {}, valid until {}",
                    (*identity)->files.certificate, format_time((*identity)->valid_until)));
  } else {
    log(LogLevel::error,
        fmt::format("SIGHUP: the certificate stays the one that was read before: {}",
                    used.error().message));
  }
}

}  // namespace esteira::cli
