#include "cli/import.hpp"

#include <algorithm>
#include <charconv>
#include <thread>

#include <fmt/format.h>

#include "api/new_task_json.hpp"
#include "base/assert.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "domain/limits.hpp"

namespace esteira::cli {
namespace {

constexpr std::size_t batch_bytes_max = 32 * 1024 * 1024;
constexpr int store_away_tries = 7;
constexpr std::chrono::milliseconds store_away_wait{250};

std::string with_pointers(const Error& error) {
  std::string text = error.message;
  for (const auto& field : error.fields) {
    // The message already names the first place.
    if (&field != &error.fields.front())
      text += fmt::format("; {} {}", field.pointer, field.message);
  }
  return text;
}

// Everything else is about the database: the next line would meet it too.
bool is_about_the_line(ErrorCode code) {
  return code == ErrorCode::invalid_argument || code == ErrorCode::not_found;
}

// 17 of "/17/payload".
std::optional<std::size_t> index_of(std::string_view pointer) {
  std::size_t index = 0;
  if (!pointer.starts_with('/')) return std::nullopt;
  const auto* end = pointer.data() + pointer.size();
  const auto [stop, error] = std::from_chars(pointer.data() + 1, end, index);
  const bool whole = error == std::errc{} && (stop == end || *stop == '/');
  return whole ? std::optional(index) : std::nullopt;
}

Error interrupted() { return {.code = ErrorCode::internal, .message = "interrupted"}; }

}  // namespace

Import::Import(Backend& backend, LineReader reader, ImportOptions options,
               std::function<bool()> stopped)
    : backend_(backend),
      reader_(std::move(reader)),
      options_(options),
      stopped_(std::move(stopped)) {}

ImportReport Import::run() {
  if (check_all()) import_all();
  std::ranges::sort(report_.bad, {}, &BadLine::line);
  return std::move(report_);
}

// Every line is checked; true: the import may begin.
bool Import::check_all() {
  const auto visit = [this](Row row) {
    if (one_batch_) keep(std::move(row));
    one_batch_ = one_batch_ && batch_.tasks.size() <= limits::batch_tasks_max &&
                 batch_.bytes <= batch_bytes_max;
    if (!one_batch_) batch_ = {};
    return true;
  };
  return walk("checking", visit, /*report_bad=*/true) &&
         (report_.bad_total == 0 || options_.skip_bad);
}

void Import::import_all() {
  if (one_batch_) {
    static_cast<void>(insert_batch());
    return;
  }
  unique_lines_.clear();
  if (auto rewound = reader_.rewind(); !rewound) {
    report_.error = std::move(rewound).error();
    return;
  }
  const auto visit = [this](Row row) {
    const bool full = batch_.tasks.size() == limits::batch_tasks_max ||
                      batch_.bytes + row.task.bytes() > batch_bytes_max;
    if (full && !insert_batch()) return false;
    keep(std::move(row));
    return true;
  };
  if (walk("importing", visit, /*report_bad=*/false)) static_cast<void>(insert_batch());
}

// Reads the file to its end. Bad lines were reported by the first walk; the second passes them by.
bool Import::walk(const std::string& what, const Visit& visit, bool report_bad) {
  Progress progress(what, reader_.bytes_total());
  std::int64_t tasks = 0;
  std::int64_t last_line = 0;
  while (true) {
    auto line = reader_.next();
    if (!line) {
      give_up_batch(std::move(line).error(), last_line + 1);
      return false;
    }
    if (!*line) return true;
    last_line = (*line)->number;
    if (last_line < options_.from_line) continue;
    if (stopped_()) {
      give_up_batch(interrupted(), last_line);
      return false;
    }
    auto row = read_task(**line);
    if (!row && !is_about_the_line(row.error().code)) {
      give_up_batch(std::move(row).error(), last_line);
      return false;
    }
    if (row && !visit({.line = last_line, .task = std::move(*row)})) return false;
    if (!row && report_bad) add_bad(last_line, with_pointers(row.error()));
    progress.show(reader_.bytes_read(), ++tasks);
  }
}

Expected<CheckedTask> Import::read_task(const Line& line) {
  if (line.too_long) return fail(ErrorCode::invalid_argument, "the line is too long for a task");
  const auto body = ESTEIRA_TRY(parse_json(line.text, {.bytes_max = line.text.size()}));
  const auto task = ESTEIRA_TRY(api::new_task_from_json(body, api::IdempotencyKey::in_body));
  auto checked = ESTEIRA_TRY(backend_.check(task));
  ESTEIRA_TRY(check_unique(checked, line.number));
  return checked;
}

// Two tasks of one file can't both hold a key; with idempotency keys they may be the same task, and
// the second may be content with the first.
Expected<void> Import::check_unique(const CheckedTask& task, std::int64_t line) {
  const auto& row = task.row;
  if (!row.unique_key || row.idempotency_key) return {};
  const auto [at, first] = unique_lines_.try_emplace({row.type_id, *row.unique_key}, line);
  if (first || row.on_conflict != OnConflict::refuse) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("line {} has the same unique_key already", at->second));
}

