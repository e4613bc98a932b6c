#include "processors/builtin.hpp"

#include <array>
#include <memory>

#include "processors/command_run/command_run.hpp"
#include "processors/http_request/http_request.hpp"
#include "processors/noop/noop.hpp"

namespace esteira::processors {
namespace {

constexpr std::array<KnownType, 3> known{{
    {"MESSAGE_SEND", "Sends a message by WhatsApp, e-mail, SMS or webhook"},
    {"BOLETO_EMIT", "Issues a boleto: barcode, digitable line, registration and PDF"},
    {"NFSE_EMIT", "Issues an NFS-e: the signed DPS or RPS and its answer"},
}};

}  // namespace

void add_builtin(ProcessorRegistry& registry, const BuiltinOptions& options) {
  registry.add(std::make_shared<NoopProcessor>());
  registry.add(std::make_shared<HttpRequestProcessor>(options.http_request));
  registry.add(std::make_shared<CommandRunProcessor>(options.command_run));
}

std::span<const KnownType> known_types() { return known; }

}  // namespace esteira::processors
