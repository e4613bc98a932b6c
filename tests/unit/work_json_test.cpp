// The calls of workers in other languages, as JSON: strict, and all at once.
#include "api/work_json.hpp"

#include <gtest/gtest.h>

#include "domain/limits.hpp"
#include "support/expectations.hpp"

namespace esteira::api {
namespace {

using esteira::test::error_of;
using esteira::test::must;
using namespace std::chrono_literals;

using Places = std::vector<std::string>;

constexpr auto* lease = "0f8fad5b-d9cb-469f-a165-70867728950e";

Json json(std::string_view text) { return must(parse_json(text)); }

template <class Read>
Places wrong_places(Read read, std::string_view text) {
  const auto error = error_of(read(json(text)));
  EXPECT_EQ(error.code, ErrorCode::invalid_argument);
  Places pointers;
  for (const auto& field : error.fields) {
    EXPECT_FALSE(field.message.empty());
    pointers.push_back(field.pointer);
  }
  return pointers;
}

// With the three fields of a fence that fit.
std::string fenced(std::string_view rest) {
  return std::string(R"({"task_id":7,"attempt":2,"lease_id":")") + lease + '"' + std::string(rest) +
         '}';
}
std::string beat(std::string_view rest) {
  return R"({"worker_id":"w","tasks":[)" + fenced(rest) + "]}";
}
std::string report(std::string_view rest) {
  return R"({"worker_id":"w","reports":[)" + fenced(rest) + "]}";
}

TEST(RegistrationJson, every_field_is_read) {
  const auto worker = must(registration_from_json(json(
      R"({"name":"py-1","host":"h","pid":12,"version":"1.0","types":["SEND_MESSAGE","B"],
          "slots":4})")));
  EXPECT_EQ(worker.name, "py-1");
  EXPECT_EQ(worker.host, "h");
  EXPECT_EQ(worker.pid, 12);
  EXPECT_EQ(worker.version, "1.0");
  EXPECT_EQ(worker.types, (Places{"MESSAGE_SEND", "B"}));
  EXPECT_EQ(worker.slots, 4);
}

TEST(RegistrationJson, what_is_wrong_is_named_all_at_once) {
  EXPECT_EQ(wrong_places(registration_from_json, "[]"), Places{""});
  EXPECT_EQ(wrong_places(registration_from_json, "{}"),
            (Places{"/name", "/host", "/pid", "/version", "/types", "/slots"}));
  EXPECT_EQ(wrong_places(registration_from_json,
                         R"({"name":1,"host":[],"pid":"12","version":null,"types":"A","slots":0.5,
                             "labels":{}})"),
            (Places{"/name", "/host", "/pid", "/version", "/types", "/slots", "/labels"}));
  EXPECT_EQ(wrong_places(registration_from_json,
                         R"({"name":"a/b","host":"h","pid":-1,"version":"1","types":["A","b",3],
                             "slots":0})"),
            (Places{"/name", "/pid", "/types/2", "/types/1", "/slots"}));
  EXPECT_EQ(wrong_places(registration_from_json,
                         R"({"name":"","host":"h","pid":1,"version":"1","types":[],"slots":1})"),
            (Places{"/name", "/types"}));
  const auto long_name = std::string(limits::registered_name_bytes_max + 1, 'n');
  EXPECT_EQ(wrong_places(registration_from_json,
                         R"({"name":")" + long_name +
                             R"(","host":"h","pid":1,"version":"1","types":["A"],"slots":1})"),
            Places{"/name"});
}

TEST(ClaimJson, every_field_is_read_and_bounded) {
  const auto call = must(
      claim_from_json(json(R"({"worker_id":"w","types":["A"],"limit":5,"wait_seconds":2.5})")));
  EXPECT_EQ(call.worker_id, "w");
  EXPECT_EQ(call.types, Places{"A"});
  EXPECT_EQ(call.limit, 5);
  EXPECT_EQ(call.wait, 2500ms);
  EXPECT_EQ(wrong_places(claim_from_json, "{}"),
            (Places{"/worker_id", "/types", "/limit", "/wait_seconds"}));
  EXPECT_EQ(wrong_places(claim_from_json,
                         R"({"worker_id":1,"types":{},"limit":"1","wait_seconds":"1","more":1})"),
            (Places{"/worker_id", "/types", "/limit", "/wait_seconds", "/more"}));
  EXPECT_EQ(wrong_places(claim_from_json,
                         R"({"worker_id":"w","types":["A"],"limit":0,"wait_seconds":-1})"),
            (Places{"/limit", "/wait_seconds"}));
  EXPECT_EQ(wrong_places(claim_from_json,
                         R"({"worker_id":"w","types":["A"],"limit":1001,"wait_seconds":31})"),
            (Places{"/limit", "/wait_seconds"}));
}

