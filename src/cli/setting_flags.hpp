// Flags that stand for settings: what they take is the table's to say.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "cli/arguments.hpp"
#include "cli/configuration.hpp"

namespace esteira::cli {

struct SettingFlag {
  std::string_view flag;   // "--concurrency"
  std::string_view value;  // "N"
  std::string_view path;   // "worker.concurrency"
};

class SettingFlags {
 public:
  // Declares the flags; this object must outlive the reading of the command line.
  void declare(Arguments& arguments, const std::vector<SettingFlag>& flags);
  // Those that were given.
  [[nodiscard]] std::vector<FlagValue> given() const;

 private:
  struct Slot {
    SettingFlag flag;
    std::string help;
    std::optional<std::string> text;
  };
  std::vector<std::unique_ptr<Slot>> slots_;
};

// What `serve` and `worker` say of where they listen.
[[nodiscard]] std::vector<SettingFlag> tls_flags();
// What `serve` and `worker` say of their worker.
[[nodiscard]] std::vector<SettingFlag> worker_flags();

}  // namespace esteira::cli
