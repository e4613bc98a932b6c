#include "api/event_json.hpp"

#include <algorithm>

#include "api/task_json.hpp"

namespace esteira::api {
namespace {

Json state_to_json(const TaskState& state) {
  return JsonObject{{"task_id", state.task_id},
                    {"type", state.type},
                    {"status", to_text(state.status)},
                    {"attempt", state.attempt},
                    {"priority", state.priority},
                    {"retries", state.retries},
                    {"worker", state.worker ? Json(*state.worker) : Json(nullptr)},
                    {"progress", state.progress ? Json(*state.progress) : Json(nullptr)},
                    {"scheduled_for", time_to_json(state.scheduled_for)},
                    {"updated_at", time_to_json(state.updated_at)}};
}

}  // namespace

Json changes_to_json(const ChangesPage& page, std::span<const TaskState> states) {
  JsonArray items;
  for (const TaskId task_id : page.task_ids) {
    const auto found = std::ranges::lower_bound(states, task_id, {}, &TaskState::task_id);
    if (found != states.end() && found->task_id == task_id) {
      items.push_back(state_to_json(*found));
    } else {
      items.push_back(JsonObject{{"task_id", task_id}, {"deleted", true}});
    }
  }
  return JsonObject{{"items", std::move(items)}, {"more", page.more}};
}

}  // namespace esteira::api
