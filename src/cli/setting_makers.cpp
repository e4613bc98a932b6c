#include "cli/setting_makers.hpp"

#include <array>

#include <fmt/format.h>

#include "esteira/json.hpp"

namespace esteira::cli {

// A basic string of TOML is written as a string of JSON.
std::string toml_text(std::string_view text) { return to_text(Json(text)); }

std::string toml_list(const std::vector<std::string>& texts) {
  std::string out = "[";
  for (const auto& text : texts) out += (out.size() > 1 ? ", " : "") + toml_text(text);
  return out + "]";
}

std::string duration_option_text(Duration duration) {
  using std::chrono::seconds;
  constexpr std::array<std::pair<seconds, char>, 3> units{
      {{seconds{86'400}, 'd'}, {seconds{3'600}, 'h'}, {seconds{60}, 'm'}}};
  for (const auto& [unit, letter] : units) {
    if (duration >= unit && duration % unit == Duration{0}) {
      return fmt::format("{}{}", duration / unit, letter);
    }
  }
  if (duration % seconds{1} == Duration{0}) return fmt::format("{}s", duration / seconds{1});
  return fmt::format("{}ms", duration / std::chrono::milliseconds{1});
}

}  // namespace esteira::cli
