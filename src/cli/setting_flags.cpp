#include "cli/setting_flags.hpp"

#include <algorithm>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/configuration_keys.hpp"

namespace esteira::cli {

void SettingFlags::declare(Arguments& arguments, const std::vector<SettingFlag>& flags) {
  const auto& settings = fixed_settings();
  for (const auto& flag : flags) {
    const auto setting = std::ranges::find(settings, flag.path, &Setting::path);
    ESTEIRA_ASSERT(setting != settings.end());
    auto slot = std::make_unique<Slot>(Slot{
        .flag = flag,
        .help = fmt::format("{} (default {})", setting->meaning, setting->show(Configuration{})),
        .text = std::nullopt});
    arguments.text({flag.flag, flag.value, slot->help}, slot->text);
    slots_.push_back(std::move(slot));
  }
}

std::vector<FlagValue> SettingFlags::given() const {
  std::vector<FlagValue> values;
  for (const auto& slot : slots_) {
    if (!slot->text) continue;
    values.push_back({std::string(slot->flag.flag), std::string(slot->flag.path), *slot->text});
  }
  return values;
}

std::vector<SettingFlag> tls_flags() {
  return {{"--tls-certificate", "FILE", "server.tls_certificate"},
          {"--tls-key", "FILE", "server.tls_key"}};
}

std::vector<SettingFlag> worker_flags() {
  return {{"--types", "A,B", "worker.types"},
          {"--concurrency", "N", "worker.concurrency"},
          {"--lease-seconds", "N", "worker.lease_seconds"},
          {"--grace-seconds", "N", "worker.grace_seconds"},
          {"--max-crashes", "N", "worker.max_crashes"},
          {"--poll-milliseconds", "N", "worker.poll_milliseconds"},
          {"--ageing-seconds", "N", "worker.ageing_seconds"}};
}

}  // namespace esteira::cli
