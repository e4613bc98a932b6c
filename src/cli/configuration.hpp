// What the program is set to: defaults, esteira.toml, the environment, flags.
#pragma once

#include <functional>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "domain/policy.hpp"
#include "esteira/worker.hpp"
#include "processors/builtin.hpp"
#include "telemetry/log.hpp"

namespace esteira::cli {

struct Configuration {
  std::string database_url = "sqlite:esteira.db";
  std::string server_listen = "127.0.0.1:8080";
  std::string tls_certificate{};  // both or neither
  std::string tls_key{};
  std::vector<std::string> encryption_keys{};     // "ID:file:PATH", the first one wraps
  std::vector<std::string> encryption_secrets{};  // "ID:KEY"
  WorkerOptions worker{};                         // its keyring is everybody's
  Retention retention{};                          // of types that this program creates
  std::string retention_export{};                 // a folder; "": nowhere
  LogOptions log{};
  processors::BuiltinOptions processors{};
  std::string http_secrets_file{};  // where processors.http_request.secrets came from

  std::optional<std::string> file{};  // the configuration file that was read
  // Where each key that is not at its default was set: "esteira.toml:7", "ESTEIRA_SERVER_LISTEN".
  std::map<std::string, std::string, std::less<>> origins{};
};

// A setting on the command line: "--listen", "server.listen", "127.0.0.1:8080".
struct FlagValue {
  std::string flag;
  std::string path;
  std::string text;
};

// How the outside is read; the tests bring their own.
struct ConfigurationSources {
  std::optional<std::string> file;  // --config; must exist
  std::vector<std::string> file_candidates{"esteira.toml", "/etc/esteira/esteira.toml"};
  std::function<std::optional<std::string>(const std::string&)> environment;
  std::vector<FlagValue> flags{};
};
[[nodiscard]] ConfigurationSources process_sources();

// Flag before environment before file before default.
// invalid_argument names the file and line (or the variable) and what was expected there.
[[nodiscard]] Expected<Configuration> load_configuration(const ConfigurationSources& sources);

// A database address without its password.
[[nodiscard]] std::string redacted_url(std::string_view url);

}  // namespace esteira::cli
