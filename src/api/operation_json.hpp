// Operations, as the HTTP API and `--json` show them, and the call that starts one.
#pragma once

#include <string>

#include "domain/operation.hpp"
#include "esteira/json.hpp"

namespace esteira::api {

struct BulkCall {
  BulkAction action = BulkAction::cancel;
  OperationFilter filter;
};

// Strict, as every body. The filter must be there, also where it is empty: nobody deletes all tasks
// by leaving something out.
[[nodiscard]] Expected<BulkCall> bulk_call_from_json(const Json& body);
[[nodiscard]] Json operation_to_json(const Operation& operation);
// What was asked for, without what is absent.
[[nodiscard]] JsonObject filter_to_json(const OperationFilter& filter);
// "task.bulk_cancel", and the `after` of its audit entry: {filter, matched}.
[[nodiscard]] std::string audited_action(const Operation& operation);
[[nodiscard]] std::string audited(const Operation& operation);

}  // namespace esteira::api
