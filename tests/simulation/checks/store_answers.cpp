// The store itself refuses nothing that the contract allows.
#include "checks/checks.hpp"

namespace esteira::sim {
namespace {

class StoreAnswers final : public Checker {
 public:
  using Checker::Checker;
  [[nodiscard]] std::string_view name() const override { return "store-answers"; }

  void before(const Ledger& ledger, const Event& event) override {
    const auto* refused = std::get_if<Refused>(&event);
    if (refused == nullptr) return;
    const auto& error = refused->error;
    const bool names_holder = error.code == ErrorCode::conflict && error.task_id &&
                              ledger.find(*error.task_id) != nullptr &&
                              ledger.find(*error.task_id)->unique_key &&
                              ledger.find(*error.task_id)->stage != Stage::ended;
    if (refused->call == "insert" && names_holder) return;
    fail("{} was refused: {}", refused->call, error.message);
  }
};

}  // namespace

CheckerPtr check_store_answers(Verdict& verdict) {
  return std::make_unique<StoreAnswers>(verdict);
}

}  // namespace esteira::sim
