// Small words that keep tests short.
#pragma once

#include <barrier>
#include <chrono>
#include <exception>
#include <stdexcept>
#include <string>
#include <thread>
#include <utility>
#include <vector>

#include "esteira/error.hpp"

namespace esteira::test {

// The value, or a failed test with the error's words.
template <class T>
T must(Expected<T> expected) {
  if (!expected) {
    throw std::runtime_error("unexpected error " +
                             std::to_string(static_cast<int>(expected.error().code)) + ": " +
                             expected.error().message);
  }
  if constexpr (!std::is_void_v<T>) return *std::move(expected);
}

// The error, or a failed test where there is none.
template <class T>
Error error_of(const Expected<T>& expected) {
  if (expected) throw std::runtime_error("an error was expected, and a value came");
  return expected.error();
}

// Asks until the answer is true or the limit is over; answers the last answer.
template <class Predicate>
bool eventually(std::chrono::milliseconds limit, Predicate&& predicate) {
  const auto end = std::chrono::steady_clock::now() + limit;
  while (!predicate()) {
    if (std::chrono::steady_clock::now() >= end) return false;
    std::this_thread::sleep_for(std::chrono::milliseconds{2});
  }
  return true;
}

// Runs `body(0)` … `body(count - 1)`, each on a thread of its own, started together; throws the
// first exception that one of them threw, after all have ended.
template <class Body>
void run_together(int count, Body&& body) {
  std::vector<std::exception_ptr> errors(static_cast<std::size_t>(count));
  std::barrier start{count};
  {
    std::vector<std::jthread> threads;
    threads.reserve(errors.size());
    for (int index = 0; index < count; ++index) {
      threads.emplace_back([&, index] {
        start.arrive_and_wait();
        try {
          body(index);
        } catch (...) {
          errors[static_cast<std::size_t>(index)] = std::current_exception();
        }
      });
    }
  }
  for (const std::exception_ptr& error : errors) {
    if (error) std::rethrow_exception(error);
  }
}

}  // namespace esteira::test
