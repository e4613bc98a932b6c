#include "checks/store_view.hpp"

#include "domain/limits.hpp"

namespace esteira::sim {

void StoreView::begin_step(Time now) {
  now_ = now;
  tasks_.clear();
  executions_.clear();
  stats_.reset();
}

const Task* StoreView::task(TaskId task_id) {
  const auto [place, added] = tasks_.try_emplace(task_id);
  if (added) place->second = must(store_.task(task_id, now_));
  return place->second ? &*place->second : nullptr;
}

const std::vector<Execution>& StoreView::executions(TaskId task_id) {
  const auto [place, added] = executions_.try_emplace(task_id);
  if (added) place->second = must(store_.executions(task_id));
  return place->second;
}

const Stats& StoreView::stats() {
  if (!stats_) stats_ = must(store_.stats(now_));
  return *stats_;
}

std::vector<TaskId> StoreView::task_ids() {
  TaskFilter filter;
  filter.limit = static_cast<int>(limits::page_items_max);
  std::vector<TaskId> ids;
  for (const auto& task : must(store_.tasks(filter, now_))) ids.push_back(task.task_id);
  return ids;
}

}  // namespace esteira::sim
