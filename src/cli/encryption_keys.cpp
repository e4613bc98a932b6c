#include "cli/encryption_keys.hpp"

#include <cerrno>
#include <cstring>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cipher/keyring.hpp"
#include "domain/limits.hpp"

namespace esteira::cli {
namespace {

constexpr std::string_view file_scheme = "file:";

struct Named {
  std::string id;
  std::string_view rest;
};

Expected<Named> split(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos) return fail(ErrorCode::invalid_argument, "");
  Named named{.id = std::string(text.substr(0, colon)), .rest = text.substr(colon + 1)};
  ESTEIRA_TRY(check_key_id(named.id));
  return named;
}

class File {
 public:
  // A pipe would wait for its other end.
  explicit File(const char* path) : descriptor_(open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)) {}
  ~File() {
    if (descriptor_ >= 0) close(descriptor_);
  }
  File(const File&) = delete;
  File& operator=(const File&) = delete;
  [[nodiscard]] int descriptor() const { return descriptor_; }

 private:
  int descriptor_;
};

std::unexpected<Error> wrong(const std::string& path, std::string_view what) {
  return fail(ErrorCode::invalid_argument, fmt::format("{}: the encryption key {}", path, what));
}

Expected<Secret> read_key_file(const std::string& path) {
  const File file(path.c_str());
  struct stat info{};
  if (file.descriptor() < 0 || fstat(file.descriptor(), &info) != 0) {
    return wrong(path, fmt::format("can't be read: {}", std::strerror(errno)));
  }
  if (!S_ISREG(info.st_mode)) return wrong(path, "can't be read: it is no file");
  if ((info.st_mode & (S_IROTH | S_IWOTH)) != 0) {
    return wrong(path, fmt::format("may be read or changed by everybody on this machine: chmod 600 "
                                   "{}",
                                   path));
  }
  std::string text(limits::encryption_key_file_bytes_max + 1, '\0');
  const auto count = read(file.descriptor(), text.data(), text.size());
  if (count < 0) return wrong(path, fmt::format("can't be read: {}", std::strerror(errno)));
  text.resize(static_cast<std::size_t>(count));
  auto key = parse_key(text);
  explicit_bzero(text.data(), text.size());
  if (key) return key;
  return wrong(path, fmt::format("is none: {}", key.error().message));
}

}  // namespace

Expected<void> check_key_file(const std::string& text) {
  const auto named = ESTEIRA_TRY(split(text));
  if (named.rest.starts_with(file_scheme) && named.rest.size() > file_scheme.size()) return {};
  return fail(ErrorCode::invalid_argument, "");
}

Expected<void> check_key_text(const std::string& text) {
  const auto named = ESTEIRA_TRY(split(text));
  ESTEIRA_TRY(parse_key(named.rest));
  return {};
}

Expected<std::shared_ptr<const Keyring>> read_keyring(const Configuration& configuration) {
  std::vector<EncryptionKey> keys;
  for (const auto& text : configuration.encryption_keys) {
    const auto named = ESTEIRA_TRY(split(text));
    const auto key = ESTEIRA_TRY(read_key_file(std::string(named.rest.substr(file_scheme.size()))));
    keys.push_back({.id = named.id, .secret = key.bytes()});
  }
  for (const auto& text : configuration.encryption_secrets) {
    const auto named = ESTEIRA_TRY(split(text));
    const auto key = ESTEIRA_TRY(parse_key(named.rest));
    keys.push_back({.id = named.id, .secret = key.bytes()});
  }
  if (keys.empty()) return nullptr;
  auto keyring = make_keyring(keys);
  for (auto& key : keys) explicit_bzero(key.secret.data(), key.secret.size());
  return keyring;
}

}  // namespace esteira::cli
