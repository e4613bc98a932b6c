#include "cli/import.hpp"

#include <algorithm>
#include <thread>

#include <fmt/format.h>

#include "api/new_task_json.hpp"
#include "base/assert.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "domain/limits.hpp"
#include "service/new_task.hpp"

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

Error interrupted() { return {.code = ErrorCode::internal, .message = "interrupted"}; }

}  // namespace

Import::Import(const Store& store, LineReader reader, ImportOptions options,
               std::function<bool()> stopped)
    : store_(store),
      reader_(std::move(reader)),
      options_(options),
      stopped_(std::move(stopped)),
      types_(*store.repository, *store.clock) {}

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
                      batch_.bytes + row.task.payload.size() > batch_bytes_max;
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
    auto row = read_row(**line);
    if (!row && !is_about_the_line(row.error().code)) {
      give_up_batch(std::move(row).error(), last_line);
      return false;
    }
    if (row && !visit({.line = last_line, .task = std::move(*row)})) return false;
    if (!row && report_bad) add_bad(last_line, with_pointers(row.error()));
    progress.show(reader_.bytes_read(), ++tasks);
  }
}

Expected<NewTaskRow> Import::read_row(const Line& line) {
  if (line.too_long) return fail(ErrorCode::invalid_argument, "the line is too long for a task");
  const auto body = ESTEIRA_TRY(parse_json(line.text, {.bytes_max = line.text.size()}));
  const auto task = ESTEIRA_TRY(api::new_task_from_json(body, api::IdempotencyKey::in_body));
  auto row = ESTEIRA_TRY(check_new_task(task, types_, store_.registry.get(), store_.now()));
  ESTEIRA_TRY(check_unique(row, line.number));
  return row;
}

// Two tasks of one file can't both hold a key; with idempotency keys they may be the same task.
Expected<void> Import::check_unique(const NewTaskRow& row, std::int64_t line) {
  if (!row.unique_key || row.idempotency_key) return {};
  const auto [at, first] = unique_lines_.try_emplace({row.type_id, *row.unique_key}, line);
  if (first) return {};
  return fail(ErrorCode::invalid_argument,
              fmt::format("line {} has the same unique_key already", at->second));
}

void Import::keep(Row row) {
  batch_.bytes += row.task.payload.size();
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

// A store that is away for a moment (a restart) is waited for: nothing was done.
Expected<void> Import::insert(std::span<const NewTaskRow> tasks) {
  for (int attempt = 1;; ++attempt) {
    auto inserted = store_.repository->insert(tasks, store_.now());
    if (inserted) {
      report_.imported += static_cast<std::int64_t>(inserted->size());
      store_.repository->hint();
      return {};
    }
    const bool away = inserted.error().code == ErrorCode::unavailable;
    if (!away || attempt == store_away_tries || stopped_()) {
      return std::unexpected(std::move(inserted).error());
    }
    std::this_thread::sleep_for(store_away_wait * (1 << attempt));
  }
}

// The line whose unique key the named task holds.
std::optional<std::int64_t> Import::line_of(const Error& conflict, Part part) {
  if (conflict.code != ErrorCode::conflict || !conflict.task_id) return std::nullopt;
  const auto holder = store_.repository->task(*conflict.task_id, store_.now());
  if (!holder || !*holder) return std::nullopt;
  const auto type = types_.find((*holder)->type);
  if (!type) return std::nullopt;
  for (std::size_t i = 0; i < part.tasks.size(); ++i) {
    const auto& task = part.tasks[i];
    if (task.unique_key == (*holder)->unique_key && task.type_id == type->type_id) {
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
