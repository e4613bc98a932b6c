// Stands beside the worker until its standard input ends: creates an urgent task every 20 ms; does
// what another worker would, a claim of one task of another type; and looks how long transactions
// are open.
#include <chrono>
#include <poll.h>
#include <thread>

#include <fmt/format.h>

#include "base/clock.hpp"
#include "base/random.hpp"
#include "esteira/repository.hpp"
#include "esteira/service.hpp"
#include "instant.hpp"
#include "repository/repository.hpp"

namespace esteira::instant {
namespace {

using SteadyClock = std::chrono::steady_clock;

constexpr std::chrono::milliseconds interval{20};
constexpr std::string_view sqlite_scheme = "sqlite:";

bool input_ended() {
  pollfd input{.fd = 0, .events = POLLIN, .revents = 0};
  return poll(&input, 1, 0) > 0;
}

double ms_since(SteadyClock::time_point begin) {
  return std::chrono::duration<double, std::milli>(SteadyClock::now() - begin).count();
}

// A worker of one type and one task at a time, of which only the claim is of interest.
class OtherWorker {
 public:
  explicit OtherWorker(const std::string& address)
      : repository_(value_of(open_repository(address))), service_(repository_) {
    for (const auto& type : value_of(repository_->types())) {
      if (type.name == Single{}.task_type()) types_ = {type.type_id};
    }
  }

  // Claims a task that was created before, and answers how long that took.
  double claim() {
    value_of(service_.create({.type = std::string(Single{}.task_type())}));
    TickRequest request{.worker = "instant-watch",
                        .lease = lease,
                        .claim = ClaimRequest{.lease_id = {random_.bytes16()},
                                              .types = types_,
                                              .limit = 1,
                                              .lease = lease,
                                              .hinted = true}};
    const auto begin = SteadyClock::now();
    const auto answer = value_of(repository_->tick(request, clock_.now()));
    const auto ms = ms_since(begin);
    if (answer.claims.size() != 1) throw std::runtime_error("the claim found no task");
    settle_one(answer.claims.front());
    return ms;
  }

 private:
  static constexpr Duration lease = std::chrono::seconds{30};

  void settle_one(const Claim& claim) {
    const std::vector<Settlement> settlements{
        settle(claim, outcome::Completed{}, RetryPolicy{}, clock_.now())};
    value_of(
        repository_->tick({.worker = "instant-watch", .settlements = settlements}, clock_.now()));
  }

  std::shared_ptr<TaskRepository> repository_;
  TaskService service_;
  std::vector<TypeId> types_;
  SystemClock clock_;
  SystemRandom random_;
};

void create_urgent(TaskService& service) {
  const std::chrono::nanoseconds now = SteadyClock::now().time_since_epoch();
  NewTask task{.type = std::string(Urgent{}.task_type()), .payload = now.count()};
  task.options.priority = 1;
  value_of(service.create(task));
}

}  // namespace

void watch(const Settings& settings) {
  TaskService service(value_of(open_repository(settings.address)));
  OtherWorker other(settings.address);
  const auto longest = settings.address.starts_with(sqlite_scheme)
                           ? watch_sqlite(settings.address.substr(sqlite_scheme.size()))
                           : watch_postgres(settings.address);
  if (settings.at) std::this_thread::sleep_until(*settings.at);
  std::jthread looks([&](const std::stop_token& stop) {
    while (!stop.stop_requested()) {
      longest->look();
      std::this_thread::sleep_for(interval);
    }
  });
  std::vector<double> claims_ms;
  while (!input_ended()) {
    const auto begin = SteadyClock::now();
    create_urgent(service);
    claims_ms.push_back(other.claim());
    std::this_thread::sleep_until(begin + interval);
  }
  looks.request_stop();
  looks.join();
  fmt::print("{}\n", to_text(Json(JsonObject{{"claim_ms", quantiles(std::move(claims_ms))},
                                             {"longest_ms", longest->longest_ms()},
                                             {"longest", longest->what()}})));
}

}  // namespace esteira::instant
