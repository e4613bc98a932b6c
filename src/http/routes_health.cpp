// Whether the process lives, and whether it can do its work.
#include "http/answers.hpp"
#include "http/readiness.hpp"
#include "http/routes.hpp"

namespace esteira::http {

std::vector<Route> health_routes(ServicePool& pool, std::function<Expected<void>()> ready,
                                 std::chrono::milliseconds limit) {
  const AsyncHandler alive = [](Call /*call*/, const std::function<void(Response)>& done) {
    done(fine());
  };
  const AsyncHandler readiness = [asked = std::make_shared<Readiness>(pool, std::move(ready))](
                                     Call /*call*/, std::function<void(Response)> done) {
    asked->ask(std::move(done));
  };
  return {{.method = "GET",
           .pattern = "/healthz",
           .need = std::nullopt,
           .handler = alive,
           .body_bytes_max = 0},
          {.method = "GET",
           .pattern = "/readyz",
           .need = std::nullopt,
           .handler = readiness,
           .body_bytes_max = 0,
           .answer_limit = limit}};
}

}  // namespace esteira::http
