// Tasks, for people.
#pragma once

#include <span>
#include <string>

#include "cli/output.hpp"
#include "esteira/task.hpp"

namespace esteira::cli {

[[nodiscard]] std::string task_text(const Task& task);
[[nodiscard]] Table tasks_table(std::span<const Task> tasks);

// As JSON or for people.
void print_task(const Task& task, bool json);

}  // namespace esteira::cli
