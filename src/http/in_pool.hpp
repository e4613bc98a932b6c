// From the server's thread into the pool and back.
#pragma once

#include <memory>
#include <optional>
#include <utility>

#include <boost/asio/async_result.hpp>
#include <boost/asio/awaitable.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/this_coro.hpp>
#include <boost/asio/use_awaitable.hpp>

#include "http/service_pool.hpp"

namespace esteira::http {

// g++ 12 moves temporaries of a co_await's expression about as plain bytes, which strings and
// functions do not survive. So what is awaited is made of named things, handed on by reference: all
// callers wait for what they call, and their frames outlive it.

// Runs `work(Services*)` in the pool and comes back to the server's thread with what it returns;
// nothing where the pool is full.
template <class T, class Work>
boost::asio::awaitable<std::optional<T>> in_pool(ServicePool& pool, Work& work) {
  using boost::asio::use_awaitable;
  const auto executor = co_await boost::asio::this_coro::executor;
  auto initiate = [&pool, &work, executor](auto handler) {
    auto kept = std::make_shared<decltype(handler)>(std::move(handler));
    const auto finish = [executor, kept](std::optional<T> value) {
      boost::asio::post(executor,
                        [kept, value = std::move(value)]() mutable { (*kept)(std::move(value)); });
    };
    const bool posted = pool.post([finish, &work](Services* services) { finish(work(services)); });
    if (!posted) finish(std::nullopt);
  };
  co_return co_await boost::asio::async_initiate<decltype(use_awaitable), void(std::optional<T>)>(
      initiate, use_awaitable);
}

}  // namespace esteira::http
