// What `esteira doctor` looks at.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "cli/configuration.hpp"
#include "cli/wiring.hpp"

namespace esteira::cli {

enum class CheckStatus : std::uint8_t {
  ok,
  note,     // worth knowing
  warning,  // works, but not as it should
  failed,   // must be mended
};
[[nodiscard]] std::string_view to_text(CheckStatus status);

struct Check {
  std::string name;
  CheckStatus status = CheckStatus::ok;
  std::string detail;
};

class Checks {
 public:
  void add(std::string name, CheckStatus status, std::string detail) {
    all_.push_back({std::move(name), status, std::move(detail)});
  }
  [[nodiscard]] const std::vector<Check>& all() const { return all_; }
  [[nodiscard]] bool healthy() const;

 private:
  std::vector<Check> all_;
};

// `environment`: the names of the process's variables.
void check_configuration(Checks& checks, const Configuration& configuration,
                         const std::vector<std::string>& environment);
// Of the server's TLS, where it is set.
void check_certificate(Checks& checks, const Configuration& configuration);
// Of the encryption keys, where any are set; the answer goes on to the database's check.
[[nodiscard]] std::shared_ptr<const Keyring> check_encryption(Checks& checks,
                                                              const Configuration& configuration);
// Of the retention's export, where it is set.
void check_export(Checks& checks, const Configuration& configuration);
void check_processor_settings(Checks& checks, const Configuration& configuration);
// Answers the status that the program exits with when the database is the trouble.
[[nodiscard]] int check_database(Checks& checks, const Configuration& configuration,
                                 const Keyring* keyring);

}  // namespace esteira::cli
