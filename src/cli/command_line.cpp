#include "cli/command_line.hpp"

#include <iostream>
#include <map>

#include <CLI/App.hpp>
#include <CLI/Config.hpp>  // IWYU pragma: keep
#include <CLI/Formatter.hpp>
#include <fmt/format.h>

#include "cli/output.hpp"

namespace esteira::cli {
namespace {

constexpr std::string_view database_help =
    "Every verb also takes --database URL, --config FILE and --json.";
constexpr std::string_view server_help =
    "This one also takes --server URL, --key KEY|@FILE and --ca FILE, or ESTEIRA_SERVER_URL,\n"
    "ESTEIRA_KEY and ESTEIRA_CA_FILE. A key on the command line is for everybody on this machine\n"
    "to see: the variable, or @FILE, is not.";

std::string global_help(const Verb& verb) {
  if (!verb.reads_database) return "";
  return fmt::format("\n\n{}{}{}", database_help, verb.speaks_to_server ? "\n" : "",
                     verb.speaks_to_server ? server_help : "");
}

std::string group_summary(std::string_view group) {
  static const std::map<std::string_view, std::string> summaries{
      {"migrate", "Create or update the database's schema"},
      {"task", "Create, look at and change tasks"},
      {"type", "Look at and change the types of tasks"},
      {"batch", "Tasks that belong together"},
      {"schedule", "Make tasks at certain times"},
      {"key", "Make, list and revoke the keys of the API"},
      {"audit", "Read and check the trail of who changed what"},
      {"encryption", "Show under which keys tasks are enciphered, and change them"},
      {"completion", "Print a shell's completion script"},
  };
  return summaries.at(group);
}

// One App for each verb, under the App of its group.
class Tree {
 public:
  Tree(const std::vector<Verb>& verbs, GlobalOptions& globals)
      : app_("Esteira: durable background tasks on SQLite and PostgreSQL", "esteira") {
    app_.set_help_flag("-h,--help", "Show this help");
    app_.set_version_flag("--version", "esteira " ESTEIRA_VERSION);
    app_.require_subcommand(1);
    app_.get_formatter()->label("SUBCOMMAND", "VERB");
    app_.get_formatter()->label("TEXT", "");
    app_.get_formatter()->label("REQUIRED", "");
    app_.footer("Example:\n  esteira serve\n\n`esteira VERB --help` says more about each.");
    Arguments root(app_);
    root.text({"--database", "URL", "sqlite:PATH or postgresql://… (default sqlite:esteira.db)"},
              globals.database);
    root.text({"--config", "FILE", "configuration file (default esteira.toml)"}, globals.config);
    root.flag("--json", "print one JSON document", globals.json);
    root.text({"--server", "URL", "speak to `esteira serve` there instead of to a database"},
              globals.server);
    root.text({"--key", "KEY|@FILE", "who asks the server; better ESTEIRA_KEY, or a file"},
              globals.key);
    root.text({"--ca", "FILE", "the server's certificate authority (default the system's)"},
              globals.ca_file);
    for (const auto& verb : verbs) add(verb);
  }

  CLI::App& app() { return app_; }
  [[nodiscard]] const Verb* chosen() const {
    for (const auto& [leaf, verb] : leaves_) {
      if (leaf->parsed()) return verb;
    }
    return nullptr;
  }
  [[nodiscard]] const std::vector<std::pair<CLI::App*, const Verb*>>& leaves() const {
    return leaves_;
  }

 private:
  void add(const Verb& verb) {
    const auto space = verb.name.find(' ');
    auto* parent = &app_;
    if (space != std::string_view::npos) parent = &group(verb.name.substr(0, space), verb.example);
    const auto own = space == std::string_view::npos ? verb.name : verb.name.substr(space + 1);
    auto* leaf = parent->add_subcommand(std::string(own), std::string(verb.summary));
    leaf->fallthrough();
    leaf->group("Verbs");
    leaf->footer(fmt::format("Example:\n  {}{}", verb.example, global_help(verb)));
    Arguments arguments(*leaf);
    if (verb.declare) verb.declare(arguments);
    leaves_.emplace_back(leaf, &verb);
  }