TEST(HeartbeatJson, every_field_is_read) {
  const auto call = must(heartbeat_from_json(json(beat(
      R"(,"progress":0.5,"checkpoint":{"page":1},"log":[{"line":1,"text":"a"},
         {"line":2,"text":"b","level":"error","at":"2026-03-01T12:00:00Z"}])"))));
  ASSERT_EQ(call.tasks.size(), 1U);
  const auto& task = call.tasks[0];
  EXPECT_EQ(task.fence.task_id, 7);
  EXPECT_EQ(task.fence.attempt, 2);
  EXPECT_EQ(to_text(task.fence.lease_id), lease);
  EXPECT_EQ(task.progress, 0.5);
  EXPECT_EQ(task.checkpoint, R"({"page":1})");
  ASSERT_EQ(task.log.size(), 2U);
  EXPECT_EQ(task.log[0].level, LogLevel::info);
  EXPECT_EQ(task.log[1].level, LogLevel::error);
  EXPECT_EQ(task.log[1].at, parse_time("2026-03-01T12:00:00Z"));
  EXPECT_TRUE(must(heartbeat_from_json(json(R"({"worker_id":"w","tasks":[]})"))).tasks.empty());
  EXPECT_EQ(must(heartbeat_from_json(json(beat(R"(,"progress":7)")))).tasks[0].progress, 1.0);
}

TEST(HeartbeatJson, what_is_wrong_is_named_all_at_once) {
  EXPECT_EQ(wrong_places(heartbeat_from_json, R"({"task":[]})"),
            (Places{"/worker_id", "/tasks", "/task"}));
  EXPECT_EQ(wrong_places(heartbeat_from_json, R"({"worker_id":"w","tasks":[{}, 1]})"),
            (Places{"/tasks/0/task_id", "/tasks/0/attempt", "/tasks/0/lease_id", "/tasks/1"}));
  EXPECT_EQ(wrong_places(heartbeat_from_json,
                         R"({"worker_id":"w","tasks":[{"task_id":"7","attempt":0,"lease_id":"x",
                             "progress":"half","log":{},"lease":1}]})"),
            (Places{"/tasks/0/task_id", "/tasks/0/attempt", "/tasks/0/lease_id",
                    "/tasks/0/progress", "/tasks/0/log", "/tasks/0/lease"}));
  EXPECT_EQ(wrong_places(heartbeat_from_json, beat(R"(,"log":[{"line":0,"text":"a"},
                                 {"text":1,"level":"loud","at":"now","more":1}])")),
            (Places{"/tasks/0/log/0/line", "/tasks/0/log/1/line", "/tasks/0/log/1/at",
                    "/tasks/0/log/1/level", "/tasks/0/log/1/text", "/tasks/0/log/1/more"}));
  const auto large = std::string(limits::checkpoint_bytes_max, 'x');
  EXPECT_EQ(error_of(heartbeat_from_json(
                         must(parse_json(beat(R"(,"checkpoint":")" + large + '"'),
                                         {.bytes_max = limits::checkpoint_bytes_max * 2}))))
                .fields.at(0)
                .pointer,
            "/tasks/0/checkpoint");
}

TEST(HeartbeatJson, a_body_that_is_all_wrong_is_answered_in_bounds) {
  std::string body = R"({"worker_id":"w","tasks":[)";
  for (int i = 0; i < 1000; ++i) body += "{},";
  body += "{}]}";
  EXPECT_LE(wrong_places(heartbeat_from_json, body).size(), 100U);
}

TEST(ReportJson, each_outcome_is_read) {
  const auto read = [](std::string_view rest) {
    return must(report_from_json(json(report(rest)))).reports.at(0);
  };
  EXPECT_EQ(read(R"(,"outcome":"completed","result":{"a":[1]})").result, R"({"a":[1]})");
  EXPECT_EQ(read(R"(,"outcome":"completed")").result, "null");
  const auto failed = read(R"(,"outcome":"failed","error_message":"broke","retry":"never")");
  EXPECT_EQ(failed.outcome, ReportOutcome::failed);
  EXPECT_EQ(failed.error_message, "broke");
  EXPECT_TRUE(std::holds_alternative<RetryNever>(failed.retry));
  EXPECT_TRUE(
      std::holds_alternative<RetryByPolicy>(read(R"(,"outcome":"failed","retry":"auto")").retry));
  EXPECT_TRUE(std::holds_alternative<RetryByPolicy>(read(R"(,"outcome":"failed")").retry));
  EXPECT_EQ(
      std::get<RetryAfter>(read(R"(,"outcome":"failed","retry":{"after_seconds":90})").retry).delay,
      90s);
  EXPECT_EQ(read(R"(,"outcome":"snoozed","seconds":1.5)").delay, 1500ms);
  EXPECT_EQ(read(R"(,"outcome":"released")").outcome, ReportOutcome::released);
}

