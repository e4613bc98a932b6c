#include "protocol_server.hpp"

#include "api/work_json.hpp"
#include "base/assert.hpp"

namespace esteira::test {
namespace {

// As of a route; an answer may be larger and, by its own fields, deeper than what was sent.
constexpr std::size_t body_bytes_max = std::size_t{32} * 1024 * 1024;
constexpr JsonLimits answer_limits{.bytes_max = body_bytes_max * 4, .depth_max = 80};

template <class Read, class Serve>
Expected<Json> exchange(const Json& body, const Read& read, const Serve& serve) {
  const auto received = ESTEIRA_TRY(parse_json(to_text(body), {.bytes_max = body_bytes_max}));
  const auto call = ESTEIRA_TRY(read(received));
  const Json answer = ESTEIRA_TRY(serve(call));
  return parse_json(to_text(answer), answer_limits);
}

}  // namespace

ProtocolServer::ProtocolServer(std::string url, const WorkerOptions& options)
    : url_(std::move(url)),
      keyring_(options.keyring),
      options_{
          .lease = options.lease, .max_crashes = options.max_crashes, .ageing = options.ageing} {
  if (!options.maintenance) return;
  maintenance_ = std::make_unique<MaintenanceThread>(
      url_,
      MaintenanceOptions{.worker = "", .max_crashes = options.max_crashes, .keyring = keyring_},
      nullptr);
}

Expected<void> ProtocolServer::open() {
  auto repository = ESTEIRA_TRY(open_repository(url_, Migrate::if_embedded, keyring_));
  ESTEIRA_TRY(clock_->sync(*repository));
  service_ = std::make_unique<WorkService>(std::move(repository), clock_,
                                           std::make_shared<SystemRandom>(), options_);
  if (!maintenance_) return {};
  ESTEIRA_TRY(maintenance_->open());
  maintenance_->start();
  return {};
}

Expected<Json> ProtocolServer::register_worker(const Json& body) {
  return exchange(body, api::registration_from_json,
                  [&](const WorkerRegistration& worker) -> Expected<Json> {
                    return api::registered_to_json(ESTEIRA_TRY(service_->register_worker(worker)));
                  });
}

Expected<Json> ProtocolServer::claim(const Json& body) {
  return exchange(body, api::claim_from_json, [&](const ClaimCall& call) -> Expected<Json> {
    return api::claimed_to_json(ESTEIRA_TRY(service_->claim(call)));
  });
}

Expected<Json> ProtocolServer::heartbeat(const Json& body) {
  return exchange(body, api::heartbeat_from_json, [&](const HeartbeatCall& call) -> Expected<Json> {
    return api::heartbeat_to_json(ESTEIRA_TRY(service_->heartbeat(call)));
  });
}

Expected<Json> ProtocolServer::report(const Json& body) {
  return exchange(body, api::report_from_json,
                  [&](const ReportCall& call) { return serve_report(call); });
}

Expected<Json> ProtocolServer::serve_report(const ReportCall& call) {
  const auto answer = ESTEIRA_TRY(service_->report(call));
  if (!call.claim) return api::reported_to_json(answer);
  const auto next =
      service_->claim({.worker_id = call.worker_id, .types = {}, .limit = call.claim->limit});
  // What was reported has been applied: that is said, whatever became of the claim.
  return next ? api::reported_to_json(answer, *next) : api::reported_to_json(answer);
}

Expected<void> ProtocolServer::sign_off(const std::string& worker_id) {
  const auto released = service_->sign_off(worker_id);
  return released ? Expected<void>{} : std::unexpected(released.error());
}

}  // namespace esteira::test
