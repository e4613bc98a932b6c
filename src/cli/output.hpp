// What goes to standard output: tables and pairs for people, JSON for programs.
#pragma once

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "esteira/json.hpp"
#include "esteira/task.hpp"

namespace esteira::cli {

[[nodiscard]] bool stdout_is_terminal();
[[nodiscard]] bool stderr_is_terminal();
// 80 where it can't be known.
[[nodiscard]] int terminal_columns();

// Text from elsewhere, safe to show: control characters, which could drive the terminal, become
// "�"; line breaks and tabs become spaces.
[[nodiscard]] std::string printable(std::string_view text);
// Columns on a terminal: code points, wide East Asian ones counted twice.
[[nodiscard]] int display_width(std::string_view text);
// Cut to `columns` at a character, ending in "…".
[[nodiscard]] std::string cut_to_width(std::string_view text, int columns);

enum class Align { left, right };

// A table whose columns are as wide as their widest cell; lines are cut to `columns` (0: never).
class Table {
 public:
  struct Column {
    std::string_view title;
    Align align = Align::left;
  };
  explicit Table(std::vector<Column> columns) : columns_(std::move(columns)) {}
  void add(std::vector<std::string> cells);
  [[nodiscard]] bool empty() const { return rows_.empty(); }
  [[nodiscard]] std::string text(int columns = 0) const;

 private:
  std::vector<Column> columns_;
  std::vector<std::vector<std::string>> rows_;
};

// "name   value" lines.
using Pairs = std::vector<std::pair<std::string, std::string>>;
[[nodiscard]] std::string pairs_text(const Pairs& pairs);

void print(std::string_view text);
void print_table(const Table& table);
// One document: indented on a terminal, else on one line.
void print_json(const Json& value);
// "esteira: note: …" on standard error.
void print_note(std::string_view text);

// "2024-12-25 00:00:00" (UTC), or "-".
[[nodiscard]] std::string time_cell(const std::optional<Time>& time);
[[nodiscard]] std::string seconds_cell(double seconds);
// "12,345"
[[nodiscard]] std::string count_cell(std::int64_t count);

}  // namespace esteira::cli
