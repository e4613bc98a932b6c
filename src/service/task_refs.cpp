#include "service/task_refs.hpp"

#include <map>
#include <string_view>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "base/assert.hpp"
#include "domain/limits.hpp"

namespace esteira {
namespace {

std::unexpected<Error> refuse(std::string pointer, std::string message) {
  return std::unexpected(Error{.code = ErrorCode::invalid_argument,
                               .message = message,
                               .fields = {{std::move(pointer), message}}});
}

using Names = std::map<std::string_view, std::size_t>;

Expected<Names> read_names(std::span<const NewTask> tasks) {
  Names names;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto& ref = tasks[i].options.ref;
    if (!ref || names.emplace(*ref, i).second) continue;
    return refuse(fmt::format("/{}/ref", i),
                  fmt::format("two tasks of the call have the ref \"{}\"", *ref));
  }
  return names;
}

// A task that, by some way, depends on itself; in the order of the ways.
std::vector<std::size_t> find_circle(std::span<const NewTaskRow> rows) {
  enum class Seen : std::uint8_t { no, open, done };
  std::vector<Seen> seen(rows.size(), Seen::no);
  struct Step {
    std::size_t row = 0;
    std::size_t next = 0;  // of its parents
  };
  for (std::size_t start = 0; start < rows.size(); ++start) {
    if (seen[start] != Seen::no) continue;
    std::vector<Step> path{{.row = start}};
    seen[start] = Seen::open;
    while (!path.empty()) {
      auto& [row, next] = path.back();
      if (next == rows[row].parents.size()) {
        seen[row] = Seen::done;
        path.pop_back();
        continue;
      }
      const auto parent = rows[row].parents[next++];
      if (seen[parent] == Seen::open) {
        std::vector<std::size_t> circle;
        auto step = path.rbegin();
        for (; step->row != parent; ++step) circle.push_back(step->row);
        circle.push_back(parent);
        return {circle.rbegin(), circle.rend()};
      }
      if (seen[parent] == Seen::no) {
        seen[parent] = Seen::open;
        path.push_back({.row = parent});
      }
    }
  }
  return {};
}

// Names a long circle by its first tasks.
Expected<void> refuse_circle(std::span<const NewTask> tasks, std::span<const NewTaskRow> rows) {
  constexpr std::size_t named_max = 10;
  const auto circle = find_circle(rows);
  if (circle.empty()) return {};
  std::vector<std::string> names;
  for (const auto row : circle) {
    names.push_back(*tasks[row].options.ref);
    if (names.size() == named_max) break;
  }
  names.push_back(circle.size() > named_max ? "…" : names.front());
  return refuse(fmt::format("/{}/depends_on", circle.front()),
                fmt::format("these depend on each other in a circle: {}", fmt::join(names, ", ")));
}

}  // namespace

Expected<void> resolve_refs(std::span<const NewTask> tasks, std::span<NewTaskRow> rows) {
  const auto names = ESTEIRA_TRY(read_names(tasks));
  std::size_t dependencies = 0;
  for (std::size_t i = 0; i < tasks.size(); ++i) {
    const auto& depends_on = tasks[i].options.depends_on;
    dependencies += depends_on.size();
    for (std::size_t k = 0; k < depends_on.size(); ++k) {
      const auto* ref = std::get_if<std::string>(&depends_on[k]);
      if (ref == nullptr) continue;
      const auto found = names.find(*ref);
      if (found == names.end()) {
        return refuse(fmt::format("/{}/depends_on/{}", i, k),
                      fmt::format("no task of the call has the ref \"{}\"", *ref));
      }
      rows[i].parents.push_back(found->second);
    }
  }
  if (dependencies > limits::call_parents_max) {
    return refuse("", fmt::format("the tasks of one call depend on at most {} others in all",
                                  limits::call_parents_max));
  }
  return refuse_circle(tasks, rows);
}

}  // namespace esteira
