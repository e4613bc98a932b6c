#include "domain/dependencies.hpp"

#include <set>
#include <utility>

#include <fmt/format.h>

namespace esteira {

ChildFate decide_child(const TaskTerms& child, const ParentEnds& parents) {
  const bool strict = child.dependency_rule == DependencyRule::completed &&
                      child.on_parent_failure == ParentFailure::cancel;
  if (strict && parents.failed + parents.cancelled > 0) return ChildFate::cancel;
  return parents.open > 0 ? ChildFate::wait : ChildFate::run;
}

bool has_ended(TaskStatus status) {
  return status != TaskStatus::pending && status != TaskStatus::processing;
}

void count_parent(TaskStatus status, ParentEnds& ends) {
  switch (status) {
    case TaskStatus::pending:
    case TaskStatus::processing:
      ++ends.open;
      break;
    case TaskStatus::completed:
      ++ends.completed;
      break;
    case TaskStatus::failed:
      ++ends.failed;
      break;
    case TaskStatus::cancelled:
      ++ends.cancelled;
      break;
  }
}

std::unexpected<Error> no_parent(std::size_t place, std::size_t parent, TaskId parent_id) {
  auto message = fmt::format("there is no task {} to depend on", parent_id);
  return std::unexpected(
      Error{.code = ErrorCode::invalid_argument,
            .message = message,
            .fields = {{fmt::format("/{}/depends_on/{}", place, parent), message}}});
}

std::unexpected<Error> batch_is_closed(std::size_t place, std::string_view batch_id) {
  auto message = fmt::format("batch \"{}\" is closed: no task joins it any more", batch_id);
  return std::unexpected(Error{.code = ErrorCode::conflict,
                               .message = message,
                               .fields = {{fmt::format("/{}/batch_id", place), message}}});
}

std::unexpected<Error> batch_exists(std::string_view batch_id) {
  return std::unexpected(
      Error{.code = ErrorCode::conflict,
            .message = fmt::format("there is a batch \"{}\" already", batch_id)});
}

namespace {

// A retry in the making: all are taken along, until one is found that may not live.
class RetryPlan {
 public:
  RetryPlan(std::span<const EndedTask> ended, const std::map<TaskId, TaskStatus>& standing)
      : standing_(standing) {
    for (const auto& task : ended) {
      tasks_.emplace(task.task_id, &task.terms);
      for (const auto parent : task.terms.depends_on) children_.emplace(parent, task.task_id);
    }
    for (const auto& task : ended) leave_out_if_dead(task.task_id);
  }
  // Each after those of its parents that are retried too.
  [[nodiscard]] std::vector<TaskId> retried() const {
    std::map<TaskId, std::size_t> held_by;
    std::vector<TaskId> ids;
    for (const auto& [task_id, terms] : tasks_) {
      if (left_out_.contains(task_id)) continue;
      std::set<TaskId> parents;
      for (const auto parent : terms->depends_on) {
        if (tasks_.contains(parent) && !left_out_.contains(parent)) parents.insert(parent);
      }
      if (parents.empty()) ids.push_back(task_id);
      held_by[task_id] = parents.size();
    }
    for (std::size_t next = 0; next < ids.size(); ++next) {
      std::set<TaskId> freed;
      const auto [first, last] = children_.equal_range(ids[next]);
      for (auto child = first; child != last; ++child) freed.insert(child->second);
      for (const auto child : freed) {
        const auto held = held_by.find(child);
        if (held != held_by.end() && --held->second == 0) ids.push_back(child);
      }
    }
    return ids;
  }

 private:
  // Leaving one out may leave out those that depend on it.
  void leave_out_if_dead(TaskId task_id) {
    std::vector<TaskId> open{task_id};
    while (!open.empty()) {
      const auto next = open.back();
      open.pop_back();
      if (left_out_.contains(next) || lives(*tasks_.at(next))) continue;
      left_out_.insert(next);
      const auto [first, last] = children_.equal_range(next);
      for (auto child = first; child != last; ++child) open.push_back(child->second);
    }
  }
  [[nodiscard]] bool lives(const TaskTerms& terms) const {
    ParentEnds ends;
    for (const auto parent : terms.depends_on) {
      if (left_out_.contains(parent)) {
        ++ends.failed;  // it stays as it ended
      } else if (tasks_.contains(parent)) {
        ++ends.open;
      } else if (const auto found = standing_.find(parent); found != standing_.end()) {
        count_parent(found->second, ends);
      }
    }
    return decide_child(terms, ends) != ChildFate::cancel;
  }

  const std::map<TaskId, TaskStatus>& standing_;
  std::map<TaskId, const TaskTerms*> tasks_;
  std::multimap<TaskId, TaskId> children_;
  std::set<TaskId> left_out_;
};

}  // namespace

std::vector<TaskId> plan_retry(std::span<const EndedTask> ended,
                               const std::map<TaskId, TaskStatus>& standing) {
  return RetryPlan(ended, standing).retried();
}

}  // namespace esteira
