// The bound that `esteira bench` is compared with: the same tables and the same durability, one
// connection, one transaction a batch, and nothing else. It checks no fence, keeps no unique keys
// and no statistics, and runs no processor; the result of each task is its payload, as NOOP's.
#pragma once

#include <chrono>
#include <string>

namespace esteira::limit {

struct Settings {
  std::string address;  // without "sqlite:"; a libpq URI
  int tasks = 100'000;
  int batch = 500;
  int singles = 1'000;  // created one by one, each in a commit of its own
};

struct Rates {
  double enqueue_per_second = 0;
  double enqueue_one_by_one_per_second = 0;
  double drain_per_second = 0;
};

// The database must have Esteira's schema (`esteira migrate up`), the type NOOP, and no task that
// waits. Both throw std::runtime_error with the database's words.
[[nodiscard]] Rates measure_sqlite(const Settings& settings);
[[nodiscard]] Rates measure_postgres(const Settings& settings);

// The payload of task `number`: about 95 bytes, as a message's is.
[[nodiscard]] std::string payload(int number);

class Stopwatch {
 public:
  [[nodiscard]] double rate(int count) const {
    const std::chrono::duration<double> passed = std::chrono::steady_clock::now() - began_;
    return count / passed.count();
  }

 private:
  std::chrono::steady_clock::time_point began_ = std::chrono::steady_clock::now();
};

}  // namespace esteira::limit
