// Whether a verb speaks to a server, and how: --server, --key and --ca, or their variables.
#pragma once

#include <optional>
#include <string>

#include "cli/configuration.hpp"
#include "cli/verb.hpp"

namespace esteira::cli {

inline constexpr std::string_view server_variable = "ESTEIRA_SERVER_URL";
inline constexpr std::string_view key_variable = "ESTEIRA_KEY";
inline constexpr std::string_view ca_variable = "ESTEIRA_CA_FILE";

struct ServerSettings {
  std::string base;                      // "https://host:8443/prefix"
  std::optional<std::string> key{};      // its token
  std::optional<std::string> ca_file{};  // PEM
};

// Nothing: the verb works on a database. --database beats the variable of a server, and --server
// that of a database; where only the variables name both, that is refused. invalid_argument never
// repeats the key. A key goes over https, or stays on this machine.
[[nodiscard]] Expected<std::optional<ServerSettings>> server_settings(
    const GlobalOptions& globals, const ConfigurationSources& sources);

}  // namespace esteira::cli
