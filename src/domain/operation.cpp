#include "domain/operation.hpp"

#include <array>

#include <fmt/format.h>

#include "base/utf8.hpp"

namespace esteira {
namespace {

constexpr std::array actions{BulkAction::cancel, BulkAction::retry, BulkAction::remove};
constexpr std::array statuses{OperationStatus::running, OperationStatus::completed,
                              OperationStatus::failed};

}  // namespace

std::string_view to_text(BulkAction action) {
  switch (action) {
    case BulkAction::cancel:
      return "cancel";
    case BulkAction::retry:
      return "retry";
    case BulkAction::remove:
      return "delete";
  }
  return "";
}

Expected<BulkAction> parse_bulk_action(std::string_view text) {
  for (const auto action : actions) {
    if (to_text(action) == text) return action;
  }
  return fail(ErrorCode::invalid_argument,
              fmt::format("'{}' is no action: cancel, retry or delete", clean_text(text, 100)));
}

std::string_view to_text(OperationStatus status) {
  switch (status) {
    case OperationStatus::running:
      return "RUNNING";
    case OperationStatus::completed:
      return "COMPLETED";
    case OperationStatus::failed:
      return "FAILED";
  }
  return "";
}

Expected<OperationStatus> parse_operation_status(std::string_view text) {
  for (const auto status : statuses) {
    if (to_text(status) == text) return status;
  }
  return fail(ErrorCode::internal, "the store holds an operation of an unknown status");
}

}  // namespace esteira
