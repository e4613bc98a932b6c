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

#include "base/thread_name.hpp"

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

// A descriptor that tells of changes to files; -1 where the system gives none, which poll() skips.
class Watch {
 public:
  Watch() : inotify_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {}
  ~Watch() {
    if (inotify_ >= 0) close(inotify_);
  }
  Watch(const Watch&) = delete;
  Watch& operator=(const Watch&) = delete;

  [[nodiscard]] int descriptor() const { return inotify_; }
  int add(const std::string& path, std::uint32_t events) {
    return inotify_add_watch(inotify_, path.c_str(), events);
  }
  // Calls `take` with each event that waits.
  void read_events(const std::function<void(const inotify_event&)>& take) const {
    alignas(inotify_event) std::array<char, 4096> buffer;
    for (;;) {
      const auto size = read(inotify_, buffer.data(), buffer.size());
      if (size <= 0) return;
      for (std::size_t at = 0; at < static_cast<std::size_t>(size);) {
        const auto* event = reinterpret_cast<const inotify_event*>(buffer.data() + at);
        take(*event);
        at += sizeof(inotify_event) + event->len;
      }
    }
  }

 private:
  int inotify_;
};

// Those who announce an enqueue touch the file's times.
class AnnouncementWatch {
 public:
  explicit AnnouncementWatch(const std::string& path) { watch_.add(path, IN_ATTRIB); }
  [[nodiscard]] int descriptor() const { return watch_.descriptor(); }
  void read_events() const {
    watch_.read_events([](const inotify_event&) {});
  }

 private:
  Watch watch_;
};

// Those who don't, other programs, write to the log all the same.
class LogWatch {
 public:
  explicit LogWatch(const std::string& path) : path_(path + "-wal") {
    const std::filesystem::path file(path);
    const auto folder = file.has_parent_path() ? file.parent_path() : std::filesystem::path(".");
    name_ = std::filesystem::path(path_).filename();
    folder_ = watch_.add(folder, IN_CREATE | IN_MOVED_TO);
    watch_log();
  }
  [[nodiscard]] int descriptor() const { return watch_.descriptor(); }
  // True: the log was written, or is new.
  bool read_events() {
    bool written = false;
    watch_.read_events([&](const inotify_event& event) {
      if (event.wd == folder_) {
        // Other files of the folder come and go.
        if (event.len == 0 || name_ != event.name) return;
        watch_log();
      }
      written = true;
    });
    return written;
  }

 private:
  void watch_log() { watch_.add(path_, IN_MODIFY); }

  Watch watch_;
  std::string path_;
  std::string name_;
  int folder_ = -1;
};

// Waits for a ring, an event of the watch or the end of `wait`.
class Listening {
 public:
  Listening(int event, const std::string& path) : event_(event) {
    if (path == ":memory:") return;
    announcements_.emplace(path);
    log_.emplace(path);
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
    std::array<pollfd, 3> descriptors{
        {{.fd = event_, .events = POLLIN},
         {.fd = announcements_ ? announcements_->descriptor() : -1, .events = POLLIN},
         // A busy log tells of each of its pages: while a wake is on its way, it is not asked.
         {.fd = log_ && !due_ ? log_->descriptor() : -1, .events = POLLIN}}};
    timespec limit{};
    if (due_) {
      const auto left = std::max<Steady::duration>(*due_ - Steady::now(), 0ns);
      limit.tv_sec = std::chrono::duration_cast<std::chrono::seconds>(left).count();
      limit.tv_nsec = (left % 1s).count();
    }
    ppoll(descriptors.data(), descriptors.size(), due_ ? &limit : nullptr, nullptr);
    const auto has = [&](std::size_t i) { return (descriptors.at(i).revents & POLLIN) != 0; };
    if (has(0)) {
      drain(event_);
      want(Steady::now());
    }
    if (has(1)) {
      announcements_->read_events();
      want(Steady::now());
    }
    if (has(2) && log_->read_events()) want(Steady::now() + commit_takes);
  }
  void want(Steady::time_point at) {
    at = std::max(at, earliest_);
    if (!due_ || at < *due_) due_ = at;
  }

  int event_;
  std::optional<AnnouncementWatch> announcements_;
  std::optional<LogWatch> log_;
  std::optional<Steady::time_point> due_;
  Steady::time_point earliest_{};
};

}  // namespace

WakeListener::WakeListener(const std::string& path, std::function<void()> wake)
    : event_(eventfd(0, EFD_NONBLOCK | EFD_CLOEXEC)),
      // The watch stands before the constructor returns: what is announced after that is heard.
      thread_([listening = std::make_shared<Listening>(event_, path),
               wake = std::move(wake)](const std::stop_token& stop) {
        name_this_thread("esteira-listen");
        listening->run(stop, wake);
      }) {}

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
