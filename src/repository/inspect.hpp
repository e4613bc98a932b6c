// Looking at a store from outside: its settings, and a store of one's own to try things in.
#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "esteira/error.hpp"

namespace esteira {

// What durability and speed hang on: {"journal_mode", "wal"}.
struct EngineFact {
  std::string name;
  std::string value;
};
[[nodiscard]] Expected<std::vector<EngineFact>> engine_facts(std::string_view url);

// An empty database beside the one that `url` names, for a benchmark; gone with this object.
class ScratchStore {
 public:
  virtual ~ScratchStore() = default;
  [[nodiscard]] virtual const std::string& url() const = 0;
};
[[nodiscard]] Expected<std::unique_ptr<ScratchStore>> make_scratch_store(std::string_view url);

}  // namespace esteira
