// esteira completion bash
#include <map>
#include <set>

#include <fmt/format.h>

#include "cli/command_line.hpp"
#include "cli/completion_script.hpp"
#include "cli/output.hpp"
#include "cli/verb.hpp"

namespace esteira::cli {
namespace {

std::string joined(const std::vector<std::string>& words) {
  std::string text;
  for (const auto& word : words) text += (text.empty() ? "" : " ") + word;
  return text;
}

// "task) words='create show …';;" for each group, "'task create') words='--payload …';;" for each
// verb.
std::string cases(const std::vector<VerbOptions>& all) {
  std::map<std::string, std::vector<std::string>> groups;
  std::string text;
  for (const auto& [verb, options] : all) {
    const auto space = verb.find(' ');
    if (space != std::string::npos) {
      groups[verb.substr(0, space)].push_back(verb.substr(space + 1));
    }
    text += fmt::format("    '{}') words='{}' ;;\n", verb, joined(options));
  }
  for (const auto& [group, verbs] : groups) {
    text += fmt::format("    '{}') words='{}' ;;\n", group, joined(verbs));
  }
  return text;
}

std::string first_words(const std::vector<VerbOptions>& all) {
  std::set<std::string> words;
  for (const auto& one : all) words.insert(one.verb.substr(0, one.verb.find(' ')));
  return joined({words.begin(), words.end()});
}

void replace(std::string& text, std::string_view mark, std::string_view value) {
  text.replace(text.find(mark), mark.size(), value);
}

Expected<int> run(const GlobalOptions& /*globals*/) {
  const auto all = list_options(all_verbs());
  std::string script(bash_completion);
  replace(script, "@FIRST_WORDS@", first_words(all));
  replace(script, "@CASES@", cases(all));
  print(script);
  return status::done;
}

}  // namespace

Verb completion_bash_verb() {
  return {.name = "completion bash",
          .summary = "Print the completion script for bash",
          .example = "source <(esteira completion bash)",
          .declare = {},
          .run = run,
          .reads_database = false};
}

}  // namespace esteira::cli