void Import::keep(Row row) {
  batch_.bytes += row.task.bytes();
  batch_.lines.push_back(row.line);
  batch_.tasks.push_back(std::move(row.task));
}

// True: go on.
bool Import::insert_batch() {
  const auto batch = std::exchange(batch_, {});
  return batch.tasks.empty() || insert_part({batch.lines, batch.tasks});
}

bool Import::insert_part(Part part) {  // NOLINT(misc-no-recursion)
  auto done = insert(part.tasks);
  if (done) return true;
  auto error = std::move(done).error();
  const bool about_one =
      error.code == ErrorCode::conflict || error.code == ErrorCode::invalid_argument;
  if (!about_one || !options_.skip_bad) {
    const auto line = line_of(error, part);
    if (line) error.message.insert(0, fmt::format("line {}: ", *line));
    give_up(std::move(error), part.lines.front());
    return false;
  }
  if (part.tasks.size() == 1) {
    add_bad(part.lines.front(), error.message);
    return true;
  }
  // Halves until the tasks that the database refuses stand alone: few of many cost little.
  const auto half = part.tasks.size() / 2;
  return insert_part({part.lines.first(half), part.tasks.first(half)}) &&
         insert_part({part.lines.subspan(half), part.tasks.subspan(half)});
}

// A store that is away for a moment (a restart) is waited for: nothing was done, or, where each
// task has an idempotency key, nothing is done twice.
Expected<void> Import::insert(std::span<const CheckedTask> tasks) {
  const bool safe_to_repeat = std::ranges::all_of(
      tasks, [](const CheckedTask& task) { return task.row.idempotency_key.has_value(); });
  for (int attempt = 1;; ++attempt) {
    auto inserted = backend_.insert(tasks);
    if (inserted) {
      report_.imported += static_cast<std::int64_t>(*inserted);
      return {};
    }
    const auto code = inserted.error().code;
    const bool away =
        code == ErrorCode::unavailable || (code == ErrorCode::in_doubt && safe_to_repeat);
    if (!away || attempt == store_away_tries || stopped_()) {
      return std::unexpected(std::move(inserted).error());
    }
    std::this_thread::sleep_for(store_away_wait * (1 << attempt));
  }
}

std::optional<std::int64_t> Import::line_of(const Error& error, Part part) {
  if (error.code == ErrorCode::conflict && error.task_id) return line_of_key(*error.task_id, part);
  if (error.fields.empty()) return std::nullopt;
  const auto index = index_of(error.fields.front().pointer);
  return index && *index < part.lines.size() ? std::optional(part.lines[*index]) : std::nullopt;
}

// The line whose unique key the named task holds.
std::optional<std::int64_t> Import::line_of_key(TaskId holder, Part part) {
  const auto task = backend_.task(holder);
  const auto types = backend_.types();
  if (!task || !types) return std::nullopt;
  const auto type = std::ranges::find(*types, task->type, &TaskType::name);
  if (type == types->end()) return std::nullopt;
  for (std::size_t i = 0; i < part.tasks.size(); ++i) {
    const auto& row = part.tasks[i].row;
    const bool refuses = row.on_conflict != OnConflict::existing;
    if (refuses && row.unique_key == task->unique_key && row.type_id == type->type_id) {
      return part.lines[i];
    }
  }
  return std::nullopt;
}

void Import::add_bad(std::int64_t line, std::string message) {
  ++report_.bad_total;
  if (options_.skip_bad) ++report_.skipped;
  if (report_.bad.size() < bad_lines_max) report_.bad.push_back({line, std::move(message)});
}

void Import::give_up(Error error, std::int64_t line) {
  report_.error = std::move(error);
  if (report_.imported > 0) report_.next_line = line;
}

void Import::give_up_batch(Error error, std::int64_t line) {
  give_up(std::move(error), batch_.lines.empty() ? line : batch_.lines.front());
}

}  // namespace esteira::cli