  // Made by its first verb, whose example it shows.
  CLI::App& group(std::string_view name, std::string_view example) {
    if (const auto found = groups_.find(name); found != groups_.end()) return *found->second;
    auto* made = app_.add_subcommand(std::string(name), group_summary(name));
    made->require_subcommand(1);
    made->fallthrough();
    made->group("Verbs");
    made->footer(fmt::format("Example:\n  {}\n\n`esteira {} VERB --help` says more about each.",
                             example, name));
    groups_.emplace(name, made);
    return *made;
  }

  CLI::App app_;
  std::map<std::string_view, CLI::App*> groups_;
  std::vector<std::pair<CLI::App*, const Verb*>> leaves_;
};

// "esteira task create", as far as the command line names a verb.
std::string named_verb(const CLI::App& app) {
  const std::string& path = app.get_name();
  const auto parsed = app.get_subcommands();
  return parsed.empty() ? path : path + ' ' + named_verb(*parsed.front());
}

std::string usage_message(const CLI::ParseError& error, const CLI::App& app) {
  if (dynamic_cast<const CLI::RequiredError*>(&error) == nullptr) return error.what();
  const auto* deepest = &app;
  while (!deepest->get_subcommands().empty()) deepest = deepest->get_subcommands().front();
  if (deepest->get_subcommands({}).empty()) return error.what();
  const auto rest = app.remaining(/*recurse=*/true);
  if (rest.empty()) return "a verb is missing";
  if (rest.front().starts_with('-')) return fmt::format("unknown option '{}'", rest.front());
  return fmt::format("'{}' is no verb of '{}'", rest.front(), named_verb(app));
}

// What is wrong with options that are right each by itself; empty: nothing.
std::string misuse(const GlobalOptions& globals, const Verb& verb) {
  const bool remote = globals.server || globals.key || globals.ca_file;
  if (remote && !verb.speaks_to_server) {
    return fmt::format("--server, --key and --ca: '{}' works {}, and not through a server",
                       verb.name, verb.reads_database ? "on a database" : "by itself");
  }
  if (globals.server && globals.database) {
    return "--server and --database name two places: give one of them";
  }
  return "";
}

void print_usage_error(std::string_view message, const CLI::App& app) {
  fmt::print(stderr, "esteira: {}\nesteira: see '{} --help'\n", printable(message),
             named_verb(app));
}

}  // namespace

CommandLine read_command_line(const std::vector<Verb>& verbs, int argc, const char* const* argv) {
  CommandLine line;
  Tree tree(verbs, line.globals);
  try {
    tree.app().parse(argc, argv);
    line.verb = tree.chosen();
    const auto wrong = line.verb == nullptr ? "" : misuse(line.globals, *line.verb);
    if (!wrong.empty()) {
      print_usage_error(wrong, tree.app());
      line = {.globals = {}, .status = status::bad_input};
    }
  } catch (const CLI::Success& help) {
    line.status = tree.app().exit(help);
  } catch (const CLI::ParseError& error) {
    print_usage_error(usage_message(error, tree.app()), tree.app());
    line.status = status::bad_input;
  }
  return line;
}

std::vector<VerbOptions> list_options(const std::vector<Verb>& verbs) {
  GlobalOptions globals;
  Tree tree(verbs, globals);
  std::vector<VerbOptions> all;
  for (const auto& [leaf, verb] : tree.leaves()) {
    VerbOptions one{.verb = std::string(verb->name), .options = {}};
    for (const auto* option : leaf->get_options()) {
      for (const auto& name : option->get_lnames()) one.options.push_back("--" + name);
    }
    if (verb->speaks_to_server) {
      for (const auto* name : {"--server", "--key", "--ca"}) one.options.emplace_back(name);
    }
    all.push_back(std::move(one));
  }
  return all;
}

}  // namespace esteira::cli
