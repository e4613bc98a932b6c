#include "http/event_look.hpp"

#include <fmt/format.h>

#include "api/event_json.hpp"
#include "api/task_json.hpp"
#include "base/assert.hpp"
#include "http/problem.hpp"

namespace esteira::http {
namespace {

// More would be read again by most who listen anyway.
constexpr int tasks_in_event_max = 200;

Chunk event(std::string_view name, std::string_view id, std::string_view data) {
  return std::make_shared<const std::string>(
      fmt::format("id: {}\nevent: {}\ndata: {}\n\n", id, name, data));
}

struct News {
  std::string cursor;
  Chunk event;  // null: nothing changed
};

Expected<News> news_since(TaskRepository& repository, const std::optional<std::string>& cursor) {
  const auto page = ESTEIRA_TRY(repository.changes(cursor, tasks_in_event_max));
  News news{.cursor = page.cursor, .event = nullptr};
  if (page.missed) {
    news.event = event("reset", page.cursor, "{}");
  } else if (page.more || !page.task_ids.empty()) {
    const auto states = ESTEIRA_TRY(repository.task_states(page.task_ids));
    news.event = event("tasks", page.cursor, esteira::to_text(api::changes_to_json(page, states)));
  }
  return news;
}

// Only a refusal ends a stream: a database that is away does not.
void look_at_keys(const Look& look, const Gate& gate, Services& services, Seen& seen) {
  const Route route{
      .method = "GET", .pattern = "", .need = Scope::tasks_read, .handler = Handler{}};
  for (const auto& [name, shown] : look.askers) {
    Call call = shown;
    const auto answer = gate(call, route, services);
    if (answer && (answer->status == 401 || answer->status == 403)) seen.refused.push_back(name);
  }
}

void look_at_stats(Services& services, Seen& seen) {
  const auto begun = std::chrono::steady_clock::now();
  const auto stats = services.repository->stats(services.now());
  seen.stats_took = std::chrono::steady_clock::now() - begun;
  if (!stats) return;
  auto json = api::stats_to_json(*stats);
  seen.stats = event("stats", seen.cursor, esteira::to_text(json));
  json.as_object().erase("generated_at");
  seen.stats_shape = esteira::to_text(json);
}

void look_at_changes(const Look& look, Services& services, Seen& seen) {
  auto news = news_since(*services.repository, look.cursor);
  if (!news) {
    seen.failure = problem(news.error());
    return;
  }
  seen.cursor = std::move(news->cursor);
  seen.tasks = std::move(news->event);
  // After the feed's own look: what it finds next is younger than what they are told here.
  for (const auto& place : look.resumed) {
    const auto missed = news_since(*services.repository, place);
    if (missed) {
      seen.resumed.emplace(place, missed->event);
    } else {
      seen.resumed.emplace(place, problem(missed.error()));
    }
  }
  if (look.stats) look_at_stats(services, seen);
}

}  // namespace

Seen look_at(const Look& look, const Gate& gate, Services* services) {
  Seen seen;
  if (services == nullptr) {
    seen.failure = problem(503, "the database does not answer: try again soon");
    return seen;
  }
  try {
    look_at_keys(look, gate, *services, seen);
    look_at_changes(look, *services, seen);
  } catch (const std::exception& exception) {
    seen.failure = problem(Error{.code = ErrorCode::internal, .message = exception.what()});
  }
  return seen;
}

}  // namespace esteira::http
