// What a verb takes on its command line. (arguments.cpp is the one place that knows the parser.)
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "esteira/task.hpp"
#include "esteira/time.hpp"

namespace CLI {
class App;
}

namespace esteira::cli {

struct IntegerRange {
  std::int64_t min = 0;
  std::int64_t max = 0;
};

// One option or positional argument: "--limit", "N", "how many to show".
struct Name {
  std::string_view name;
  std::string_view value;
  std::string_view help;
};

// Declares arguments; each writes to its target while the command line is read. The targets outlive
// the reading. A wrong value is refused with what was expected.
class Arguments {
 public:
  explicit Arguments(CLI::App& app) : app_(app) {}

  void flag(std::string_view name, std::string_view help, bool& target);
  void text(const Name& name, std::optional<std::string>& target);
  void texts(const Name& name, std::vector<std::string>& target);  // may stand several times
  void list(const Name& name, std::vector<std::string>& target);   // "A,B"
  void integer(const Name& name, IntegerRange range, std::optional<std::int64_t>& target);
  void number(const Name& name, std::optional<double>& target);
  void duration(const Name& name, std::optional<Duration>& target);
  void choice(const Name& name, const std::vector<std::string>& choices,
              std::optional<std::string>& target);
  void task_id(std::string_view help, TaskId& target);
  void task_ids(std::string_view help, std::vector<TaskId>& target);
  void positional(const Name& name, std::string& target);

 private:
  CLI::App& app_;
};

}  // namespace esteira::cli
