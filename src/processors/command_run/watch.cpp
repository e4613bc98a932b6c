#include "processors/command_run/watch.hpp"

#include <algorithm>
#include <array>
#include <cerrno>
#include <chrono>
#include <csignal>
#include <limits>
#include <optional>
#include <poll.h>
#include <sys/eventfd.h>
#include <sys/wait.h>

namespace esteira::processors {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr std::size_t read_bytes = 16 * 1024;

class Watch {
 public:
  Watch(Child child, const WatchRules& rules) : rules_(rules), child_(std::move(child)) {
    if (rules_.timeout > Duration::zero()) next_ = Clock::now() + rules_.timeout;
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;
  ~Watch() { finish(); }

  ChildEnd run(const std::stop_token& stop) {
    const std::stop_callback on_stop(stop, [this] { eventfd_write(child_.wake.get(), 1); });
    while (!wait_once()) {
    }
    kill(-child_.pid, SIGKILL);
    drain();
    finish();
    return std::move(end_);
  }

 private:
  using Reason = ChildEnd::Reason;

  // True when the child has ended.
  bool wait_once() {
    std::array<pollfd, 4> fds{{{asked_to_end_ ? -1 : child_.wake.get(), POLLIN, 0},
                               {child_.exit.get(), POLLIN, 0},
                               {child_.out.get(), POLLIN, 0},
                               {child_.err.get(), POLLIN, 0}}};
    if (poll(fds.data(), fds.size(), milliseconds_left()) < 0) return false;
    if (fds[1].revents != 0) return true;
    if (fds[0].revents != 0) ask_to_end(Reason::stopped);
    if (fds[2].revents != 0) read_out();
    if (fds[3].revents != 0) read_err();
    if (next_ && Clock::now() >= *next_) time_is_up();
    return false;
  }

  // Until the next thing to do by the clock; -1: there is none.
  [[nodiscard]] int milliseconds_left() const {
    if (!next_) return -1;
    const auto left = std::chrono::ceil<milliseconds>(*next_ - Clock::now()).count();
    constexpr std::int64_t most = std::numeric_limits<int>::max();
    return static_cast<int>(std::clamp<std::int64_t>(left, 0, most));
  }

  void time_is_up() {
    if (!asked_to_end_) {
      ask_to_end(Reason::timed_out);
    } else {
      kill_group();
    }
  }

  void ask_to_end(Reason reason) {
    asked_to_end_ = true;
    end_.reason = reason;
    kill(-child_.pid, SIGTERM);
    kill(-child_.pid, SIGCONT);  // a suspended process would not see it
    next_ = Clock::now() + rules_.grace;
  }

  void kill_group() {
    asked_to_end_ = true;
    kill(-child_.pid, SIGKILL);
    next_.reset();
  }

  // False when there is nothing to read now; closes at the end of the stream.
  template <class Take>
  bool read_some(UniqueFd& fd, Take take) {
    std::array<char, read_bytes> buffer{};
    const auto got = read(fd.get(), buffer.data(), buffer.size());
    if (got > 0) {
      take(std::string_view(buffer.data(), static_cast<std::size_t>(got)));
      return true;
    }
    if (got < 0 && errno == EINTR) return true;
    if (got == 0 || errno != EAGAIN) fd.reset();
    return false;
  }

  bool read_out() {
    return read_some(child_.out, [this](std::string_view text) {
      if (end_.reason == Reason::too_much_output) return;
      const auto room = rules_.stdout_bytes_max - end_.out.size();
      end_.out.append(text.substr(0, room));
      if (text.size() <= room) return;
      // A child that was told to stop is not blamed for what it says last.
      if (end_.reason == Reason::by_itself) end_.reason = Reason::too_much_output;
      kill_group();
    });
  }

  bool read_err() {
    return read_some(child_.err, [this](std::string_view text) {
      end_.err.append(text);
      if (end_.err.size() <= stderr_bytes_kept) return;
      end_.err.erase(0, end_.err.size() - stderr_bytes_kept);
      end_.err_cut = true;
    });
  }

  // Also on the way out of an exception. The group goes before its leader is reaped: until then
  // nobody else can have its number.
  void finish() {
    if (reaped_) return;
    kill(-child_.pid, SIGKILL);
    pid_t got = 0;
    do {
      got = waitpid(child_.pid, &end_.status, 0);
    } while (got < 0 && errno == EINTR);
    end_.status_known = got == child_.pid;
    reaped_ = true;
  }

  // What is left in the pipes, at most what they hold: somebody may still be writing.
  void drain() {
    std::size_t rounds = pipe_rounds;
    while (rounds > 0 && child_.out && read_out()) --rounds;
    rounds = pipe_rounds;
    while (rounds > 0 && child_.err && read_err()) --rounds;
  }
  static constexpr std::size_t pipe_rounds = 1024 * 1024 / read_bytes;  // the largest usual pipe

  const WatchRules rules_;
  Child child_;
  ChildEnd end_{};
  bool asked_to_end_ = false;
  bool reaped_ = false;
  std::optional<Clock::time_point> next_{};  // when to act
};

}  // namespace

ChildEnd watch_child(Child child, const WatchRules& rules, const std::stop_token& stop) {
  return Watch(std::move(child), rules).run(stop);
}

}  // namespace esteira::processors
