// Where calls wait that have no answer yet.
#pragma once

#include <chrono>
#include <list>

#include <boost/asio/awaitable.hpp>
#include <boost/asio/steady_timer.hpp>

namespace esteira::http {

// The server's thread only.
class WaitHub {
 public:
  // Returns when it is this caller's turn to look, or at `until`.
  boost::asio::awaitable<void> wait(std::chrono::steady_clock::time_point until);
  // Lets some of those look who have waited longest: one task does not wake a thousand. Who finds
  // something wakes the next.
  void wake_some();
  // The server ends: everybody looks for the last time.
  void wake_all();
  [[nodiscard]] std::size_t waiting() const { return waiting_.size(); }

 private:
  struct Waiter {
    boost::asio::steady_timer timer;
    bool woken = false;  // and no longer in the list
  };
  std::list<Waiter*> waiting_;
};

}  // namespace esteira::http
