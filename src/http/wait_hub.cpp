#include "http/wait_hub.hpp"

#include <algorithm>

#include <boost/asio/redirect_error.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

namespace esteira::http {
namespace {

constexpr int woken_at_once = 4;

}  // namespace

boost::asio::awaitable<void> WaitHub::wait(std::chrono::steady_clock::time_point until) {
  const auto executor = co_await boost::asio::this_coro::executor;
  Waiter waiter{.timer = boost::asio::steady_timer(executor)};
  waiter.timer.expires_at(until);
  const auto place = waiting_.insert(waiting_.end(), &waiter);
  boost::system::error_code error;
  co_await waiter.timer.async_wait(boost::asio::redirect_error(boost::asio::use_awaitable, error));
  if (!waiter.woken) waiting_.erase(place);
}

void WaitHub::wake_some() {
  for (int i = 0; i < woken_at_once && !waiting_.empty(); ++i) {
    auto* waiter = waiting_.front();
    waiting_.pop_front();
    waiter->woken = true;
    waiter->timer.cancel();
  }
}

void WaitHub::wake_all() {
  while (!waiting_.empty()) wake_some();
}

}  // namespace esteira::http
