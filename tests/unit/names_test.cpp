// Names and ids as text: lease ids, statuses, task types, log levels.
#include <set>

#include <gtest/gtest.h>

#include "domain/claim.hpp"
#include "domain/limits.hpp"
#include "domain/policy.hpp"
#include "esteira/processor.hpp"
#include "esteira/task.hpp"
#include "support/expectations.hpp"
#include "support/seeded_random.hpp"

namespace esteira::test {
namespace {

TEST(LeaseIdText, is_a_uuid) {
  LeaseId lease_id;
  for (std::size_t at = 0; at < lease_id.bytes.size(); ++at) {
    lease_id.bytes[at] = static_cast<std::uint8_t>(at * 17);
  }
  EXPECT_EQ(to_text(lease_id), "00112233-4455-6677-8899-aabbccddeeff");
  EXPECT_EQ(must(parse_lease_id("00112233-4455-6677-8899-aabbccddeeff")), lease_id);
  EXPECT_EQ(must(parse_lease_id("00112233-4455-6677-8899-AABBCCDDEEFF")), lease_id);
}

TEST(LeaseIdText, what_is_written_is_read_again) {
  SeededRandom random{3};
  for (int draw = 0; draw < 100; ++draw) {
    const LeaseId lease_id = random.lease_id();
    EXPECT_EQ(must(parse_lease_id(to_text(lease_id))), lease_id);
  }
}

TEST(LeaseIdText, anything_else_is_refused) {
  for (const std::string text :
       {"", "0", "00112233-4455-6677-8899-aabbccddeef", "00112233-4455-6677-8899-aabbccddeeff0",
        "00112233445566778899aabbccddeeff", "g0112233-4455-6677-8899-aabbccddeeff",
        "0011223-34455-6677-8899-aabbccddeeff", "{00112233-4455-6677-8899-aabbccddee}",
        "00112233-4455-6677-8899-aabbccddee f", "00112233_4455_6677_8899_aabbccddeeff"}) {
    EXPECT_EQ(error_of(parse_lease_id(text)).code, ErrorCode::invalid_argument) << text;
  }
}

TEST(StatusText, every_task_status_has_its_own_name) {
  std::set<std::string_view> names;
  for (int status = 0; status < task_statuses; ++status) {
    const std::string_view name = to_text(static_cast<TaskStatus>(status));
    names.insert(name);
    EXPECT_EQ(static_cast<int>(must(parse_task_status(name))), status);
  }
  EXPECT_EQ(names, (std::set<std::string_view>{"PENDING", "PROCESSING", "COMPLETED", "FAILED",
                                               "CANCELLED"}));
}

TEST(StatusText, every_execution_status_has_its_own_name) {
  std::set<std::string_view> names;
  for (int status = 0; status < execution_statuses; ++status) {
    const std::string_view name = to_text(static_cast<ExecutionStatus>(status));
    names.insert(name);
    EXPECT_EQ(static_cast<int>(must(parse_execution_status(name))), status);
  }
  EXPECT_EQ(names,
            (std::set<std::string_view>{"COMPLETED", "FAILED", "TIMED_OUT", "SNOOZED",
                                        "INTERRUPTED", "EXPIRED", "CANCELLED", "PROCESSING"}));
}

TEST(StatusText, other_words_are_refused) {
  for (const std::string_view text : {"", "pending", "DONE", "PENDING ", "TIMED OUT"}) {
    EXPECT_FALSE(parse_task_status(text)) << text;
    EXPECT_FALSE(parse_execution_status(text)) << text;
  }
  EXPECT_FALSE(parse_task_status("SNOOZED"));
  EXPECT_FALSE(parse_execution_status("PENDING"));
}

TEST(TypeName, good_names_pass) {
  for (const std::string& name :
       {std::string{"NOOP"}, std::string{"MESSAGE_SEND"}, std::string{"A"}, std::string{"9"},
        std::string{"A.B-C_D"}, std::string(limits::type_name_bytes_max, 'X')}) {
    EXPECT_TRUE(check_type_name(name)) << name;
  }
}

TEST(TypeName, bad_names_are_refused) {
  for (const std::string& name :
       {std::string{}, std::string{"noop"}, std::string{"A B"}, std::string{"A/B"},
        std::string{"Ação"}, std::string{"A\n"}, std::string{"A\0B", 3}, std::string{"A;"},
        std::string(limits::type_name_bytes_max + 1, 'X')}) {
    EXPECT_EQ(error_of(check_type_name(name)).code, ErrorCode::invalid_argument) << name;
  }
}

TEST(TypeName, the_seeds_other_spelling_is_an_alias) {
  EXPECT_EQ(canonical_type_name("SEND_MESSAGE"), "MESSAGE_SEND");
  EXPECT_EQ(canonical_type_name("MESSAGE_SEND"), "MESSAGE_SEND");
  EXPECT_EQ(canonical_type_name("OTHER"), "OTHER");
}

TEST(LogLevelText, every_level_has_its_own_name) {
  std::set<std::string_view> names;
  for (const LogLevel level :
       {LogLevel::debug, LogLevel::info, LogLevel::warning, LogLevel::error}) {
    names.insert(to_text(level));
  }
  EXPECT_EQ(names.size(), 4U);
}

}  // namespace
}  // namespace esteira::test
