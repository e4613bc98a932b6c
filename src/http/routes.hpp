// The routes, a file for each kind of thing.
#pragma once

#include <chrono>
#include <functional>
#include <vector>

#include "http/rate_book.hpp"
#include "http/router.hpp"
#include "http/service_pool.hpp"
#include "service/enqueue_service.hpp"
#include "service/key_service.hpp"
#include "service/session_service.hpp"
#include "worker/work_service.hpp"

namespace esteira::http {

class EventFeed;

// `enqueue` must outlive the routes' use.
[[nodiscard]] std::vector<Route> task_routes(EnqueueService& enqueue);
// Bulk changes.
[[nodiscard]] std::vector<Route> operation_routes();
[[nodiscard]] std::vector<Route> type_routes();
[[nodiscard]] std::vector<Route> schedule_routes();
[[nodiscard]] std::vector<Route> batch_routes();
// `work` must outlive the routes' use.
[[nodiscard]] std::vector<Route> work_routes(WorkService& work);
// `keys` must outlive the routes' use.
[[nodiscard]] std::vector<Route> key_routes(KeyService& keys);
// `feed` must outlive the routes' use.
[[nodiscard]] std::vector<Route> event_routes(EventFeed& feed);
// Both must outlive the routes' use.
[[nodiscard]] std::vector<Route> session_routes(SessionService& sessions, RateBook& rates);
// Statistics and workers.
[[nodiscard]] std::vector<Route> state_routes();
// /healthz, and /readyz with what `ready` says of this process beside the database; it is 503 where
// nothing is known after `limit`. `pool` must outlive the routes' use; `ready` runs in it.
inline constexpr std::chrono::milliseconds ready_limit{2'000};
[[nodiscard]] std::vector<Route> health_routes(ServicePool& pool,
                                               std::function<Expected<void>()> ready,
                                               std::chrono::milliseconds limit = ready_limit);
// /openapi.json and /docs, which describe `routes` and themselves: added last.
void add_documentation_routes(std::vector<Route>& routes);

// What routes ask beside a call's Services. All of it must outlive the routes' use.
struct RouteParts {
  EnqueueService& enqueue;
  WorkService& work;
  KeyService& keys;
  SessionService& sessions;
  RateBook& rates;
  EventFeed& feed;
  ServicePool& pool;
  std::function<Expected<void>()> ready;  // what this process says of itself; runs in the pool
};
// Everything that the server answers: the one table.
[[nodiscard]] std::vector<Route> all_routes(const RouteParts& parts);

}  // namespace esteira::http
