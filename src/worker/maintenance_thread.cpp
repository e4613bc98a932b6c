#include "worker/maintenance_thread.hpp"

#include <algorithm>

#include "base/assert.hpp"
#include "base/thread_name.hpp"
#include "esteira/repository.hpp"
#include "worker/worker_name.hpp"

namespace esteira {
namespace {

constexpr Duration round_interval = std::chrono::seconds{1};
// Between two rounds, however many schedules are due: others want the database too.
constexpr Duration shortest_rest = std::chrono::milliseconds{10};
constexpr Duration clock_interval = std::chrono::seconds{30};

}  // namespace

MaintenanceThread::MaintenanceThread(std::string url, MaintenanceOptions options,
                                     std::shared_ptr<EventSink> events)
    : url_(std::move(url)), options_(std::move(options)), events_(std::move(events)) {
  if (options_.worker.empty()) options_.worker = default_worker_name(random_) + "/maintenance";
}

MaintenanceThread::~MaintenanceThread() {
  request_stop();
  wait();
}

Expected<void> MaintenanceThread::open() {
  repository_ = ESTEIRA_TRY(open_repository(url_, Migrate::if_embedded, options_.keyring));
  return clock_.sync(*repository_);
}

void MaintenanceThread::start() {
  ESTEIRA_ASSERT(repository_ != nullptr && !thread_.joinable());
  thread_ = std::thread([this] {
    name_this_thread("esteira-maint");
    run();
  });
}

void MaintenanceThread::request_stop() {
  stop_requested_ = true;
  waker_.wake();
}

void MaintenanceThread::wait() {
  if (thread_.joinable()) thread_.join();
}

void MaintenanceThread::run() {
  Maintenance maintenance(options_, *repository_, clock_, random_, events_.get());
  auto clock_at = clock_.steady() + clock_interval;
  while (!stop_requested_) {
    if (clock_.steady() >= clock_at) {
      clock_at = clock_.steady() + clock_interval;
      static_cast<void>(clock_.sync(*repository_));  // the old offset serves until the next time
    }
    const auto progress = maintenance.step();  // what failed is offered again in the next round
    const bool more = progress && (progress->operations_wait || progress->expiries_wait ||
                                   progress->dependencies_wait);
    if (more) continue;
    const auto spread = static_cast<double>(round_interval.count()) * random_.fraction() / 2;
    auto rest = round_interval / 2 + Duration{static_cast<std::int64_t>(spread)};
    if (const auto next = maintenance.next_schedule()) {
      rest = std::clamp(*next - clock_.now(), shortest_rest, rest);
    }
    waker_.wait(rest);
  }
}

}  // namespace esteira
