#include "cli/command_line.hpp"

#include <algorithm>
#include <set>

#include <gtest/gtest.h>

#include "cli/input.hpp"
#include "support/expectations.hpp"

namespace esteira::cli {
namespace {

using esteira::test::error_of;
using esteira::test::must;

// What a verb of the tests was given.
struct Given {
  bool flag = false;
  std::optional<std::string> text;
  std::vector<std::string> texts;
  std::vector<std::string> list;
  std::optional<std::int64_t> integer;
  std::optional<double> number;
  std::optional<Duration> duration;
  std::vector<TaskId> ids;
};

class CommandLineTest : public testing::Test {
 protected:
  CommandLine read(std::vector<const char*> words) {
    words.insert(words.begin(), "esteira");
    return read_command_line(verbs, static_cast<int>(words.size()), words.data());
  }
  int refused(std::vector<const char*> words) {
    const auto line = read(std::move(words));
    EXPECT_EQ(line.verb, nullptr);
    return line.status;
  }

  Given given;
  std::vector<Verb> verbs{
      {.name = "stats", .summary = "s", .example = "e", .declare = {}, .run = {}},
      {.name = "task cancel",
       .summary = "s",
       .example = "e",
       .declare =
           [this](Arguments& a) {
             a.flag("--flag", "", given.flag);
             a.text({"--text", "T", ""}, given.text);
             a.texts({"--tag", "T", ""}, given.texts);
             a.list({"--list", "A,B", ""}, given.list);
             a.integer({"--integer", "N", ""}, {-5, 5}, given.integer);
             a.number({"--number", "X", ""}, given.number);
             a.duration({"--duration", "D", ""}, given.duration);
             a.task_ids("", given.ids);
           },
       .run = {}}};
};

TEST_F(CommandLineTest, a_verb_is_found_in_its_group) {
  EXPECT_EQ(read({"stats"}).verb, &verbs[0]);
  EXPECT_EQ(read({"task", "cancel", "1"}).verb, &verbs[1]);
}

TEST_F(CommandLineTest, global_options_stand_before_or_behind_the_verb) {
  const auto before = read({"--json", "--database", "sqlite:a", "stats"});
  EXPECT_TRUE(before.globals.json);
  EXPECT_EQ(before.globals.database, "sqlite:a");
  const auto behind = read({"task", "cancel", "1", "--json", "--config=c.toml"});
  EXPECT_TRUE(behind.globals.json);
  EXPECT_EQ(behind.globals.config, "c.toml");
}

TEST_F(CommandLineTest, every_kind_of_argument_is_read) {
  const auto line = read({"task", "cancel",   "7",     "--flag",     "--text", "[a,b]", "--tag",
                          "x",    "8",        "--tag", "y",          "--list", "A,,B",  "--integer",
                          "-5",   "--number", "1.5",   "--duration", "2m",     "9"});
  ASSERT_EQ(line.verb, &verbs[1]);
  EXPECT_TRUE(given.flag);
  EXPECT_EQ(given.text, "[a,b]");
  EXPECT_EQ(given.texts, (std::vector<std::string>{"x", "y"}));
  EXPECT_EQ(given.list, (std::vector<std::string>{"A", "B"}));
  EXPECT_EQ(given.integer, -5);
  EXPECT_EQ(given.number, 1.5);
  EXPECT_EQ(given.duration, std::chrono::minutes{2});
  EXPECT_EQ(given.ids, (std::vector<TaskId>{7, 8, 9}));
}

TEST_F(CommandLineTest, bad_usage_is_two) {
  EXPECT_EQ(refused({}), status::bad_input);
  EXPECT_EQ(refused({"nonsense"}), status::bad_input);
  EXPECT_EQ(refused({"task"}), status::bad_input);
  EXPECT_EQ(refused({"task", "nonsense"}), status::bad_input);
  EXPECT_EQ(refused({"task", "cancel"}), status::bad_input);
  EXPECT_EQ(refused({"task", "cancel", "x"}), status::bad_input);
  EXPECT_EQ(refused({"task", "cancel", "0"}), status::bad_input);
  EXPECT_EQ(refused({"task", "cancel", "99999999999999999999"}), status::bad_input);
  EXPECT_EQ(refused({"task", "cancel", "1", "--integer", "6"}), status::bad_input);
  EXPECT_EQ(refused({"task", "cancel", "1", "--integer", "1x"}), status::bad_input);
  EXPECT_EQ(refused({"task", "cancel", "1", "--duration", "soon"}), status::bad_input);
  EXPECT_EQ(refused({"task", "cancel", "1", "--text"}), status::bad_input);
  EXPECT_EQ(refused({"task", "cancel", "1", "--text", "a", "--text", "b"}), status::bad_input);
  EXPECT_EQ(refused({"stats", "more"}), status::bad_input);
  EXPECT_EQ(refused({"stats", "--nonsense"}), status::bad_input);
}

TEST_F(CommandLineTest, a_server_stands_in_for_a_database_where_the_verb_speaks_to_one) {
  EXPECT_EQ(refused({"stats", "--server", "http://127.0.0.1:1"}), status::bad_input);
  EXPECT_EQ(refused({"stats", "--key", "k"}), status::bad_input);
  EXPECT_EQ(refused({"stats", "--ca", "f"}), status::bad_input);
  verbs[0].speaks_to_server = true;
  const auto line = read({"stats", "--server", "http://127.0.0.1:1", "--key", "k", "--ca", "f"});
  ASSERT_EQ(line.verb, &verbs[0]);
  EXPECT_EQ(line.globals.server, "http://127.0.0.1:1");
  EXPECT_EQ(line.globals.key, "k");
  EXPECT_EQ(line.globals.ca_file, "f");
  EXPECT_EQ(refused({"stats", "--server", "http://127.0.0.1:1", "--database", "sqlite:x"}),
            status::bad_input);
}

TEST_F(CommandLineTest, help_is_no_error) {
  EXPECT_EQ(refused({"--help"}), status::done);
  EXPECT_EQ(refused({"task", "--help"}), status::done);
  EXPECT_EQ(refused({"task", "cancel", "--help"}), status::done);
  EXPECT_EQ(refused({"--version"}), status::done);
}

TEST(Verbs, each_has_a_summary_an_example_of_itself_and_something_to_run) {
  std::set<std::string_view> names;
  for (const auto& verb : all_verbs()) {
    EXPECT_TRUE(names.insert(verb.name).second) << verb.name;
    EXPECT_FALSE(verb.summary.empty()) << verb.name;
    EXPECT_NE(verb.example.find("esteira " + std::string(verb.name)), std::string_view::npos)
        << verb.name;
    EXPECT_TRUE(verb.run) << verb.name;
  }
}

TEST(Verbs, the_options_of_each_are_known_to_the_completion) {
  const auto all = list_options(all_verbs());
  const auto create = std::ranges::find(all, "task create", &VerbOptions::verb);
  ASSERT_NE(create, all.end());
  for (const auto* option : {"--payload", "--priority", "--scheduled-for", "--max-retries",
                             "--unique-key", "--idempotency-key", "--tag"}) {
    EXPECT_NE(std::ranges::find(create->options, option), create->options.end()) << option;
  }
}

TEST(ExitStatus, each_error_has_the_status_of_the_interface) {
  EXPECT_EQ(exit_status(ErrorCode::conflict), 1);
  EXPECT_EQ(exit_status(ErrorCode::internal), 1);
  EXPECT_EQ(exit_status(ErrorCode::invalid_argument), 2);
  EXPECT_EQ(exit_status(ErrorCode::not_found), 3);
  EXPECT_EQ(exit_status(ErrorCode::unavailable), 4);
  EXPECT_EQ(exit_status(ErrorCode::in_doubt), 4);
}

TEST(Schedule, a_time_or_a_delay) {
  using Schedule = std::variant<Time, Duration>;
  const auto at = [](std::string_view text) { return must(parse_schedule(text)); };
  EXPECT_EQ(at("2030-01-01T00:00:00-03:00"), Schedule(parse_time("2030-01-01T03:00:00Z")));
  EXPECT_EQ(at("+30s"), Schedule(Duration{std::chrono::seconds{30}}));
  EXPECT_EQ(at("+5m"), Schedule(Duration{std::chrono::minutes{5}}));
  EXPECT_EQ(at("+2h"), Schedule(Duration{std::chrono::hours{2}}));
  EXPECT_EQ(at("+1d"), Schedule(Duration{std::chrono::hours{24}}));
  for (const auto* wrong : {"", "+", "5m", "+5x", "+-5m", "tomorrow", "2024-12-25"}) {
    EXPECT_EQ(error_of(parse_schedule(wrong)).code, ErrorCode::invalid_argument) << wrong;
  }
}

}  // namespace
}  // namespace esteira::cli
