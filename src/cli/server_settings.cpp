#include "cli/server_settings.hpp"

#include <algorithm>
#include <unistd.h>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/input.hpp"
#include "client/server_url.hpp"
#include "http/listen_address.hpp"

namespace esteira::cli {
namespace {

constexpr std::size_t key_bytes_max = 4096;
constexpr std::string_view database_variable = "ESTEIRA_DATABASE_URL";

// The flag's value, or else the variable's; an empty variable is as if it were not set.
std::optional<std::string> given(const std::optional<std::string>& flag, std::string_view variable,
                                 const ConfigurationSources& sources) {
  if (flag) return flag;
  auto text = sources.environment(std::string(variable));
  return text && !text->empty() ? std::move(text) : std::nullopt;
}

// It stands in a header of each request: one line of visible characters.
Expected<std::string> read_key(const std::string& argument) {
  const bool in_file = argument.starts_with('@');
  auto text = in_file ? ESTEIRA_TRY(read_file(argument.substr(1), key_bytes_max)) : argument;
  const auto end = text.find_last_not_of(" \t\r\n");
  text.erase(end == std::string::npos ? 0 : end + 1);
  const bool good = !text.empty() && text.size() <= key_bytes_max &&
                    std::ranges::all_of(text, [](char c) { return c > ' ' && c < '\x7F'; });
  if (good) return text;
  return fail(ErrorCode::invalid_argument,
              in_file ? fmt::format("--key: {} holds no key: it is one line that begins with esk_",
                                    argument.substr(1))
                      : "--key: that is no key: it is one word that begins with esk_; @FILE reads "
                        "one from a file");
}

Expected<std::string> check_ca_file(std::string path) {
  if (access(path.c_str(), R_OK) == 0) return path;
  return fail(ErrorCode::invalid_argument, fmt::format("--ca: {} can't be read", path));
}

Expected<void> check_way(const client::ServerUrl& url) {
  if (url.secure || http::is_loopback_host(url.host)) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("the key would go to {} for everybody on the way to read: use https://, "
                          "or a tunnel that ends on this machine",
                          url.base));
}

// No flag says which it is.
Expected<void> check_variables(const ConfigurationSources& sources) {
  if (!given(std::nullopt, database_variable, sources)) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("{} and {} are both set: say with --server or --database which one is "
                          "meant",
                          server_variable, database_variable));
}

}  // namespace

Expected<std::optional<ServerSettings>> server_settings(const GlobalOptions& globals,
                                                        const ConfigurationSources& sources) {
  const auto address =
      globals.database ? std::nullopt : given(globals.server, server_variable, sources);
  if (!address) {
    if (!globals.key && !globals.ca_file) return std::nullopt;
    return fail(ErrorCode::invalid_argument,
                fmt::format("--key and --ca are for a server: name it with --server or {}",
                            server_variable));
  }
  if (!globals.server) ESTEIRA_TRY(check_variables(sources));
  const auto url = ESTEIRA_TRY(client::parse_server_url(*address));
  ServerSettings settings{.base = url.base};
  if (const auto key = given(globals.key, key_variable, sources)) {
    settings.key = ESTEIRA_TRY(read_key(*key));
    ESTEIRA_TRY(check_way(url));
  }
  if (auto file = given(globals.ca_file, ca_variable, sources)) {
    settings.ca_file = ESTEIRA_TRY(check_ca_file(*std::move(file)));
  }
  return settings;
}

}  // namespace esteira::cli
