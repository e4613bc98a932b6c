#include "cli/backend.hpp"

namespace esteira::cli {

std::string_view word(ChangeStatus status) {
  switch (status) {
    case ChangeStatus::applied:
      return "applied";
    case ChangeStatus::requested:
      return "requested";
    case ChangeStatus::wrong_status:
      return "wrong_status";
    case ChangeStatus::unique_conflict:
      return "unique_conflict";
    case ChangeStatus::not_found:
      return "not_found";
  }
  return "";
}

}  // namespace esteira::cli