TEST(ReportJson, a_claim_may_ride_on_it) {
  const auto call = must(report_from_json(
      json(R"({"worker_id":"w","reports":[],"claim":{"limit":3,"wait_seconds":20}})")));
  ASSERT_TRUE(call.claim);
  EXPECT_EQ(call.claim->limit, 3);
  EXPECT_EQ(call.claim->wait, 20s);
  EXPECT_FALSE(must(report_from_json(json(R"({"worker_id":"w","reports":[]})"))).claim);
  EXPECT_EQ(
      wrong_places(report_from_json, R"({"worker_id":"w","reports":[],"claim":{"limits":3}})"),
      (Places{"/claim/limit", "/claim/wait_seconds", "/claim/limits"}));
  EXPECT_EQ(wrong_places(report_from_json, R"({"worker_id":"w","reports":[],"claim":7})"),
            Places{"/claim"});
}

TEST(ReportJson, what_is_wrong_is_named_all_at_once) {
  EXPECT_EQ(wrong_places(report_from_json, R"({"report":1})"),
            (Places{"/worker_id", "/reports", "/report"}));
  EXPECT_EQ(wrong_places(report_from_json, R"({"worker_id":"w","reports":[{}]})"),
            (Places{"/reports/0/task_id", "/reports/0/attempt", "/reports/0/lease_id",
                    "/reports/0/outcome"}));
  const auto wrong = [](std::string_view rest) {
    return wrong_places(report_from_json, report(rest));
  };
  EXPECT_EQ(wrong(R"(,"outcome":"done")"), Places{"/reports/0/outcome"});
  EXPECT_EQ(wrong(R"(,"outcome":1)"), Places{"/reports/0/outcome"});
  EXPECT_EQ(wrong(R"(,"outcome":"failed","error_message":1,"retry":"often")"),
            (Places{"/reports/0/error_message", "/reports/0/retry"}));
  EXPECT_EQ(wrong(R"(,"outcome":"failed","retry":{"after":1})"),
            (Places{"/reports/0/retry/after", "/reports/0/retry/after_seconds"}));
  EXPECT_EQ(wrong(R"(,"outcome":"failed","retry":{"after_seconds":-1})"),
            Places{"/reports/0/retry/after_seconds"});
  EXPECT_EQ(wrong(R"(,"outcome":"snoozed")"), Places{"/reports/0/seconds"});
  EXPECT_EQ(wrong(R"(,"outcome":"completed","error_message":"x","retry":"auto","seconds":1)"),
            (Places{"/reports/0/error_message", "/reports/0/retry", "/reports/0/seconds"}));
  EXPECT_EQ(wrong(R"(,"outcome":"released","result":1,"status":"x")"),
            (Places{"/reports/0/result", "/reports/0/status"}));
}

TEST(WorkJson, answers_have_the_fields_of_the_interface_in_their_order) {
  EXPECT_EQ(to_text(registered_to_json({.worker_id = "w", .heartbeat = 10s, .lease = 30s})),
            R"({"worker_id":"w","heartbeat_seconds":10,"lease_seconds":30})");
  HandedTask handed;
  handed.fence = {.task_id = 7, .attempt = 2, .lease_id = must(parse_lease_id(lease))};
  handed.task.task_id = 7;
  handed.lease_expires_at = parse_time("2026-03-01T12:00:30Z");
  handed.deadline_at = parse_time("2026-03-01T12:05:00Z");
  handed.checkpoint = JsonObject{{"page", 1}};
  handed.task.traceparent = "00-1-2-01";
  const auto claimed = claimed_to_json({.tasks = {handed}, .next_due_at = {}});
  const auto rest =
      std::string(R"(,"attempt":2,"lease_id":")") + lease +
      R"(","lease_expires_at":"2026-03-01T12:00:30Z","deadline_at":"2026-03-01T12:05:00Z",)"
      R"("checkpoint":{"page":1},"traceparent":"00-1-2-01"}]})";
  EXPECT_TRUE(to_text(claimed).starts_with(R"({"tasks":[{"task":{"task_id":7,)"));
  EXPECT_TRUE(to_text(claimed).ends_with(rest)) << to_text(claimed);
  EXPECT_EQ(
      to_text(heartbeat_to_json({.command = WorkerCommand::quiet,
                                 .tasks = {{.task_id = 7,
                                            .status = BeatStatus::ok,
                                            .lease_expires_at = parse_time("2026-03-01T12:00:30Z")},
                                           {.task_id = 8, .status = BeatStatus::lost}}})),
      R"({"command":"quiet","tasks":[{"task_id":7,"status":"ok",)"
      R"("lease_expires_at":"2026-03-01T12:00:30Z"},)"
      R"({"task_id":8,"status":"lost","lease_expires_at":null}]})");
  EXPECT_EQ(to_text(reported_to_json(
                {.reports = {{.task_id = 7, .status = ReportStatus::already_applied}}})),
            R"({"reports":[{"task_id":7,"status":"already_applied"}],"tasks":[]})");
}

}  // namespace
}  // namespace esteira::api
