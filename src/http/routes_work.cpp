// Workers in other languages: register, claim, heartbeat, report, sign off.
#include <algorithm>

#include "api/work_json.hpp"
#include "base/assert.hpp"
#include "http/answers.hpp"
#include "http/deed.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"

namespace esteira::http {
namespace {

// A heartbeat may bring many checkpoints, a report many results.
constexpr std::size_t work_bytes_max = std::size_t{32} * 1024 * 1024;

// A body that is read by `read`, and what `serve` answers to it.
template <class Read, class Serve>
Handler reading(Read read, Serve serve) {
  return [read, serve](const Call& call, Services& /*services*/) {
    const auto body = json_body(call.request);
    if (!body) return problem(body.error());
    const auto asked = read(*body);
    if (!asked) return problem(asked.error());
    return serve(*asked);
  };
}

// Polling is the truth, however seldom it is needed.
constexpr Duration look_pause = std::chrono::seconds{5};

// Until the next scheduled task is due, where that is sooner.
Duration pause_until(const std::optional<Time>& due_at, Time now) {
  if (!due_at) return look_pause;
  return std::clamp<Duration>(*due_at - now, std::chrono::milliseconds{1}, look_pause);
}

// Claims that found tasks, but no longer anybody who takes them, go back at once.
void release(WorkService& work, const std::string& worker_id, const HandedTasks& handed) {
  ReportCall call{.worker_id = worker_id};
  for (const auto& one : handed.tasks) {
    call.reports.push_back({.fence = one.fence, .outcome = ReportOutcome::released});
  }
  // Where this fails too, their lease ends by itself.
  if (!call.reports.empty()) static_cast<void>(work.report(call));
}

class ClaimPoll final : public Poll {
 public:
  ClaimPoll(WorkService& work, Call call) : work_(work), call_(std::move(call)) {}

  std::optional<Response> attempt(Services& services, bool last) override {
    if (!asked_) {
      const auto body = json_body(call_.request);
      if (!body) return problem(body.error());
      auto asked = api::claim_from_json(*body);
      if (!asked) return problem(asked.error());
      asked_ = std::move(*asked);
    }
    auto handed = work_.claim(*asked_);
    if (!handed) return problem(handed.error());
    pause_ = pause_until(handed->next_due_at, services.now());
    if (handed->tasks.empty() && !last && asked_->wait > Duration{0}) return std::nullopt;
    handed_ = std::move(*handed);
    return json_answer(api::claimed_to_json(handed_));
  }
  Duration wait() const override { return asked_ ? asked_->wait : Duration{0}; }
  Duration pause() const override { return pause_; }
  void undelivered(Services& /*services*/) override {
    if (asked_) release(work_, asked_->worker_id, handed_);
  }

 private:
  WorkService& work_;
  const Call call_;
  std::optional<ClaimCall> asked_;
  HandedTasks handed_;
  Duration pause_ = look_pause;
};

// Reports at the first attempt, and claims until there is something.
class ReportPoll final : public Poll {
 public:
  ReportPoll(WorkService& work, Call call) : work_(work), call_(std::move(call)) {}

  std::optional<Response> attempt(Services& services, bool last) override {
    if (!answer_) {
      if (auto refused = report()) return refused;
    }
    if (!asked_.claim) return json_answer(api::reported_to_json(*answer_));
    auto handed = work_.claim(
        {.worker_id = asked_.worker_id, .limit = asked_.claim->limit, .wait = asked_.claim->wait});
    // What was reported has been applied: that is said, whatever became of the claim.
    if (!handed) return json_answer(api::reported_to_json(*answer_));
    pause_ = pause_until(handed->next_due_at, services.now());
    if (handed->tasks.empty() && !last && asked_.claim->wait > Duration{0}) return std::nullopt;
    handed_ = std::move(*handed);
    return json_answer(api::reported_to_json(*answer_, handed_));
  }
  Duration wait() const override { return asked_.claim ? asked_.claim->wait : Duration{0}; }
  Duration pause() const override { return pause_; }
  void undelivered(Services& /*services*/) override { release(work_, asked_.worker_id, handed_); }

 private:
  std::optional<Response> report() {
    const auto body = json_body(call_.request);
    if (!body) return problem(body.error());
    auto asked = api::report_from_json(*body);
    if (!asked) return problem(asked.error());
    asked_ = std::move(*asked);
    auto answer = work_.report(asked_);
    if (!answer) return problem(answer.error());
    answer_ = std::move(*answer);
    return std::nullopt;
  }

  WorkService& work_;
  const Call call_;
  ReportCall asked_;
  std::optional<ReportAnswer> answer_;
  HandedTasks handed_;
  Duration pause_ = look_pause;
};

template <class Kind>
PollHandler polling(WorkService& work) {
  return [&work](Call call) { return std::make_unique<Kind>(work, std::move(call)); };
}

Handler commanding(WorkerCommand command) {
  return [command](const Call& call, Services& services) {
    if (const auto empty = no_body(call.request); !empty) return problem(empty.error());
    const auto told = services.repository->command_worker(call.captures.front(), command);
    if (!told) return problem(told.error());
    if (!*told) return problem(404, "there is no such worker");
    services.repository->hint();
    return Response{.status = 204};
  };
}

}  // namespace

std::vector<Route> work_routes(WorkService& work) {
  const auto registering = reading(api::registration_from_json, [&work](const auto& asked) {
    const auto registered = work.register_worker(asked);
    return registered ? json_answer(api::registered_to_json(*registered), 201)
                      : problem(registered.error());
  });
  const auto beating = reading(api::heartbeat_from_json, [&work](const auto& asked) {
    const auto answer = work.heartbeat(asked);
    return answer ? json_answer(api::heartbeat_to_json(*answer)) : problem(answer.error());
  });
  const Handler signing_off = [&work](const Call& call, Services& services) {
    const auto released = work.sign_off(call.captures.front());
    if (!released) return problem(released.error());
    if (*released > 0) services.repository->hint();
    return Response{.status = 204};
  };
  return {
      {"POST", "/api/v1/workers", Scope::work, registering},
      {"DELETE", "/api/v1/workers/{id}", Scope::work, signing_off},
      repeatable({"POST", "/api/v1/workers/{id}/quiet", Scope::admin,
                  audited("worker.quiet", commanding(WorkerCommand::quiet))}),
      repeatable({"POST", "/api/v1/workers/{id}/stop", Scope::admin,
                  audited("worker.stop", commanding(WorkerCommand::stop))}),
      {"POST", "/api/v1/work/claim", Scope::work, polling<ClaimPoll>(work)},
      {"POST", "/api/v1/work/heartbeat", Scope::work, beating, {}, work_bytes_max},
      {"POST", "/api/v1/work/report", Scope::work, polling<ReportPoll>(work), {}, work_bytes_max},
  };
}

}  // namespace esteira::http
