// esteira bench
#include <algorithm>
#include <atomic>
#include <cmath>
#include <memory>
#include <sys/resource.h>
#include <thread>

#include <fmt/format.h>

#include "base/assert.hpp"
#include "cli/bench_processor.hpp"
#include "cli/output.hpp"
#include "cli/progress.hpp"
#include "cli/signal_watch.hpp"
#include "cli/verb.hpp"
#include "cli/wiring.hpp"
#include "domain/limits.hpp"
#include "esteira/service.hpp"
#include "esteira/worker.hpp"
#include "repository/inspect.hpp"

namespace esteira::cli {
namespace {

using SteadyClock = std::chrono::steady_clock;
using Seconds = std::chrono::duration<double>;
using Milliseconds = std::chrono::duration<double, std::milli>;

constexpr std::int64_t one_by_one_max = 1'000;
constexpr int latency_samples = 300;
constexpr std::chrono::seconds start_limit{30};
constexpr std::chrono::milliseconds look_again{1};
// The worker of the latency measurement has nothing else to do.
constexpr std::chrono::milliseconds idle_pause{5};

struct Options {
  std::optional<std::int64_t> tasks;
  std::optional<std::int64_t> concurrency;
  std::optional<std::int64_t> batch;
};

struct Report {
  std::string engine;
  std::int64_t tasks = 0;
  double enqueue_per_second = 0;
  double one_by_one_per_second = 0;
  double drain_per_second = 0;
  std::vector<double> latencies_ms;  // sorted
  double cpu_us_per_task = 0;
  JsonObject settings;
};

double cpu_us() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  const auto us = [](const timeval& time) {
    return static_cast<double>(time.tv_sec) * 1e6 + static_cast<double>(time.tv_usec);
  };
  return us(usage.ru_utime) + us(usage.ru_stime);
}

double seconds_since(SteadyClock::time_point start) {
  return Seconds(SteadyClock::now() - start).count();
}

NewTask new_task(const BenchProcessor& processor, std::int64_t number) {
  return {.type = std::string(processor.task_type()),
          .payload = JsonObject{{"message_id", number},
                                {"channel", "whatsapp"},
                                {"to", "+5511999990000"},
                                {"text", "a payload of the usual length"}}};
}

// The measurements, in their order, on a database of their own.
class Bench {
 public:
  Bench(std::string url, const Options& options, const std::atomic<bool>& stopped)
      : url_(std::move(url)),
        tasks_(options.tasks.value_or(20'000)),
        concurrency_(static_cast<int>(options.concurrency.value_or(10))),
        batch_(options.batch.value_or(1'000)),
        stopped_(stopped) {
    registry_.add(processor_);
  }

  Expected<Report> run() {
    repository_ = ESTEIRA_TRY(open_repository(url_, Migrate::always));
    service_ = std::make_unique<TaskService>(repository_, &registry_);
    ESTEIRA_TRY(service_->ensure_type(*processor_));
    report_.engine = repository_->engine();
    report_.tasks = tasks_;
    const double cpu_before = cpu_us();
    ESTEIRA_TRY(enqueue_in_bulk());
    const double cpu_after_bulk = cpu_us();
    const auto one_by_one = ESTEIRA_TRY(enqueue_one_by_one());
    const double cpu_before_drain = cpu_us();
    ESTEIRA_TRY(drain(tasks_ + one_by_one));
    const double drain_cpu =
        (cpu_us() - cpu_before_drain) / static_cast<double>(tasks_ + one_by_one);
    report_.cpu_us_per_task =
        (cpu_after_bulk - cpu_before) / static_cast<double>(tasks_) + drain_cpu;
    ESTEIRA_TRY(measure_latency());
    ESTEIRA_TRY(describe_settings());
    return std::move(report_);
  }

 private:
  Expected<void> go_on() const {
    if (stopped_.load()) return fail(ErrorCode::internal, "interrupted");
    return {};
  }

  Expected<void> enqueue_in_bulk() {
    Progress progress("enqueuing in bulk", tasks_);
    std::vector<NewTask> batch;
    const auto start = SteadyClock::now();
    for (std::int64_t done = 0; done < tasks_;) {
      batch.clear();
      const auto size = std::min(batch_, tasks_ - done);
      for (std::int64_t i = 0; i < size; ++i) batch.push_back(new_task(*processor_, done + i));
      ESTEIRA_TRY(service_->create_tasks(batch));
      ESTEIRA_TRY(go_on());
      done += size;
      progress.show(done, done);
    }
    report_.enqueue_per_second = static_cast<double>(tasks_) / seconds_since(start);
    return {};
  }

  Expected<std::int64_t> enqueue_one_by_one() {
    const auto count = std::min(tasks_, one_by_one_max);
    Progress progress("enqueuing one by one", count);
    const auto start = SteadyClock::now();
    for (std::int64_t i = 0; i < count; ++i) {
      ESTEIRA_TRY(service_->create(new_task(*processor_, i)));
      ESTEIRA_TRY(go_on());
      progress.show(i + 1, i + 1);
    }
    report_.one_by_one_per_second = static_cast<double>(count) / seconds_since(start);
    return count;
  }

  Expected<void> drain(std::int64_t waiting) {
    Progress progress("draining", waiting);
    TaskWorker worker(url_, registry_, {.concurrency = concurrency_, .drain = true});
    const auto start = SteadyClock::now();
    ESTEIRA_TRY(worker.start());
    while (!worker.ended()) {
      if (stopped_.load()) worker.request_stop_now();
      progress.show(worker.settled(), worker.settled());
      std::this_thread::sleep_for(look_again);
    }
    report_.drain_per_second = static_cast<double>(waiting) / seconds_since(start);
    const bool all_came_back = worker.wait();
    ESTEIRA_ASSERT(all_came_back);
    ESTEIRA_TRY(go_on());
    if (worker.settled() == waiting) return {};
    return fail(ErrorCode::internal, fmt::format("only {} of {} tasks were run: is another worker "
                                                 "on this database?",
                                                 worker.settled(), waiting));
  }

  // From before the enqueue until the processor's first line, one task at a time.
  Expected<void> measure_latency() {
    Progress progress("measuring start latency", latency_samples);
    processor_->watch_starts();
    TaskWorker worker(url_, registry_, {.concurrency = concurrency_});
    ESTEIRA_TRY(worker.start());
    for (int i = 0; i < latency_samples; ++i) {
      std::this_thread::sleep_for(idle_pause);
      const auto before = SteadyClock::now();
      ESTEIRA_TRY(service_->create(new_task(*processor_, i)));
      const auto started = processor_->wait_start(start_limit);
      if (!started) return fail(ErrorCode::internal, "the worker did not start a task in time");
      report_.latencies_ms.push_back(Milliseconds(*started - before).count());
      while (worker.settled() <= i && !stopped_.load()) std::this_thread::sleep_for(look_again);
      ESTEIRA_TRY(go_on());
      progress.show(i + 1, i + 1);
    }
    worker.request_stop();
    const bool all_came_back = worker.wait();
    ESTEIRA_ASSERT(all_came_back);
    std::ranges::sort(report_.latencies_ms);
    return {};
  }

  Expected<void> describe_settings() {
    for (auto& fact : ESTEIRA_TRY(engine_facts(url_))) {
      report_.settings.emplace(fact.name, std::move(fact.value));
    }
    report_.settings.emplace("concurrency", concurrency_);
    report_.settings.emplace("batch", batch_);
    report_.settings.emplace("history", "full");
    report_.settings.emplace("cpu_of", "this process: enqueue in bulk and drain");
    return {};
  }

  std::string url_;
  std::int64_t tasks_;
  int concurrency_;
  std::int64_t batch_;
  const std::atomic<bool>& stopped_;
  ProcessorRegistry registry_;
  std::shared_ptr<BenchProcessor> processor_ = std::make_shared<BenchProcessor>();
  std::shared_ptr<TaskRepository> repository_;
  std::unique_ptr<TaskService> service_;
  Report report_;
};

double percentile(const std::vector<double>& sorted, double share) {
  const auto last = static_cast<double>(sorted.size() - 1);
  return sorted[static_cast<std::size_t>(std::ceil(share * last))];
}

double rounded(double value, double steps) { return std::round(value * steps) / steps; }

Json report_to_json(const Report& report) {
  const auto& latencies = report.latencies_ms;
  const auto latency = [&](double share) { return rounded(percentile(latencies, share), 1e3); };
  return JsonObject{
      {"engine", report.engine},
      {"tasks", report.tasks},
      {"enqueue_per_second", rounded(report.enqueue_per_second, 10)},
      {"enqueue_one_by_one_per_second", rounded(report.one_by_one_per_second, 10)},
      {"drain_per_second", rounded(report.drain_per_second, 10)},
      {"start_latency_ms",
       JsonObject{{"p50", latency(0.5)}, {"p95", latency(0.95)}, {"p99", latency(0.99)}}},
      {"cpu_us_per_task", rounded(report.cpu_us_per_task, 10)},
      {"settings", report.settings},
  };
}

void print_report(const Report& report) {
  const auto rate = [](double value) {
    return count_cell(static_cast<std::int64_t>(value)) + " tasks/s";
  };
  const auto latency = [&](double share) { return percentile(report.latencies_ms, share); };
  Pairs pairs{{"engine", report.engine},
              {"tasks", count_cell(report.tasks)},
              {"enqueue in bulk", rate(report.enqueue_per_second)},
              {"enqueue one by one", rate(report.one_by_one_per_second)},
              {"drain", rate(report.drain_per_second)},
              {"start latency", fmt::format("p50 {:.2f} ms, p95 {:.2f} ms, p99 {:.2f} ms",
                                            latency(0.5), latency(0.95), latency(0.99))},
              {"processor time", fmt::format("{:.1f} µs a task", report.cpu_us_per_task)}};
  for (const auto& setting : report.settings) {
    const auto& value = setting.value();
    pairs.emplace_back(std::string(setting.key()),
                       value.is_string() ? std::string(value.get_string()) : to_text(value));
  }
  print(pairs_text(pairs));
}

Expected<int> run(const GlobalOptions& globals, const Options& options) {
  std::atomic<bool> stopped{false};
  const SignalWatch signals([&stopped](int /*count*/) { stopped.store(true); });
  const auto configuration = ESTEIRA_TRY(configuration_of(globals));
  const auto scratch = ESTEIRA_TRY(make_scratch_store(configuration.database_url));
  const auto report = ESTEIRA_TRY(Bench(scratch->url(), options, stopped).run());
  if (globals.json) {
    print_json(report_to_json(report));
  } else {
    print_report(report);
  }
  return status::done;
}

}  // namespace

Verb bench_verb() {
  const auto options = std::make_shared<Options>();
  return {.name = "bench",
          .summary = "Measure this machine, on a database of its own beside the configured one",
          .example = "esteira bench --tasks 100000 --concurrency 8 --json",
          .declare =
              [options](Arguments& arguments) {
                arguments.integer({"--tasks", "N", "how many (default 20000)"}, {1, 10'000'000},
                                  options->tasks);
                arguments.integer({"--concurrency", "N", "runner threads (default 10)"}, {1, 1000},
                                  options->concurrency);
                arguments.integer({"--batch", "N", "tasks in one bulk enqueue (default 1000)"},
                                  {1, static_cast<std::int64_t>(limits::batch_tasks_max)},
                                  options->batch);
              },
          .run = [options](const GlobalOptions& globals) { return run(globals, *options); }};
}

}  // namespace esteira::cli
