// The parser's side of the command line: a tree of verbs.
#pragma once

#include <string>
#include <vector>

#include "cli/verb.hpp"

namespace esteira::cli {

struct CommandLine {
  GlobalOptions globals;
  // Null: nothing is to be run, `status` says how to exit (after --help, or a usage error that has
  // been printed).
  const Verb* verb = nullptr;
  int status = 0;
};
[[nodiscard]] CommandLine read_command_line(const std::vector<Verb>& verbs, int argc,
                                            const char* const* argv);

// Every verb with the options it takes, for the shell's completion.
struct VerbOptions {
  std::string verb;
  std::vector<std::string> options;
};
[[nodiscard]] std::vector<VerbOptions> list_options(const std::vector<Verb>& verbs);

}  // namespace esteira::cli
