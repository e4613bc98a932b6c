#include "http/gate.hpp"

#include "http/listen_address.hpp"
#include "http/problem.hpp"

namespace esteira::http {
namespace {

// "http://127.0.0.1:8080": the page that a browser's request comes from.
bool is_loopback_origin(std::string_view origin) {
  for (const std::string_view scheme : {"http://", "https://"}) {
    if (origin.starts_with(scheme)) return is_loopback_host(origin.substr(scheme.size()));
  }
  return false;
}

}  // namespace

std::optional<Response> refuse_strangers(const Request& request) {
  if (!request.peer_is_loopback) {
    return problem(403, "no key exists yet: only this machine is answered");
  }
  const auto host = request.header("Host");
  if (host && !is_loopback_host(*host)) {
    return problem(421, "without a key this server answers to 127.0.0.1, [::1] and localhost only");
  }
  const auto origin = request.header("Origin");
  if (origin && !is_loopback_origin(*origin)) {
    return problem(403, "without a key pages of other sites are not answered");
  }
  return std::nullopt;
}

}  // namespace esteira::http
