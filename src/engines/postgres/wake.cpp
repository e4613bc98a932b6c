#include "engines/postgres/wake.hpp"

#include <array>
#include <cstdlib>
#include <poll.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <libpq-fe.h>

#include "base/random.hpp"
#include "base/thread_name.hpp"
#include "engines/postgres/connection.hpp"
#include "postgres_sql.hpp"

namespace esteira::postgres {

using namespace std::chrono_literals;

namespace {

using Steady = std::chrono::steady_clock;

// A hint in each enqueue's wake would cost two thirds of the throughput.
constexpr auto hint_period = 5ms;

// When any object of this process last sent a hint.
std::atomic<Steady::rep> last_hint{0};

// Waits until the socket is readable (true), the time is over, or the event is set; -1: no limit.
bool readable(int socket, int stop_event, std::chrono::milliseconds limit) {
  std::array<pollfd, 2> descriptors{pollfd{.fd = socket, .events = POLLIN, .revents = 0},
                                    pollfd{.fd = stop_event, .events = POLLIN, .revents = 0}};
  if (poll(descriptors.data(), descriptors.size(), static_cast<int>(limit.count())) <= 0) {
    return false;
  }
  return descriptors[0].revents != 0 && descriptors[1].revents == 0;
}

bool stopped(int stop_event) { return readable(stop_event, -1, 0ms); }

bool start_listening(PGconn* connection) {
  PGresult* result = PQexec(connection, sql::listen.data());
  const bool listening = PQresultStatus(result) == PGRES_COMMAND_OK;
  PQclear(result);
  return listening;
}

bool take_notifications(PGconn* connection) {
  bool any = false;
  while (PGnotify* notification = PQnotifies(connection)) {
    PQfreemem(notification);
    any = true;
  }
  return any;
}

// Until the connection is lost or the event is set.
void forward(PGconn* connection, int stop_event, const std::function<void()>& wake) {
  // What was sent while nobody listened is made up for.
  wake();
  while (!stopped(stop_event)) {
    if (!readable(PQsocket(connection), stop_event, -1ms)) continue;
    if (PQconsumeInput(connection) != 1) return;
    if (take_notifications(connection)) wake();
  }
}

void listen_until(const std::string& url, int stop_event, const std::function<void()>& wake) {
  name_this_thread("esteira-listen");
  SystemRandom random;
  for (auto delay = 100ms; !stopped(stop_event); delay = std::min<decltype(delay)>(2 * delay, 5s)) {
    auto connection = connect_to(url);
    if (connection) {
      // A pool that gives each transaction another server connection delivers no notifications.
      if (behind_pool(connection->get())) return;
      if (start_listening(connection->get())) {
        delay = 100ms;
        forward(connection->get(), stop_event, wake);
      }
    }
    const auto jittered = delay * (0.5 + random.fraction() / 2);
    readable(-1, stop_event, std::chrono::duration_cast<std::chrono::milliseconds>(jittered));
  }
}

}  // namespace

Wake::Wake(std::string url, std::function<void()> notify)
    : url_(std::move(url)), notify_(std::move(notify)), stop_event_(eventfd(0, EFD_CLOEXEC)) {}

Wake::~Wake() {
  std::vector<std::thread> threads;
  {
    const MutexLock lock{mutex_};
    stopped_ = true;
    threads = std::move(listeners_);
    if (sender_.joinable()) threads.push_back(std::move(sender_));
  }
  changed_.notify_all();
  eventfd_write(stop_event_, 1);
  for (std::thread& thread : threads) thread.join();
  close(stop_event_);
}

void Wake::hint() {
  {
    const MutexLock lock{mutex_};
    if (hinted_ || stopped_) return;
    hinted_ = true;
    if (!sender_.joinable()) sender_ = std::thread{[this] { send_hints(); }};
  }
  changed_.notify_all();
}

void Wake::listen(std::function<void()> wake) {
  const MutexLock lock{mutex_};
  if (stopped_) return;
  listeners_.emplace_back([url = url_, event = stop_event_, wake = std::move(wake)] {
    listen_until(url, event, wake);
  });
}

// Sends at the end of the period what was asked for within it: the last enqueue is never without
// its hint.
void Wake::send_hints() {
  name_this_thread("esteira-hint");
  for (;;) {
    {
      const MutexLock lock{mutex_};
      while (!hinted_ && !stopped_) changed_.wait(mutex_);
      for (;;) {
        const auto next = Steady::time_point{Steady::duration{last_hint.load()}} + hint_period;
        const auto now = Steady::now();
        if (stopped_ || now >= next) break;
        changed_.wait_for(mutex_, next - now);
      }
      if (stopped_ && !hinted_) return;
      hinted_ = false;
    }
    last_hint.store(Steady::now().time_since_epoch().count());
    notify_();
  }
}

}  // namespace esteira::postgres
