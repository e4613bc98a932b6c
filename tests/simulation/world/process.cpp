#include "world/process.hpp"

#include <algorithm>

#include "world/world.hpp"

namespace esteira::sim {
namespace {

// So that a steady time of zero, which means "never" in places, is none of a run's.
constexpr Duration uptime = std::chrono::hours{1};

}  // namespace

Duration ProcessClock::wall() const { return stands() ? frozen_at_ : world_.at(); }

Time ProcessClock::now() const { return world_.now() - world_.at() + wall(); }

Duration ProcessClock::steady() const {
  return uptime + (stands() && steady_too_ ? frozen_at_ : world_.at());
}

void ProcessClock::freeze(Duration until, bool steady_too) {
  if (stands()) return;
  frozen_at_ = world_.at();
  until_ = until;
  steady_too_ = steady_too;
}

bool ProcessClock::stands() const { return world_.at() < until_; }

Process::Process(World& world, std::string role, std::uint64_t part)
    : world_(world),
      role_(std::move(role)),
      name_(role_),
      clock_(std::make_shared<ProcessClock>(world)),
      random_(stream(world.plan().seed, part)) {
  wake_at = world.at() + between(random_, Duration{0}, std::chrono::milliseconds{200});
}

void Process::rename() { name_ = fmt::format("{}.{}", role_, ++lives_); }

void Process::crash() {
  forget();
  rename();
  clock_->thaw();
  doomed = false;
  paused_until = Duration{0};
  away_until = Duration{0};
  const auto longest = world_.quiet() ? std::chrono::milliseconds{200} : std::chrono::seconds{4};
  wake_at = world_.at() + spread(random_, std::chrono::milliseconds{10}, longest);
}

void Process::recover() {
  paused_until = Duration{0};
  away_until = Duration{0};
  clock_->thaw();
  wake_at = std::min<Duration>(wake_at, world_.at() + std::chrono::milliseconds{200});
}

}  // namespace esteira::sim
