// The store itself refuses nothing that the contract allows.
#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

// A row of the insert wants a unique key that a task holds, or another row of it.
bool has_conflict(const Ledger& ledger, const Refused& refused) {
  std::set<std::pair<TypeId, std::string>> wanted;
  for (const auto& row : refused.rows) {
    if (!row.unique_key) continue;
    if (!wanted.emplace(row.type_id, *row.unique_key).second) return true;
    const auto holder = ledger.unique_holder(row.type_id, *row.unique_key, 0, refused.now);
    if (holder && refused.error.task_id == holder) return true;
  }
  return false;
}

class StoreAnswers final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "store-answers"; }

  void before(const Ledger& ledger, const Event& event) override {
    const auto* refused = std::get_if<Refused>(&event);
    if (refused == nullptr) return;
    if (refused->error.code == ErrorCode::conflict && has_conflict(ledger, *refused)) return;
    fail("{} was refused: {}", refused->call, refused->error.message);
  }
};

}  // namespace

CheckerPtr check_store_answers(Verdict& verdict) { return std::make_unique<StoreAnswers>(verdict); }

}  // namespace esteira::sim
