// The first broken promise of a run.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace esteira::sim {

struct Violation {
  std::string invariant;
  std::string detail;
};

class Verdict {
 public:
  // Only the first counts: what follows from it says nothing.
  void fail(std::string_view invariant, std::string detail) {
    if (!violation_) violation_ = Violation{std::string(invariant), std::move(detail)};
  }
  [[nodiscard]] bool failed() const { return violation_.has_value(); }
  [[nodiscard]] const std::optional<Violation>& violation() const { return violation_; }

 private:
  std::optional<Violation> violation_;
};

}  // namespace esteira::sim
