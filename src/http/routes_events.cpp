// What changes, as it changes.
#include "http/event_feed.hpp"
#include "http/routes.hpp"

namespace esteira::http {

std::vector<Route> event_routes(EventFeed& feed) {
  const StreamHandler listening = [&feed](Call call) { return feed.listen(std::move(call)); };
  return {{"GET", "/api/v1/events", Scope::tasks_read, listening, {"last_event_id"}}};
}

}  // namespace esteira::http
