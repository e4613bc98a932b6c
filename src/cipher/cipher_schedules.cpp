// Schedules of encrypted types: their payloads are enciphered under the root, each bound to its
// name.
#include <fmt/format.h>

#include "base/assert.hpp"
#include "cipher/cipher_repository.hpp"
#include "cipher/sealing.hpp"

namespace esteira {
namespace {

std::string name_of(const Schedule& schedule) {
  return fmt::format("esteira 1 schedule {}", schedule.name);
}

}  // namespace

Expected<void> CipherRepository::open(Schedule& schedule) {
  if (!schedule.encrypted) return {};
  const auto text = [&]() -> Expected<std::string> {
    return unseal_named(ESTEIRA_TRY(root()), name_of(schedule), schedule.payload);
  };
  const auto opened = text();
  schedule.payload = opened ? *opened : "null";
  if (opened) return {};
  return fail(opened.error().code, fmt::format("schedule {}: the payload can't be deciphered: {}",
                                               schedule.name, opened.error().message));
}

Expected<std::vector<Schedule>> CipherRepository::schedules() {
  auto all = ESTEIRA_TRY(inner().schedules());
  for (auto& schedule : all) static_cast<void>(open(schedule));
  return all;
}

Expected<std::optional<Schedule>> CipherRepository::schedule(const std::string& name) {
  auto found = ESTEIRA_TRY(inner().schedule(name));
  if (found) static_cast<void>(open(*found));
  return found;
}

Expected<std::optional<Schedule>> CipherRepository::lock_schedule(const std::string& name,
                                                                  WhenLocked when) {
  auto found = ESTEIRA_TRY(inner().lock_schedule(name, when));
  if (found) ESTEIRA_TRY(open(*found));
  return found;
}

Expected<void> CipherRepository::put_schedule(const Schedule& schedule) {
  if (!schedule.encrypted) return inner().put_schedule(schedule);
  auto sealed = schedule;
  sealed.payload = seal_named(ESTEIRA_TRY(root()), name_of(schedule), schedule.payload);
  return inner().put_schedule(sealed);
}

}  // namespace esteira
