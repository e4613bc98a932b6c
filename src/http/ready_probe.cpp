#include "http/ready_probe.hpp"

#include <exception>
#include <utility>

#include "base/thread_name.hpp"

namespace esteira::http {

ReadyProbe::ReadyProbe(Ready ready) : ready_(std::move(ready)), thread_([this] { run(); }) {}

ReadyProbe::~ReadyProbe() {
  {
    const MutexLock lock(mutex_);
    stopping_ = true;
    changed_.notify_one();
  }
  thread_.join();
}

void ReadyProbe::ask(Answer answer) {
  const MutexLock lock(mutex_);
  waiting_.push_back(std::move(answer));
  changed_.notify_one();
}

void ReadyProbe::run() {
  name_this_thread("esteira-ready");
  while (true) {
    std::vector<Answer> answers;
    {
      const MutexLock lock(mutex_);
      while (waiting_.empty() && !stopping_) changed_.wait(mutex_);
      if (stopping_) return;
      answers = std::exchange(waiting_, {});
    }
    const auto result = ask_database();
    for (const auto& answer : answers) answer(result);
  }
}

// What throws here is part of answering a request: the HTTP handler's door.
Expected<void> ReadyProbe::ask_database() const {
  try {
    return ready_();
  } catch (const std::exception& problem) {
    return fail(ErrorCode::internal, problem.what());
  }
}

}  // namespace esteira::http
