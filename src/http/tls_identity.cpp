#include "http/tls_identity.hpp"

#include <cerrno>
#include <cstring>
#include <ctime>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>
#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "base/assert.hpp"

namespace esteira::http {
namespace {

constexpr std::size_t file_bytes_max = std::size_t{1} * 1024 * 1024;
constexpr std::size_t chain_length_max = 20;
// Owner and group may read a key; a mode that lets everybody read or change it is a mistake.
constexpr mode_t everybody = S_IROTH | S_IWOTH;

std::unexpected<Error> wrong(const std::string& path, std::string_view what) {
  return fail(ErrorCode::invalid_argument, fmt::format("{}: {}", path, what));
}

class File {
 public:
  explicit File(const std::string& path)
      // A pipe would wait for its other end.
      : descriptor_(open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;

  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

// What a file held, wiped when it is no longer needed.
class Secret {
 public:
  explicit Secret(std::size_t bytes) : text_(bytes, '\0') {}
  ~Secret() { OPENSSL_cleanse(text_.data(), text_.size()); }
  Secret(Secret&&) = default;
  Secret(const Secret&) = delete;
  Secret& operator=(const Secret&) = delete;

  std::string& text() { return text_; }

 private:
  std::string text_;
};

Expected<Secret> read_file(const std::string& path, mode_t forbidden) {
  const File file(path);
  struct stat info{};
  if (file.descriptor() < 0 || fstat(file.descriptor(), &info) != 0) {
    return wrong(path, fmt::format("can't be read: {}", std::strerror(errno)));
  }
  if (!S_ISREG(info.st_mode)) return wrong(path, "can't be read: it is no file");
  if ((info.st_mode & forbidden) != 0) {
    return wrong(path, fmt::format("everybody on this machine may read or change this key: chmod "
                                   "600 {}",
                                   path));
  }
  if (static_cast<std::size_t>(info.st_size) > file_bytes_max) {
    return wrong(path, "is too large for a certificate or a key");
  }
  Secret content(static_cast<std::size_t>(info.st_size));
  std::size_t size = 0;
  while (size < content.text().size()) {
    const auto count =
        read(file.descriptor(), content.text().data() + size, content.text().size() - size);
    if (count < 0) return wrong(path, fmt::format("can't be read: {}", std::strerror(errno)));
    if (count == 0) break;
    size += static_cast<std::size_t>(count);
  }
  content.text().resize(size);
  return content;
}

// A reader of PEM blocks over a text that outlives it.
using Bio = std::unique_ptr<BIO, decltype(&BIO_free)>;
Bio bio_over(const std::string& text) {
  return {BIO_new_mem_buf(text.data(), static_cast<int>(text.size())), &BIO_free};
}

// In place of OpenSSL's own, which would ask at the terminal.
int no_passphrase(char* /*buffer*/, int /*size*/, int /*writes*/, void* asked) {
  *static_cast<bool*>(asked) = true;
  return -1;
}

Expected<std::vector<TlsIdentity::Certificate>> read_chain(const std::string& path) {
  auto content = ESTEIRA_TRY(read_file(path, 0));
  const auto bio = bio_over(content.text());
  std::vector<TlsIdentity::Certificate> chain;
  while (chain.size() < chain_length_max) {
    TlsIdentity::Certificate one(PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr),
                                 &X509_free);
    if (!one) break;
    chain.push_back(std::move(one));
  }
  const auto error = ERR_peek_last_error();
  ERR_clear_error();
  if (chain.empty()) return wrong(path, "holds no certificate in PEM form (BEGIN CERTIFICATE)");
  if (chain.size() == chain_length_max) return wrong(path, "holds too many certificates");
  // Its end is what stops the reading of a sound file.
  if (ERR_GET_REASON(error) == PEM_R_NO_START_LINE) return chain;
  return wrong(path, fmt::format("its certificate number {} can't be read", chain.size() + 1));
}

Expected<TlsIdentity::Key> read_key(const std::string& path) {
  auto content = ESTEIRA_TRY(read_file(path, everybody));
  const auto bio = bio_over(content.text());
  bool asked = false;
  TlsIdentity::Key key(PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, &asked),
                       &EVP_PKEY_free);
  ERR_clear_error();
  if (key) return key;
  if (asked) {
    return wrong(path, fmt::format("the key has a passphrase, which nobody can type here: openssl "
                                   "pkey -in {} -out FILE takes it away",
                                   path));
  }
  return wrong(path, "holds no key in PEM form (BEGIN PRIVATE KEY)");
}

Expected<Time> time_of(const ASN1_TIME* text, const std::string& path) {
  std::tm parts{};
  if (text == nullptr || ASN1_TIME_to_tm(text, &parts) != 1) {
    ERR_clear_error();
    return wrong(path, "the certificate's dates can't be read");
  }
  return Time(std::chrono::seconds{timegm(&parts)});
}

}  // namespace

Expected<std::shared_ptr<const TlsIdentity>> read_tls_identity(const TlsFiles& files) {
  auto chain = ESTEIRA_TRY(read_chain(files.certificate));
  auto key = ESTEIRA_TRY(read_key(files.key));
  const auto* leaf = chain.front().get();
  if (X509_check_private_key(leaf, key.get()) != 1) {
    ERR_clear_error();
    return wrong(files.key, fmt::format("the key does not belong to the first certificate of {}: "
                                        "name the two that were made together",
                                        files.certificate));
  }
  const auto from = ESTEIRA_TRY(time_of(X509_get0_notBefore(leaf), files.certificate));
  const auto until = ESTEIRA_TRY(time_of(X509_get0_notAfter(leaf), files.certificate));
  return std::make_shared<const TlsIdentity>(TlsIdentity{.files = files,
                                                         .chain = std::move(chain),
                                                         .key = std::move(key),
                                                         .valid_from = from,
                                                         .valid_until = until});
}

}  // namespace esteira::http
