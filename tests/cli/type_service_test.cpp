#include "service/type_service.hpp"

#include <algorithm>

#include <gtest/gtest.h>

#include "esteira/repository.hpp"
#include "support/expectations.hpp"
#include "support/manual_clock.hpp"

namespace esteira {
namespace {

using esteira::test::error_of;
using esteira::test::must;
using namespace std::chrono_literals;

class TypeServiceTest : public testing::Test {
 protected:
  std::vector<std::string> wrong_places(const TypeChange& change) {
    std::vector<std::string> pointers;
    for (const auto& field : error_of(types.set("REPORT", change)).fields) {
      pointers.push_back(field.pointer);
    }
    return pointers;
  }

  std::shared_ptr<TaskRepository> repository = must(open_repository("sqlite::memory:"));
  std::shared_ptr<test::ManualClock> clock =
      std::make_shared<test::ManualClock>(parse_time("2024-12-01T12:00:00Z"));
  TypeService types{repository, clock};
};

using Places = std::vector<std::string>;

TEST_F(TypeServiceTest, setting_an_unknown_type_creates_it) {
  const auto made = must(types.set("REPORT", {.description = "Builds a report"}));
  EXPECT_TRUE(made.created);
  EXPECT_EQ(must(types.find("REPORT")).description, "Builds a report");
}

TEST_F(TypeServiceTest, only_what_is_given_changes) {
  must(types.set("REPORT", {.description = "a", .max_retries = 9, .timeout = 10s}));
  const auto changed = must(types.set("REPORT", {.timeout = 20s}));
  EXPECT_FALSE(changed.created);
  EXPECT_EQ(changed.type.description, "a");
  EXPECT_EQ(changed.type.max_retries, 9);
  EXPECT_EQ(changed.type.timeout, 20s);
}

TEST_F(TypeServiceTest, limits_are_set_and_taken_away) {
  must(types.set("REPORT", {.concurrency = 5, .rate = "100/s", .max_waiting = 7}));
  auto type = must(types.find("REPORT"));
  EXPECT_EQ(type.concurrency, 5);
  EXPECT_EQ(type.rate, "100/s");
  EXPECT_EQ(type.flow.max_waiting, 7);
  must(types.set("REPORT", {.concurrency = 0, .rate = "none", .max_waiting = 0}));
  type = must(types.find("REPORT"));
  EXPECT_FALSE(type.concurrency);
  EXPECT_FALSE(type.rate);
  EXPECT_FALSE(type.flow.max_waiting);
}

TEST_F(TypeServiceTest, a_wrong_change_names_every_place_and_changes_nothing) {
  must(types.set("REPORT", {.description = "a"}));
  EXPECT_EQ(wrong_places({.description = "b",
                          .max_retries = -1,
                          .timeout = 0s,
                          .back_off_factor = 0.5,
                          .payload_schema = "{\"type\": \"no such\"}",
                          .concurrency = -1,
                          .rate = "fast"}),
            (Places{"/max_retries", "/timeout", "/back_off_factor", "/concurrency", "/rate",
                    "/payload_schema"}));
  EXPECT_EQ(must(types.find("REPORT")).description, "a");
}

TEST_F(TypeServiceTest, a_back_off_s_cap_is_not_below_its_base) {
  EXPECT_EQ(wrong_places({.back_off_base = 10s, .back_off_cap = 5s}), Places{"/back_off_cap"});
}

TEST_F(TypeServiceTest, encryption_is_switched_and_stands_beside_no_weights) {
  EXPECT_FALSE(must(types.set("REPORT", {})).type.flow.encrypted);
  EXPECT_TRUE(
      must(types.set("REPORT", {.flow_key = "/id", .encrypted = true})).type.flow.encrypted);
  EXPECT_TRUE(must(types.set("REPORT", {.description = "a"})).type.flow.encrypted);
  EXPECT_EQ(wrong_places({.flow_weights = std::map<std::string, int>{{"42", 2}}}),
            Places{"/flow/weights"})
      << "they are parts of payloads";
  EXPECT_FALSE(must(types.set("REPORT", {.flow_weights = std::map<std::string, int>{{"42", 2}},
                                         .encrypted = false}))
                   .type.flow.encrypted);
}

TEST_F(TypeServiceTest, pausing_and_resuming_need_a_type) {
  EXPECT_EQ(error_of(types.pause("REPORT")).code, ErrorCode::not_found);
  EXPECT_EQ(error_of(types.resume("REPORT")).code, ErrorCode::not_found);
  EXPECT_EQ(error_of(types.pause("report")).code, ErrorCode::invalid_argument);
  must(types.set("REPORT", {}));
  EXPECT_TRUE(must(types.pause("REPORT")).paused);
  EXPECT_TRUE(must(types.pause("REPORT")).paused);
  EXPECT_FALSE(must(types.resume("REPORT")).paused);
}

TEST_F(TypeServiceTest, the_seed_s_other_spelling_names_the_same_type) {
  must(types.set("SEND_MESSAGE", {.max_retries = 8}));
  EXPECT_EQ(must(types.find("MESSAGE_SEND")).max_retries, 8);
  EXPECT_EQ(must(types.find("SEND_MESSAGE")).name, "MESSAGE_SEND");
}

TEST_F(TypeServiceTest, ensuring_types_leaves_those_that_exist_as_they_are) {
  must(types.set("REPORT", {.description = "mine", .retention_completed = 1h}));
  const std::vector<TypeSeed> seeds{{"REPORT", "theirs", ""}, {"OTHER", "another", "{}"}};
  must(types.ensure(seeds, {.completed = 2h, .failed = 3h, .cancelled = 4h}));
  EXPECT_EQ(must(types.find("REPORT")).description, "mine");
  EXPECT_EQ(must(types.find("REPORT")).retention.completed, 1h);
  const auto other = must(types.find("OTHER"));
  EXPECT_EQ(other.description, "another");
  EXPECT_EQ(other.payload_schema, "{}");
  EXPECT_EQ(other.retention.cancelled, 4h);
}

TEST_F(TypeServiceTest, types_are_listed_by_name) {
  for (const auto* name : {"B", "C", "A"}) must(types.set(name, {}));
  const auto all = must(types.list());
  ASSERT_EQ(all.size(), 3U);
  EXPECT_TRUE(std::ranges::is_sorted(all, {}, &TaskType::name));
}

TEST(Rate, a_number_and_a_unit) {
  for (const auto* good : {"1/s", "100/s", "600/m", "1000000/h"}) EXPECT_TRUE(check_rate(good));
  for (const auto* bad :
       {"", "0/s", "-1/s", "1", "1/", "1/d", "1.5/s", "1000001/s", "/s", "1/s "}) {
    EXPECT_FALSE(check_rate(bad)) << bad;
  }
}

}  // namespace
}  // namespace esteira
