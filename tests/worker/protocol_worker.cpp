#include "protocol_worker.hpp"

#include <algorithm>
#include <unistd.h>

#include "base/assert.hpp"

namespace esteira::test {
namespace {

using SteadyClock = std::chrono::steady_clock;

std::string text_of(const Json& object, std::string_view name) {
  return std::string(object.at(name).as_string());
}

}  // namespace

ProtocolWorker::ProtocolWorker(std::string url, const ProcessorRegistry& registry,
                               WorkerOptions options)
    : registry_(registry), options_(std::move(options)), server_(std::move(url), options_) {}

ProtocolWorker::~ProtocolWorker() {
  request_stop();
  wait();
}

Expected<void> ProtocolWorker::start() {
  ESTEIRA_TRY(server_.open());
  JsonArray types;
  for (const auto& processor : registry_.all()) types.emplace_back(processor->task_type());
  const auto registered = ESTEIRA_TRY(server_.register_worker(JsonObject{
      {"name", "protocol"},
      {"host", "test"},
      {"pid", getpid()},
      {"version", "1.0"},
      {"types", std::move(types)},
      {"slots", options_.concurrency},
  }));
  worker_id_ = text_of(registered, "worker_id");
  for (int i = 0; i < options_.concurrency; ++i) runners_.emplace_back([this] { run_tasks(); });
  loop_ = std::thread([this] { run_loop(); });
  return {};
}

void ProtocolWorker::request_stop() {
  stop_requested_ = true;
  waker_.wake();
}

bool ProtocolWorker::wait() {
  if (loop_.joinable()) loop_.join();
  for (auto& runner : runners_) runner.join();
  runners_.clear();
  return !refused_;
}

// --- the runner threads -------------------------------------------------------------------------

HeldPtr ProtocolWorker::next() {
  const MutexLock lock(mutex_);
  while (queue_.empty() && !ended_) work_.wait(mutex_);
  if (queue_.empty()) return nullptr;
  auto held = std::move(queue_.front());
  queue_.pop_front();
  return held;
}

void ProtocolWorker::run_tasks() {
  const SendBeat send = [this](JsonObject beat) { return send_beat(std::move(beat)); };
  while (const auto held = next()) {
    auto* processor = registry_.find(held->task.type);
    ESTEIRA_ASSERT(processor != nullptr);
    auto report = run_held_task(*held, *processor, send);
    {
      const MutexLock lock(mutex_);
      done_.push_back({held, std::move(report)});
    }
    waker_.wake();
  }
}

Expected<std::string> ProtocolWorker::send_beat(JsonObject beat) {
  const auto answer = ESTEIRA_TRY(server_.heartbeat(
      JsonObject{{"worker_id", worker_id_}, {"tasks", JsonArray{std::move(beat)}}}));
  return text_of(answer.at("tasks").at(0), "status");
}

// --- the loop -----------------------------------------------------------------------------------

void ProtocolWorker::run_loop() {
  while (turn()) waker_.wait(options_.poll);
  for (const auto& held : held_) held->request_stop(StopWord::shutdown);
  if (const auto gone = server_.sign_off(worker_id_); !gone) on_error(gone.error());
  const MutexLock lock(mutex_);
  ended_ = true;
  work_.notify_all();
}

bool ProtocolWorker::turn() {
  take_done();
  if (SteadyClock::now() >= beat_at_) beat();
  // What was said of a task is told before its end is: a report leaves nothing to say it of.
  while (has_last_words()) {
    if (!beat()) return !refused_;
  }
  if (stop_requested_ && advance_stop()) return false;
  trade();
  return true;
}

bool ProtocolWorker::has_last_words() const {
  return std::ranges::any_of(reports_, [](const Done& done) { return done.held->has_words(); });
}

void ProtocolWorker::take_done() {
  std::vector<Done> done;
  {
    const MutexLock lock(mutex_);
    done.swap(done_);
  }
  for (auto& one : done) {
    // It is somebody else's: there is nothing to say of it.
    if (one.held->stop_word() == StopWord::lost) continue;
    reports_.push_back(std::move(one));
  }
}

// True where the server has heard it.
bool ProtocolWorker::beat() {
  beat_at_ = SteadyClock::now() + options_.poll;
  JsonArray beats;
  for (const auto& held : held_) beats.emplace_back(held->beat());
  const auto answer = server_.heartbeat(JsonObject{{"worker_id", worker_id_}, {"tasks", beats}});
  if (!answer) {
    on_error(answer.error());
    return false;
  }
  const auto command = text_of(*answer, "command");
  quiet_ = command == "quiet";
  if (command == "stop") stop_requested_ = true;
  const auto told = held_;
  for (std::size_t i = 0; i < told.size(); ++i) {
    told[i]->heard(beats[i].as_object());
    const auto status = text_of(answer->at("tasks").at(i), "status");
    if (status == "cancel") told[i]->request_stop(StopWord::cancel);
    if (status != "lost") continue;
    told[i]->request_stop(StopWord::lost);
    std::erase(held_, told[i]);
    std::erase_if(reports_, [&](const Done& done) { return done.held == told[i]; });
  }
  return true;
}

int ProtocolWorker::free_slots() const {
  return options_.concurrency - static_cast<int>(held_.size() - reports_.size());
}

// Reports what is done and asks for what is next, in one call where there is both.
void ProtocolWorker::trade() {
  const int limit = free_slots();
  const bool asks = limit > 0 && !quiet_ && !stop_requested_ &&
                    (hungry_ || !reports_.empty() || SteadyClock::now() >= claim_at_);
  if (!asks && reports_.empty()) return;
  JsonObject call{{"worker_id", worker_id_}};
  JsonObject claim{{"limit", limit}, {"wait_seconds", 0}};
  if (!reports_.empty()) {
    auto& reports = call["reports"].emplace_array();
    for (const auto& done : reports_) reports.push_back(done.report);
    if (asks) call["claim"] = std::move(claim);
  } else {
    call["types"] = JsonArray{};
    call.insert(claim.begin(), claim.end());
  }
  const auto answer = reports_.empty() ? server_.claim(call) : server_.report(call);
  if (!answer) {
    if (answer.error().code == ErrorCode::invalid_argument && !reports_.empty()) {
      return report_one_by_one();
    }
    return on_error(answer.error());
  }
  for (const auto& done : reports_) std::erase(held_, done.held);
  reports_.clear();
  if (asks) take_tasks(*answer);
}

// A batch with something in it that no server takes is refused as a whole: each is reported alone,
// and what is refused then has failed for good.
void ProtocolWorker::report_one_by_one() {
  for (auto& done : std::exchange(reports_, {})) {
    const auto alone = [&](const JsonObject& report) {
      return server_.report(JsonObject{{"worker_id", worker_id_}, {"reports", JsonArray{report}}});
    };
    auto answer = alone(done.report);
    if (!answer && answer.error().code == ErrorCode::invalid_argument) {
      answer = alone(failed_report_of(
          *done.held, "the result was refused: " + answer.error().message, RetryNever{}));
    }
    if (answer) {
      std::erase(held_, done.held);
      continue;
    }
    on_error(answer.error());
    reports_.push_back(std::move(done));
  }
}

void ProtocolWorker::take_tasks(const Json& answer) {
  const auto& tasks = answer.at("tasks").as_array();
  hungry_ = !tasks.empty();
  claim_at_ = SteadyClock::now() + options_.poll;
  for (const auto& handed : tasks) {
    auto held = HeldTask::read(handed);
    if (!held) {
      on_error(held.error());
      continue;
    }
    held_.push_back(*held);
    const MutexLock lock(mutex_);
    queue_.push_back(std::move(*held));
    work_.notify_one();
  }
  if (options_.drain && held_.empty()) stop_requested_ = true;
}

// What no thread has begun is given back.
void ProtocolWorker::withdraw() {
  const MutexLock lock(mutex_);
  for (auto& held : queue_) reports_.push_back({held, released_report_of(*held)});
  queue_.clear();
}

// True once nothing is held any more, or there is nobody to tell of it.
bool ProtocolWorker::advance_stop() {
  if (!grace_ends_) {
    grace_ends_ = SteadyClock::now() + options_.grace;
    withdraw();
  }
  if (SteadyClock::now() >= *grace_ends_) {
    for (const auto& held : held_) held->request_stop(StopWord::shutdown);
  }
  return held_.empty() || refused_;
}

// A server that is away is asked again at the next turn.
void ProtocolWorker::on_error(const Error& error) {
  if (is_transient(error.code)) return;
  refused_ = true;
  stop_requested_ = true;
}

}  // namespace esteira::test
