#include "cli/output.hpp"

#include <algorithm>
#include <cstdio>
#include <sys/ioctl.h>
#include <unistd.h>

#include <fmt/format.h>

#include "base/utf8.hpp"

namespace esteira::cli {
namespace {

constexpr std::string_view replacement = "\xEF\xBF\xBD";
constexpr std::string_view ellipsis = "…";

std::size_t sequence_length(char first) {
  const auto byte = static_cast<unsigned char>(first);
  if (byte < 0xC0) return 1;
  if (byte < 0xE0) return 2;
  return byte < 0xF0 ? 3 : 4;
}

char32_t decode(std::string_view sequence) {
  const auto first = static_cast<unsigned char>(sequence.front());
  if (sequence.size() == 1) return first;
  char32_t point = first & (0x7FU >> sequence.size());
  for (const char c : sequence.substr(1)) {
    point = (point << 6U) | (static_cast<unsigned char>(c) & 0x3FU);
  }
  return point;
}

// C1 controls and the marks that reorder text drive a terminal as ESC does.
bool drives_terminal(char32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x202A && point <= 0x202E) ||
         (point >= 0x2066 && point <= 0x2069);
}

int point_width(char32_t point) {
  const bool combining =
      (point >= 0x300 && point <= 0x36F) || point == 0x200D || (point >= 0xFE00 && point <= 0xFE0F);
  if (combining) return 0;
  const bool wide = (point >= 0x1100 && point <= 0x115F) || (point >= 0x2E80 && point <= 0xA4CF) ||
                    (point >= 0xAC00 && point <= 0xD7A3) || (point >= 0xF900 && point <= 0xFAFF) ||
                    (point >= 0xFF00 && point <= 0xFF60) || (point >= 0x1F300 && point <= 0x1FAFF);
  return wide ? 2 : 1;
}

// Calls `each(sequence)` for every character of valid UTF-8 until it answers false.
template <class Each>
void for_each_character(std::string_view text, Each each) {
  while (!text.empty()) {
    const auto length = std::min(sequence_length(text.front()), text.size());
    if (!each(text.substr(0, length))) return;
    text.remove_prefix(length);
  }
}

std::string padded(std::string_view cell, int width, Align align) {
  const int missing = std::max(0, width - display_width(cell));
  const std::string space(static_cast<std::size_t>(missing), ' ');
  return align == Align::left ? std::string(cell) + space : space + std::string(cell);
}

}  // namespace

bool stdout_is_terminal() { return isatty(STDOUT_FILENO) == 1; }
bool stderr_is_terminal() { return isatty(STDERR_FILENO) == 1; }

int terminal_columns() {
  winsize size{};
  const bool known = ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) == 0 && size.ws_col > 0;
  return known ? size.ws_col : 80;
}

std::string printable(std::string_view text) {
  const auto clean = clean_text(text, text.size() * replacement.size() + 1);
  std::string out;
  out.reserve(clean.size());
  for_each_character(clean, [&](std::string_view character) {
    const auto point = decode(character);
    if (point == '\n' || point == '\t' || point == '\r') {
      out += ' ';
    } else {
      out += drives_terminal(point) ? replacement : character;
    }
    return true;
  });
  return out;
}

int display_width(std::string_view text) {
  int width = 0;
  for_each_character(text, [&](std::string_view character) {
    width += point_width(decode(character));
    return true;
  });
  return width;
}

std::string cut_to_width(std::string_view text, int columns) {
  if (display_width(text) <= columns) return std::string(text);
  std::string out;
  int width = 0;
  for_each_character(text, [&](std::string_view character) {
    width += point_width(decode(character));
    if (width > columns - 1) return false;
    out += character;
    return true;
  });
  return columns > 0 ? out + std::string(ellipsis) : std::string();
}

void Table::add(std::vector<std::string> cells) {
  for (auto& cell : cells) cell = printable(cell);
  cells.resize(columns_.size());
  rows_.push_back(std::move(cells));
}

std::string Table::text(int columns) const {
  std::vector<int> widths;
  for (std::size_t i = 0; i < columns_.size(); ++i) {
    int width = display_width(columns_[i].title);
    for (const auto& row : rows_) width = std::max(width, display_width(row[i]));
    widths.push_back(width);
  }
  std::string out;
  const auto add_line = [&](const auto& cell_of) {
    std::string line;
    for (std::size_t i = 0; i < columns_.size(); ++i) {
      if (i > 0) line += "  ";
      line += padded(cell_of(i), widths[i], columns_[i].align);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    out += columns > 0 ? cut_to_width(line, columns) : line;
    out += '\n';
  };
  add_line([&](std::size_t i) { return columns_[i].title; });
  for (const auto& row : rows_) {
    add_line([&](std::size_t i) { return std::string_view(row[i]); });
  }
  return out;
}

std::string pairs_text(const Pairs& pairs) {
  int width = 0;
  for (const auto& [name, value] : pairs) width = std::max(width, display_width(name));
  std::string out;
  for (const auto& [name, value] : pairs) {
    out += fmt::format("{}  {}\n", padded(name, width, Align::left), printable(value));
  }
  return out;
}

void print(std::string_view text) { std::fwrite(text.data(), 1, text.size(), stdout); }

void print_table(const Table& table) {
  print(table.text(stdout_is_terminal() ? terminal_columns() : 0));
}

void print_json(const Json& value) {
  print(stdout_is_terminal() ? to_pretty_text(value) : to_text(value));
  print("\n");
}

void print_note(std::string_view text) {
  std::fflush(stdout);
  fmt::print(stderr, "esteira: note: {}\n", printable(text));
}

std::string time_cell(const std::optional<Time>& time) {
  if (!time) return "-";
  auto text = format_time(std::chrono::floor<std::chrono::seconds>(*time));
  text.pop_back();  // the Z
  std::ranges::replace(text, 'T', ' ');
  return text;
}

std::string seconds_cell(double seconds) {
  if (seconds <= 0) return "-";
  if (seconds < 0.001) return fmt::format("{:.2f}ms", seconds * 1e3);
  if (seconds < 1) return fmt::format("{:.0f}ms", seconds * 1e3);
  return format_duration(std::chrono::milliseconds(static_cast<std::int64_t>(seconds * 1e3)));
}

std::string count_cell(std::int64_t count) {
  auto text = fmt::format("{}", count);
  const std::size_t first = count < 0 ? 1 : 0;
  for (std::size_t place = text.size(); place > first + 3; place -= 3) text.insert(place - 3, ",");
  return text;
}

}  // namespace esteira::cli
