#include "engines/sqlite/wake.hpp"

#include <array>
#include <chrono>
#include <fcntl.h>
#include <filesystem>
#include <memory>
#include <optional>
#include <poll.h>
#include <string_view>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/stat.h>
#include <unistd.h>

namespace esteira::sqlite {
namespace {

using namespace std::chrono_literals;
using Steady = std::chrono::steady_clock;

// At most one wake in this time: a drain commits hundreds of times a second.
constexpr auto wake_interval = 2ms;
// Pages reach the log before the commit that they belong to can be seen; the disk's flush lies
// between the two.
constexpr auto commit_takes = 10ms;

void drain(int descriptor) {
  std::array<char, 4096> buffer;
  while (read(descriptor, buffer.data(), buffer.size()) > 0) continue;
}

// Watches the files of a database.
class Watch {
 public:
  explicit Watch(const std::string& path)
      : inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)), log_path_(path + "-wal") {
    const std::filesystem::path file(path);
    const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    log_name_ = std::filesystem::path(log_path_).filename();
    inotify_add_watch(inotify_, path.c_str(), IN_ATTRIB);
    folder_ = inotify_add_watch(inotify_, folder.c_str(), IN_CREATE | IN_MOVED_TO);
    watch_log();
  }
  ~Watch() {
    if (inotify_ >= 0) close(inotify_);
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  // -1 where the system gives no watch: poll() leaves it out.
  [[nodiscard]] int descriptor() const { return inotify_; }

  struct Seen {
    bool announced = false;
    bool written = false;
  };
  Seen read_events() {
    Seen seen;
    alignas(inotify_event) std::array<char, 4096> buffer;
    for (;;) {
      const auto size = read(inotify_, buffer.data(), buffer.size());
      if (size <= 0) return seen;
      for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
        take(*event, seen);
        at += sizeof(inotify_event) + event->len;
      }
    }
  }

 private:
  void watch_log() { log_ = inotify_add_watch(inotify_, log_path_.c_str(), IN_MODIFY); }
  void take(const inotify_event& event, Seen& seen) {
    if (event.wd == folder_) {
      // Other files of the folder come and go.
      if (event.len == 0 || log_name_ != event.name) return;
      watch_log();
      seen.written = true;
    } else if (event.wd == log_) {
      seen.written = true;
    } else {
      seen.announced = true;
    }
  }

  int inotify_;
  std::string log_path_;
  std::string log_name_;
  int folder_ = -1;
  int log_ = -1;
};

// Waits for a ring, an event of the watch or the end of `wait`.
class Listening {
 public:
  Listening(int event, const std::string& path) : event_(event) {
    if (path != ":memory:") watch_.emplace(path);
  }

  void run(const std::stop_token& stop, const std::function<void()>& wake) {
    auto woken_at = Steady::now() - wake_interval;
    while (!stop.stop_requested()) {
      wait();
      if (stop.stop_requested()) return;
      if (!due_ || Steady::now() < *due_) continue;
      due_.reset();
      woken_at = Steady::now();
      wake();
      earliest_ = woken_at + wake_interval;
    }
  }

 private:
  void wait() {
    std::array<pollfd, 2> descriptors{
        {{.fd = event_, .events = POLLIN},
         {.fd = watch_ ? watch_->descriptor() : -1, .events = POLLIN}}};
    timespec limit{};
    if (due_) {
      const auto left = std::max<Steady::duration>(*due_ - Steady::now(), 0ns);
      limit.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
      limit.tv_nsec = (left % 1s).count();
    }
    ppoll(descriptors.data(), descriptors.size(), due_ ? &limit : nullptr, nullptr);
    if ((descriptors[0].revents & POLLIN) != 0) {
      drain(event_);
      want(Steady::now());
    }
    if ((descriptors[1].revents & POLLIN) == 0) return;
    const auto seen = watch_->read_events();
    if (seen.announced) want(Steady::now());
    if (seen.written) want(Steady::now() + commit_takes);
  }
  void want(Steady::time_point at) {
    at = std::max(at, earliest_);
    if (!due_ || at < *due_) due_ = at;
  }

  int event_;
  std::optional<Watch> watch_;
  std::optional<Steady::time_point> due_;
  Steady::time_point earliest_{};
};

}  // namespace

WakeListener::WakeListener(const std::string& path, std::function<void()> wake)
    : event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      // The watch stands before the constructor returns: what is announced after that is heard.
      thread_([listening = std::make_shared<Listening>(event_, path), wake = std::move(wake)](
                  const std::stop_token& stop) { listening->run(stop, wake); }) {}

WakeListener::~WakeListener() {
  thread_.request_stop();
  ring();
  thread_.join();
  close(event_);
}

void WakeListener::ring() const {
  const std::uint64_t one = 1;
  // A full counter is a ring that was not heard yet: nothing is lost.
  [[maybe_unused]] const auto written = write(event_, &one, sizeof one);
}

void touch(const std::string& path) {
  // By name: closing a second descriptor of the file would drop this process's locks on it.
  utimensat(AT_FDCWD, path.c_str(), nullptr, 0);
}

}  // namespace esteira::sqlite
