// esteira top
#include <algorithm>
#include <atomic>
#include <sys/eventfd.h>
#include <unistd.h>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "api/task_json.hpp"
#include "base/assert.hpp"
#include "cli/output.hpp"
#include "cli/signal_watch.hpp"
#include "cli/stats_view.hpp"
#include "cli/terminal.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"

namespace esteira::cli {
namespace {

constexpr std::chrono::seconds refresh{1};
constexpr int running_shown_max = 50;

struct Snapshot {
  Stats stats;
  std::vector<WorkerRecord> workers;
  std::vector<Task> running;
};

Expected<Snapshot> take_snapshot(Backend& backend) {
  Snapshot snapshot;
  snapshot.stats = ESTEIRA_TRY(backend.stats());
  snapshot.workers = ESTEIRA_TRY(backend.workers());
  snapshot.running =
      ESTEIRA_TRY(backend.tasks({.status = TaskStatus::processing, .limit = running_shown_max}));
  return snapshot;
}

std::string ago(Time then, Time now) {
  return format_duration(
      std::chrono::floor<std::chrono::seconds>(std::max(Duration{0}, now - then)));
}

Table workers_table(const Snapshot& snapshot) {
  Table table({{"WORKER"},
               {"HOST"},
               {"PID", Align::right},
               {"SLOTS", Align::right},
               {"UP", Align::right},
               {"SEEN", Align::right},
               {"TYPES"}});
  const auto now = snapshot.stats.generated_at;
  for (const auto& worker : snapshot.workers) {
    table.add({worker.name, worker.host, fmt::format("{}", worker.pid),
               fmt::format("{}", worker.slots), ago(worker.started_at, now),
               ago(worker.heartbeat_at, now) + " ago",
               fmt::format("{}", fmt::join(worker.types, ","))});
  }
  return table;
}

Table running_table(const Snapshot& snapshot) {
  Table table({{"RUNNING", Align::right},
               {"TYPE"},
               {"ATTEMPT", Align::right},
               {"FOR", Align::right},
               {"PROGRESS", Align::right},
               {"WORKER"}});
  const auto now = snapshot.stats.generated_at;
  for (const auto& task : snapshot.running) {
    table.add({fmt::format("{}", task.task_id), task.type, fmt::format("{}", task.attempt),
               task.started_at ? ago(*task.started_at, now) : "-",
               task.progress ? fmt::format("{:.0f} %", *task.progress * 100) : "",
               task.worker.value_or("")});
  }
  return table;
}

std::string frame_text(const Snapshot& snapshot, std::string_view address) {
  auto text = fmt::format("esteira  {}  {} UTC\n\n{}\n\n{}", printable(address),
                          time_cell(snapshot.stats.generated_at), status_line(snapshot.stats),
                          types_table(snapshot.stats).text());
  const auto workers = workers_table(snapshot);
  text += workers.empty() ? "\nno worker runs: esteira worker\n" : "\n" + workers.text();
  const auto running = running_table(snapshot);
  if (!running.empty()) text += "\n" + running.text();
  return text;
}

// What fits on the screen, with the last line for the keys.
std::string fitted(std::string_view text, ScreenSize size) {
  std::string out;
  for (int row = 0; row < size.rows - 1 && !text.empty(); ++row) {
    const auto end = std::min(text.find('\n'), text.size());
    out += cut_to_width(text.substr(0, end), size.columns) + "\n";
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return out + "q leaves";
}

std::string next_frame(Backend& backend) {
  const auto snapshot = take_snapshot(backend);
  if (snapshot) return frame_text(*snapshot, backend.address());
  return fmt::format("esteira  {}\n\n{}\n", printable(backend.address()),
                     printable(snapshot.error().message));
}

void run_live(Backend& backend, int wake, const std::atomic<bool>& stopped) {
  Screen screen;
  while (!stopped.load()) {
    screen.draw(fitted(next_frame(backend), Screen::size()));
    const char key = screen.wait_key(wake, refresh);
    if (key == 'q' || key == 'Q') return;
  }
}

Expected<int> run(const GlobalOptions& globals) {
  std::atomic<bool> stopped{false};
  const int wake = eventfd(0, EFD_CLOEXEC);
  const SignalWatch signals([&stopped, wake](int /*count*/) {
    stopped.store(true);
    eventfd_write(wake, 1);
  });
  const auto backend = ESTEIRA_TRY(open_backend(globals, [&stopped] { return stopped.load(); }));
  if (!globals.json && stdout_is_terminal()) {
    run_live(*backend, wake, stopped);
    return status::done;
  }
  const auto snapshot = ESTEIRA_TRY(take_snapshot(*backend));
  if (globals.json) {
    print_json(api::stats_to_json(snapshot.stats));
  } else {
    print(frame_text(snapshot, backend->address()));
  }
  return status::done;
}

}  // namespace

Verb top_verb() {
  return {.name = "top",
          .summary = "Watch the belt run; q leaves",
          .example = "esteira top",
          .declare = {},
          .run = run,
          .speaks_to_server = true};
}

}  // namespace esteira::cli
