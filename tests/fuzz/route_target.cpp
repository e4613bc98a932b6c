// Every route's own code, on a database in memory: whatever a request holds, it is answered, in
// JSON, and never with an error of the inside. An input is "METHOD TARGET", a line with an
// Idempotency-Key (or none), and the body.
#include <future>
#include <memory>

#include "base/random.hpp"
#include "esteira/json.hpp"
#include "fuzz/target.hpp"
#include "http/event_feed.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"

namespace esteira::fuzz {
namespace {

using http::Call;
using http::Response;

// What stands in the database says little after so many inputs, and grows.
constexpr int inputs_max = 500;
constexpr std::size_t problem_bytes_max = std::size_t{64} * 1024;
constexpr std::size_t answer_bytes_max = std::size_t{64} * 1024 * 1024;

class App {
 public:
  App()
      : repository_(open_repository("sqlite::memory:").value()),
        clock_(std::make_shared<DatabaseClock>()),
        services_(services()),
        enqueue_(repository_, nullptr, clock_),
        work_(repository_, clock_, std::make_shared<SystemRandom>()),
        keys_(std::make_shared<KeyService>(repository_, clock_)),
        sessions_(repository_, keys_, clock_),
        rates_(clock_),
        pool_(1, 10, [this] { return std::make_unique<http::Services>(services()); }),
        feed_(pool_, {}),
        router_(http::all_routes({.enqueue = enqueue_,
                                  .work = work_,
                                  .keys = *keys_,
                                  .sessions = sessions_,
                                  .rates = rates_,
                                  .feed = feed_,
                                  .pool = pool_,
                                  .ready = []() -> Expected<void> { return {}; }})) {
    require(services_.types.set("NOOP", {}).has_value(), "there is a type");
    TypeChange picky;
    picky.payload_schema = R"({"type": "object", "required": ["id"]})";
    require(services_.types.set("PICKY", picky).has_value(), "there is a type with a schema");
  }

  // Nothing: there is no such route, or it goes on without end.
  std::optional<Response> answer(http::Request request) {
    auto match = router_.find(request.method, request.path);
    if (match.route == nullptr) return std::nullopt;
    if (std::holds_alternative<http::StreamHandler>(match.route->handler)) return std::nullopt;
    auto query = http::Query::parse(request.query, match.route->parameters);
    if (!query) return http::problem(query.error());
    Call call{.request = std::move(request),
              .captures = std::move(match.captures),
              .query = std::move(*query),
              .actor = "loopback"};
    return run(match.route->handler, std::move(call));
  }

 private:
  http::Services services() {
    return {.repository = repository_,
            .clock = clock_,
            .tasks = TaskService(repository_, nullptr, clock_),
            .types = TypeService(repository_, clock_),
            .schedules = ScheduleService(repository_, nullptr, clock_),
            .batches = BatchService(repository_, nullptr, clock_),
            .in_flight = std::make_shared<http::InFlight>()};
  }

  template <class Kinds>
  Response run(const Kinds& handler, Call call) {
    if (const auto* plain = std::get_if<http::Handler>(&handler)) return (*plain)(call, services_);
    if (const auto* async = std::get_if<http::AsyncHandler>(&handler)) {
      const auto done = std::make_shared<std::promise<Response>>();
      auto response = done->get_future();
      (*async)(std::move(call), [done](Response answer) { done->set_value(std::move(answer)); });
      return response.get();
    }
    const auto poll = std::get<http::PollHandler>(handler)(std::move(call));
    auto response = poll->attempt(services_, true);
    require(response.has_value(), "the last attempt has an answer");
    return std::move(*response);
  }

  std::shared_ptr<TaskRepository> repository_;
  std::shared_ptr<DatabaseClock> clock_;
  http::Services services_;
  EnqueueService enqueue_;
  WorkService work_;
  std::shared_ptr<KeyService> keys_;
  SessionService sessions_;
  http::RateBook rates_;
  http::ServicePool pool_;
  http::EventFeed feed_;
  http::Router router_;
};

http::Request read_request(std::string_view text) {
  http::Request request{.peer = "127.0.0.1", .peer_is_loopback = true, .request_id = "fuzz"};
  const auto line = take_line(text);
  const auto space = line.find(' ');
  request.method = line.substr(0, space);
  if (space != std::string_view::npos) {
    const auto target = line.substr(space + 1);
    const auto mark = target.find('?');
    request.path = target.substr(0, mark);
    if (mark != std::string_view::npos) request.query = target.substr(mark + 1);
  }
  const auto key = take_line(text);
  if (!key.empty()) request.headers.push_back({"Idempotency-Key", std::string(key)});
  request.body = text;
  return request;
}

void check(const Response& response) {
  if (response.status >= 500) {
    std::fprintf(stderr, "%d: %s\n", response.status, response.log.c_str());
  }
  require(response.status >= 200 && response.status < 500, "no input is an error of the inside");
  if (response.status == 204 || response.content_type.starts_with("text/")) return;
  const auto body = parse_json(response.body, {.bytes_max = answer_bytes_max});
  require(body && body->is_object(), "an answer is a JSON object");
  if (response.status < 400) return;
  require(response.content_type == "application/problem+json", "a refusal is a problem");
  require(response.body.size() <= problem_bytes_max, "a refusal is short");
  const auto* status = body->get_object().if_contains("status");
  require(status != nullptr && *status == response.status, "a problem names its status");
}

}  // namespace
}  // namespace esteira::fuzz

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace esteira::fuzz;  // NOLINT(google-build-using-namespace)
  static std::unique_ptr<App> app;
  static int inputs = 0;
  if (inputs++ % inputs_max == 0) app = std::make_unique<App>();
  if (const auto response = app->answer(read_request(text_of(data, size)))) check(*response);
  return 0;
}
