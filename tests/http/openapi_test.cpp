// The description of the routes against the table of routes, and what is made of it.
#include "http/openapi.hpp"

#include <cctype>
#include <set>

#include <fmt/ranges.h>
#include <gtest/gtest.h>

#include "esteira/repository.hpp"
#include "http/docs_page.hpp"
#include "http/event_feed.hpp"
#include "http/html.hpp"
#include "http/json_view.hpp"
#include "http/routes.hpp"
#include "support/expectations.hpp"
#include "support/manual_clock.hpp"
#include "support/seeded_random.hpp"

namespace esteira::http {
namespace {

using esteira::test::must;

// Everything that the server answers, over a store in memory.
class WholeTable : public testing::Test {
 protected:
  [[nodiscard]] const std::vector<Route>& routes() const { return routes_; }

 private:
  std::shared_ptr<TaskRepository> repository_ =
      must(open_repository("sqlite::memory:", Migrate::always));
  std::shared_ptr<test::ManualClock> clock_ =
      std::make_shared<test::ManualClock>(parse_time("2026-03-01T12:00:00Z"));
  EnqueueService enqueue_{repository_, nullptr, clock_};
  WorkService work_{repository_, clock_, std::make_shared<test::SeededRandom>(1)};
  KeyService keys_{repository_, clock_};
  std::shared_ptr<KeyService> shared_keys_ = std::make_shared<KeyService>(repository_, clock_);
  SessionService sessions_{repository_, shared_keys_, clock_};
  RateBook rates_{clock_};
  ServicePool pool_{0, 0, {}};  // nothing is asked here
  EventFeed feed_{pool_, {}};
  std::vector<Route> routes_ = all_routes({.enqueue = enqueue_,
                                           .work = work_,
                                           .keys = keys_,
                                           .sessions = sessions_,
                                           .rates = rates_,
                                           .feed = feed_,
                                           .pool = pool_,
                                           .ready = [] { return Expected<void>{}; }});
};

void find_references(const Json& value, std::set<std::string>& found) {
  if (const auto* list = value.if_array()) {
    for (const auto& item : *list) find_references(item, found);
  }
  const auto* object = value.if_object();
  if (object == nullptr) return;
  if (const auto target = text_of(*object, "$ref"); !target.empty()) found.emplace(target);
  for (const auto& member : *object) find_references(member.value(), found);
}

TEST_F(WholeTable, each_route_is_described_and_nothing_else_is) {
  const auto faults = description_faults(routes(), route_descriptions());
  EXPECT_EQ(faults, std::vector<std::string>{}) << fmt::format("{}", fmt::join(faults, "\n"));
}

TEST_F(WholeTable, the_document_has_each_route_with_its_scope_and_its_parameters) {
  const auto document = openapi_document(routes(), route_descriptions());
  std::set<std::string> ids;
  for (const auto& route : routes()) {
    std::string method(route.method);
    for (char& c : method) c = static_cast<char>(std::tolower(c));
    const auto& operation =
        object_of(object_of(object_of(document, "paths"), route.pattern), method);
    const auto scope = route.need ? to_text(*route.need) : "";
    EXPECT_EQ(text_of(operation, "x-scope"), scope) << route.method << " " << route.pattern;
    EXPECT_TRUE(ids.emplace(text_of(operation, "operationId")).second);
    std::vector<std::string_view> query;
    for (const auto& one : list_of(operation, "parameters")) {
      const auto& parameter = one.as_object();
      if (text_of(parameter, "in") == "query") query.push_back(text_of(parameter, "name"));
    }
    EXPECT_EQ(query, route.parameters) << route.method << " " << route.pattern;
  }
}

TEST_F(WholeTable, what_the_document_refers_to_is_in_it) {
  const Json document = openapi_document(routes(), route_descriptions());
  std::set<std::string> found;
  find_references(document, found);
  EXPECT_FALSE(found.empty());
  for (const auto& target : found) {
    boost::system::error_code error;
    EXPECT_NE(document.find_pointer(target.substr(1), error), nullptr) << target;
  }
}

TEST_F(WholeTable, the_page_has_each_route_and_leads_nowhere_else) {
  const auto document = openapi_document(routes(), route_descriptions());
  const auto page = documentation_page(document);
  for (const auto& route : routes()) {
    EXPECT_NE(page.find(escape_html(route.pattern)), std::string::npos) << route.pattern;
  }
  EXPECT_EQ(page.find("<script"), std::string::npos);
  for (auto place = page.find("href=\"#"); place != std::string::npos;
       place = page.find("href=\"#", place + 1)) {
    const auto begin = place + 7;
    const auto anchor = page.substr(begin, page.find('"', begin) - begin);
    EXPECT_NE(page.find("id=\"" + anchor + "\""), std::string::npos) << anchor;
  }
}

// --- each fault is found -------------------------------------------------------------------------

JsonObject described(std::string_view key, std::string_view operation) {
  auto parsed = must(parse_json(operation));
  JsonObject operations{{key, std::move(parsed)}};
  return {{"common", JsonObject{}},
          {"things", JsonObject{{"path", JsonObject{{"id", JsonObject{{"example", 1}}}}},
                                {"operations", std::move(operations)}}}};
}

std::vector<std::string> faults_of(std::string_view key, std::string_view operation) {
  const Handler nothing = [](const Call&, Services&) { return Response{}; };
  return description_faults({{"GET", "/things/{id}", Scope::work, nothing, {"limit"}}},
                            described(key, operation));
}

TEST(Descriptions, one_that_fits_has_no_fault) {
  EXPECT_EQ(faults_of("GET /things/{id}", R"({"operationId": "a", "summary": "b",
                      "query": {"limit": {}}, "answers": {"200": {}}})"),
            std::vector<std::string>{});
}

TEST(Descriptions, a_route_without_one_and_one_without_a_route_are_faults) {
  const auto faults = faults_of("GET /other", R"({"operationId": "a", "summary": "b"})");
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_TRUE(faults[0].starts_with("GET /things/{id}: no file"));
  EXPECT_TRUE(faults[1].starts_with("GET /other: is described"));
}

TEST(Descriptions, query_parameters_that_differ_are_faults) {
  const auto faults = faults_of("GET /things/{id}", R"({"operationId": "a", "summary": "b",
                                "query": {"count": {}}, "answers": {"200": {}}})");
  ASSERT_EQ(faults.size(), 2U);
  EXPECT_NE(faults[0].find("'limit' is not described"), std::string::npos);
  EXPECT_NE(faults[1].find("takes no query parameter 'count'"), std::string::npos);
}

TEST(Descriptions, one_that_says_too_little_is_at_fault) {
  EXPECT_EQ(faults_of("GET /things/{id}", R"({"query": {"limit": {}}})").size(), 3U);
}

TEST(Html, text_is_never_markup) {
  EXPECT_EQ(escape_html(R"(<a b="c">&'</a>)"), "&lt;a b=&quot;c&quot;&gt;&amp;&#39;&lt;/a&gt;");
  EXPECT_EQ(inline_html("a `<b>` c ` d"), "a <code>&lt;b&gt;</code> c ` d");
  EXPECT_EQ(paragraphs_html("a\n\nb"), "<p>a</p>\n<p>b</p>\n");
}

}  // namespace
}  // namespace esteira::http
