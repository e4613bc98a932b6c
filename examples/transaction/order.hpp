// What both programs share: a shop whose order and whose confirmation must exist together or not at
// all.
#pragma once

#include <cstdio>
#include <cstdlib>
#include <esteira/esteira.hpp>
#include <string_view>

class OrderConfirmation : public esteira::BaseProcessor {
 public:
  std::string_view task_type() const override { return "ORDER_CONFIRM"; }
  std::string_view description() const override { return "confirms an order to its customer"; }
  Result process(const Task& task, ExecutionContext& /*context*/) override { return task.payload; }
};

inline void check(bool condition, const char* what) {
  if (condition) return;
  std::fprintf(stderr, "failed: %s\n", what);
  std::exit(1);
}

// The value, or the end of the program with the reason.
template <class T>
T must(esteira::Expected<T> result, const char* what) {
  if (!result) {
    std::fprintf(stderr, "failed: %s: %s\n", what, result.error().message.c_str());
    std::exit(1);
  }
  if constexpr (!std::is_void_v<T>) return std::move(*result);
}

inline bool exists(esteira::TaskService& service, esteira::TaskId task_id) {
  auto task = service.task(task_id);
  if (!task) {
    check(task.error().code == esteira::ErrorCode::not_found, "reading the task");
    return false;
  }
  return task->status == esteira::TaskStatus::pending;
}
