// esteira encryption status | rotate
#include <memory>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cipher/rotation.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"
#include "domain/limits.hpp"

namespace esteira::cli {
namespace {

struct Options {
  std::optional<std::int64_t> batch;
};

std::string_view role_of(const Keyring* keyring, const std::string& key_id) {
  if (keyring == nullptr || !keyring->has(key_id)) return "missing";
  return key_id == keyring->current() ? "current" : "old";
}

// Of the keys that are given, and of those that are in use.
std::vector<CipherCount> counts_of(const Keyring* keyring, std::vector<CipherCount> counts) {
  const auto ids = keyring == nullptr ? std::vector<std::string>{} : keyring->ids();
  for (const auto& id : ids) {
    const auto known = [&](const CipherCount& count) { return count.key_id == id; };
    if (std::ranges::none_of(counts, known)) counts.push_back({.key_id = id});
  }
  std::ranges::sort(counts, {}, &CipherCount::key_id);
  return counts;
}

Expected<int> show_status(const GlobalOptions& globals) {
  const auto store = ESTEIRA_TRY(open_store(globals));
  const auto* keyring = store.configuration.worker.keyring.get();
  const auto counts = counts_of(keyring, ESTEIRA_TRY(store.repository->cipher_counts()));
  if (globals.json) {
    JsonArray all;
    for (const auto& [key_id, tasks] : counts) {
      all.push_back(
          JsonObject{{"key_id", key_id}, {"role", role_of(keyring, key_id)}, {"tasks", tasks}});
    }
    print_json(all);
    return status::done;
  }
  Table table({{"KEY"}, {"ROLE"}, {"TASKS", Align::right}});
  for (const auto& [key_id, tasks] : counts) {
    table.add({key_id, std::string(role_of(keyring, key_id)), count_cell(tasks)});
  }
  print_table(table);
  return status::done;
}

Expected<int> run_rotation(const GlobalOptions& globals, const Options& options) {
  const auto store = ESTEIRA_TRY(open_store(globals));
  const auto& keyring = store.configuration.worker.keyring;
  if (!keyring) {
    return fail(ErrorCode::invalid_argument,
                "no encryption keys are given: set encryption.keys, the new key first");
  }
  std::int64_t total = 0;
  for (const auto& count : ESTEIRA_TRY(store.repository->cipher_counts())) {
    if (count.key_id != keyring->current()) total += count.tasks;
  }
  Progress bar("wrapping anew", total);
  const auto batch = static_cast<int>(options.batch.value_or(limits::rotation_batch_default));
  const auto rotated =
      ESTEIRA_TRY(rotate(*store.repository, *keyring, batch, [&](const Rotation& rotation) {
        bar.show(rotation.wrapped + rotation.failed, rotation.wrapped);
      }));
  std::int64_t left = 0;
  for (const auto& count : ESTEIRA_TRY(store.repository->cipher_counts())) {
    if (count.key_id != keyring->current()) left += count.tasks;
  }
  if (globals.json) {
    print_json(JsonObject{{"key_id", keyring->current()},
                          {"wrapped", rotated.wrapped},
                          {"failed", rotated.failed},
                          {"left", left}});
  } else {
    print(fmt::format("{} data keys are wrapped anew, by the key {}; {} are left under others\n",
                      count_cell(rotated.wrapped), keyring->current(), count_cell(left)));
  }
  if (left == 0) return status::done;
  if (rotated.failed > 0) {
    return fail(ErrorCode::conflict,
                fmt::format("{} could not be opened; the first: {}", rotated.failed, rotated.why));
  }
  return fail(ErrorCode::conflict,
              "some program still writes under another key: start it anew with the new key first, "
              "then rotate again");
}

}  // namespace

Verb encryption_status_verb() {
  return {.name = "encryption status",
          .summary = "Show how many tasks are enciphered under which key",
          .example = "esteira encryption status",
          .declare = {},
          .run = show_status};
}

Verb encryption_rotate_verb() {
  const auto options = std::make_shared<Options>();
  return {
      .name = "encryption rotate",
      .summary = "Wrap the keys of tasks anew, by the first of the encryption keys",
      .example = "esteira encryption rotate",
      .declare =
          [options](Arguments& arguments) {
            arguments.integer({"--batch", "N", "tasks in one transaction"},
                              {1, limits::rotation_batch_max}, options->batch);
          },
      .run = [options](const GlobalOptions& globals) { return run_rotation(globals, *options); }};
}

}  // namespace esteira::cli
