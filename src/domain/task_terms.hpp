// What is said of some tasks beyond the order that every task has. A store keeps it as one JSON
// object, or nothing where there is nothing to say, and looks at none of it.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "esteira/task.hpp"

namespace esteira {

struct TaskTerms {
  std::optional<Time> expires_at;
  UniqueScope unique_scope = UniqueScope::active;
  std::optional<Time> unique_until;  // of the scope `window`
  std::optional<std::string> flow_key;
  std::vector<TaskId> depends_on;
  DependencyRule dependency_rule = DependencyRule::completed;
  ParentFailure on_parent_failure = ParentFailure::cancel;
  std::optional<std::string> batch_id;
  std::int64_t rate_cost = 1;
  bool encrypted = false;  // payload, result and checkpoint are stored enciphered

  friend bool operator==(const TaskTerms&, const TaskTerms&) = default;
};

// Nothing where all stands at its default.
[[nodiscard]] std::optional<std::string> stored_terms(const TaskTerms& terms);
// What a store holds; what this version can't read of it is left out.
[[nodiscard]] TaskTerms read_task_terms(std::string_view stored);
// What of the terms people see.
void show_terms(const TaskTerms& terms, Task& task);

}  // namespace esteira
