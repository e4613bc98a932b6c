// What the server shows of itself under TLS: a certificate, its chain and its key, read from files.
#pragma once

#include <memory>
#include <string>
#include <vector>

#include <openssl/evp.h>
#include <openssl/x509.h>

#include "esteira/error.hpp"
#include "esteira/time.hpp"

namespace esteira::http {

struct TlsFiles {
  std::string certificate;  // PEM: the server's own first, then those that vouch for it
  std::string key;          // PEM, without a passphrase
};

struct TlsIdentity {
  using Certificate = std::unique_ptr<X509, decltype(&X509_free)>;
  using Key = std::unique_ptr<EVP_PKEY, decltype(&EVP_PKEY_free)>;

  TlsFiles files;
  std::vector<Certificate> chain;  // at least one
  Key key;
  Time valid_from;
  Time valid_until;
};

// invalid_argument, naming the file and what to do: one of them can't be read or is not what it
// should be, others may read the key, or the key is another certificate's. Dates are the caller's
// to judge.
[[nodiscard]] Expected<std::shared_ptr<const TlsIdentity>> read_tls_identity(const TlsFiles& files);

}  // namespace esteira::http
