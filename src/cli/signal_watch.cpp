#include "cli/signal_watch.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <poll.h>
#include <pthread.h>
#include <sys/eventfd.h>
#include <sys/signalfd.h>
#include <unistd.h>

#include "base/assert.hpp"
#include "base/thread_name.hpp"

namespace esteira::cli {
namespace {

// `timeout` and scripts that pass Ctrl-C on send one wish twice.
constexpr std::chrono::milliseconds one_wish{100};

}  // namespace

SignalWatch::SignalWatch(std::function<void(int)> on_stop, std::function<void()> on_reload)
    : on_stop_(std::move(on_stop)), on_reload_(std::move(on_reload)) {
  sigset_t set;
  sigemptyset(&set);
  sigaddset(&set, SIGTERM);
  sigaddset(&set, SIGINT);
  if (on_reload_) sigaddset(&set, SIGHUP);
  pthread_sigmask(SIG_BLOCK, &set, nullptr);
  // A peer that hangs up is an error of that connection, not the end of the program.
  std::signal(SIGPIPE, SIG_IGN);
  signals_ = signalfd(-1, &set, SFD_CLOEXEC);
  stop_ = eventfd(0, EFD_CLOEXEC);
  ESTEIRA_ASSERT(signals_ >= 0 && stop_ >= 0);
  thread_ = std::thread([this] { run(); });
}

SignalWatch::~SignalWatch() {
  eventfd_write(stop_, 1);
  thread_.join();
  close(signals_);
  close(stop_);
}

void SignalWatch::wait() {
  const MutexLock lock(mutex_);
  while (count_ == 0) came_.wait(mutex_);
}

void SignalWatch::run() {
  name_this_thread("esteira-signal");
  while (true) {
    std::array<pollfd, 2> files{{{signals_, POLLIN, 0}, {stop_, POLLIN, 0}}};
    if (poll(files.data(), files.size(), -1) < 0) continue;
    if (files[1].revents != 0) return;
    signalfd_siginfo info{};
    if (read(signals_, &info, sizeof info) != static_cast<ssize_t>(sizeof info)) continue;
    info.ssi_signo == SIGHUP ? on_reload_() : count_stop();
  }
}

void SignalWatch::count_stop() {
  const auto now = std::chrono::steady_clock::now();
  if (now - last_stop_ < one_wish) return;
  last_stop_ = now;
  int count = 0;
  {
    const MutexLock lock(mutex_);
    count = ++count_;
    came_.notify_all();
  }
  on_stop_(count);
}

}  // namespace esteira::cli
