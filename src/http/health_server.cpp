#include "http/health_server.hpp"

#include <fmt/format.h>

#include "base/assert.hpp"
#include "http/gate.hpp"

namespace esteira::http {
namespace {

constexpr std::size_t calls_waiting_max = 64;

}  // namespace

Expected<std::unique_ptr<Server>> start_health_server(HealthOptions options) {
  const auto& listen = options.server.listen;
  if (!is_loopback(listen)) {
    return fail(ErrorCode::invalid_argument,
                fmt::format("{} can be reached from other machines, and a worker's health is for "
                            "this one: listen on a loopback address, such as 127.0.0.1:{}",
                            to_text(listen), listen.port));
  }
  // One thread: there is only one question, and those who ask meanwhile share its answer.
  auto pool = std::make_shared<ServicePool>(1, calls_waiting_max, std::move(options.open));
  auto router =
      std::make_shared<const Router>(health_routes(*pool, std::move(options.ready), options.limit));
  return Server::start(std::move(options.server),
                       {.router = std::move(router),
                        .pool = std::move(pool),
                        .door = refuse_strangers,
                        .gate = [](Call& /*call*/, const Route& /*route*/, Services& /*services*/) {
                          return std::optional<Response>{};
                        }});
}

}  // namespace esteira::http
