// The calls with an idempotency key that run at this moment.
#pragma once

#include <optional>
#include <set>
#include <string>
#include <utility>

#include "base/mutex.hpp"

namespace esteira::http {

// Thread-safe. Of this process: another's are kept apart by the database.
class InFlight {
 public:
  class Held {
   public:
    Held(InFlight& all, std::string name) : all_(&all), name_(std::move(name)) {}
    ~Held() {
      if (all_ != nullptr) all_->release(name_);
    }
    Held(Held&& other) noexcept
        : all_(std::exchange(other.all_, nullptr)), name_(std::move(other.name_)) {}
    Held(const Held&) = delete;
    Held& operator=(const Held&) = delete;
    Held& operator=(Held&&) = delete;

   private:
    InFlight* all_;
    std::string name_;
  };

  // Nothing: a call of this name runs.
  [[nodiscard]] std::optional<Held> hold(std::string name) {
    {
      const MutexLock lock(mutex_);
      if (!names_.insert(name).second) return std::nullopt;
    }
    return std::optional<Held>(std::in_place, *this, std::move(name));
  }

 private:
  void release(const std::string& name) {
    const MutexLock lock(mutex_);
    names_.erase(name);
  }

  Mutex mutex_;
  std::set<std::string> names_ ESTEIRA_GUARDED_BY(mutex_);
};

}  // namespace esteira::http
