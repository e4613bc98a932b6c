#include "service/new_task.hpp"

#include <array>

#include <fmt/format.h>
#include <openssl/sha.h>

#include "base/assert.hpp"
#include "base/utf8.hpp"
#include "domain/flow_key.hpp"
#include "domain/limits.hpp"
#include "domain/rate.hpp"
#include "service/batch_service.hpp"
#include "service/task_refs.hpp"

namespace esteira {
namespace {

// What both databases and four-digit years can hold.
constexpr Time earliest = std::chrono::sys_days{std::chrono::year{1970} / 1 / 1};
constexpr Time latest = std::chrono::sys_days{std::chrono::year{9999} / 12 / 31};

Expected<void> refuse(std::string pointer, std::string message) {
  return std::unexpected(Error{.code = ErrorCode::invalid_argument,
                               .message = pointer.substr(1) + ": " + message,
                               .fields = {{std::move(pointer), std::move(message)}}});
}

Expected<void> check_text(std::string_view text, std::size_t bytes_max, std::string pointer) {
  if (text.empty()) return refuse(std::move(pointer), "must not be empty");
  if (text.size() > bytes_max) {
    return refuse(std::move(pointer), fmt::format("is over the limit of {} bytes", bytes_max));
  }
  if (text.find('\0') != std::string_view::npos) {
    return refuse(std::move(pointer), "holds the character NUL");
  }
  if (find_invalid_utf8(text) != std::string_view::npos) {
    return refuse(std::move(pointer), "is not valid UTF-8");
  }
  return {};
}

Expected<void> check_range(std::int64_t value, std::int64_t low, std::int64_t high,
                           std::string pointer) {
  if (value >= low && value <= high) return {};
  return refuse(std::move(pointer), fmt::format("must be from {} to {}", low, high));
}

Expected<void> check_schedule(const TaskOptions& options, Time now) {
  if (options.scheduled_for && options.scheduled_in) {
    return refuse("/scheduled_for", "is given as a time and as a delay: give one of them");
  }
  if (options.scheduled_for &&
      (*options.scheduled_for < earliest || *options.scheduled_for > latest)) {
    return refuse("/scheduled_for", "must lie between 1970 and 9999");
  }
  if (options.scheduled_in &&
      (*options.scheduled_in < Duration{0} || *options.scheduled_in > latest - now)) {
    return refuse("/scheduled_for", "a delay is not negative and ends before the year 9999 does");
  }
  return {};
}

Expected<void> check_unique(const TaskOptions& options) {
  const bool plain = options.unique_scope == UniqueScope::active &&
                     options.on_conflict == OnConflict::refuse && !options.unique_window;
  const std::string key_pointer = plain ? "/unique_key" : "/unique/key";
  if (options.unique_key) {
    ESTEIRA_TRY(check_text(*options.unique_key, limits::unique_key_bytes_max, key_pointer));
  } else if (!plain) {
    return refuse(key_pointer, "is missing: what is said of a unique key needs one");
  }
  if (options.unique_scope != UniqueScope::window) {
    if (!options.unique_window) return {};
    return refuse("/unique/seconds", "is only for the scope window");
  }
  if (!options.unique_window) return refuse("/unique/seconds", "is needed for the scope window");
  if (*options.unique_window > Duration{0} && *options.unique_window <= limits::unique_window_max) {
    return {};
  }
  return refuse("/unique/seconds",
                fmt::format("must be more than 0 and at most {}",
                            limits::unique_window_max / std::chrono::seconds{1}));
}

// As it was asked for, counted from `now` on.
std::optional<Time> due_time(const TaskOptions& options, Time now) {
  return options.scheduled_in ? now + *options.scheduled_in : options.scheduled_for;
}

std::optional<Time> expiry_time(const TaskOptions& options, Time now) {
  return options.expires_in ? now + *options.expires_in : options.expires_at;
}

Expected<void> check_expiry(const TaskOptions& options, Time now) {
  if (options.expires_at && options.expires_in) {
    return refuse("/expires_at", "is given as a time and as a delay: give one of them");
  }
  if (options.expires_at && *options.expires_at > latest) {
    return refuse("/expires_at", "must lie before the end of the year 9999");
  }
  if (options.expires_in && *options.expires_in > latest - now) {
    return refuse("/expires_at", "a delay ends before the year 9999 does");
  }
  const auto expires_at = expiry_time(options, now);
  if (!expires_at) return {};
  if (*expires_at <= now) return refuse("/expires_at", "must lie in the future");
  const auto due = due_time(options, now);
  if (!due || *expires_at > *due) return {};
  return refuse("/expires_at", "must lie after scheduled_for: the task could never run");
}

Expected<void> check_parents(const TaskOptions& options) {
  const auto& depends_on = options.depends_on;
  if (depends_on.size() > limits::depends_on_max) {
    return refuse("/depends_on", fmt::format("holds more than {} tasks", limits::depends_on_max));
  }
  for (std::size_t i = 0; i < depends_on.size(); ++i) {
    const auto pointer = fmt::format("/depends_on/{}", i);
    if (const auto* ref = std::get_if<std::string>(&depends_on[i])) {
      ESTEIRA_TRY(check_text(*ref, limits::task_ref_bytes_max, pointer));
    } else if (std::get<TaskId>(depends_on[i]) < 1) {
      return refuse(pointer, "is no task_id");
    }
  }
  if (options.ref) ESTEIRA_TRY(check_text(*options.ref, limits::task_ref_bytes_max, "/ref"));
  return options.batch_id ? check_batch_id(*options.batch_id) : Expected<void>{};
}

Expected<void> check_options(const TaskOptions& options, Time now) {
  ESTEIRA_TRY(
      check_range(options.priority, limits::priority_min, limits::priority_max, "/priority"));
  if (options.max_retries) {
    ESTEIRA_TRY(check_range(*options.max_retries, 0, limits::max_retries_max, "/max_retries"));
  }
  if (options.timeout &&
      (*options.timeout <= Duration{0} || *options.timeout > limits::timeout_max)) {
    return refuse("/timeout_seconds", fmt::format("must be more than 0 and at most {}",
                                                  limits::timeout_max / std::chrono::seconds{1}));
  }
  ESTEIRA_TRY(check_schedule(options, now));
  ESTEIRA_TRY(check_expiry(options, now));
  ESTEIRA_TRY(check_unique(options));
  ESTEIRA_TRY(check_parents(options));
  ESTEIRA_TRY(check_range(options.rate_cost, 1, rate_count_max, "/rate_cost"));
  if (options.idempotency_key) {
    ESTEIRA_TRY(check_text(*options.idempotency_key, limits::idempotency_key_bytes_max,
                           "/idempotency_key"));
  }
  if (options.traceparent) {
    ESTEIRA_TRY(check_text(*options.traceparent, limits::traceparent_bytes_max, "/traceparent"));
  }
  if (options.tags.size() > limits::tags_max) {
    return refuse("/tags", fmt::format("holds more than {} tags", limits::tags_max));
  }
  for (std::size_t i = 0; i < options.tags.size(); ++i) {
    ESTEIRA_TRY(check_text(options.tags[i], limits::tag_bytes_max, fmt::format("/tags/{}", i)));
  }
  return {};
}

// Puts "/payload" before the pointers of an error about the payload.
Error about_payload(Error error) {
  for (auto& field : error.fields) field.pointer.insert(0, "/payload");
  return error;
}

Expected<void> ask_processor(const BaseProcessor& processor, const Json& payload) {
  // User code: one of the three doors at which exceptions stop.
  try {
    processor.validate_payload(payload);
    return {};
  } catch (const InvalidPayload& problem) {
    return refuse("/payload" + problem.pointer(), problem.what());
  } catch (const std::exception& problem) {
    return refuse("/payload", fmt::format("the processor of {} refused it: {}",
                                          processor.task_type(), problem.what()));
  }
}

// Answers its text.
Expected<std::string> check_payload(const Json& payload, const TaskType& type, TypeCache& types,
                                    const ProcessorRegistry* registry) {
  if (auto good = check_json(payload, {.depth_max = limits::json_depth_max}); !good) {
    return std::unexpected(about_payload(std::move(good).error()));
  }
  if (auto good = types.check_payload(type, payload); !good) {
    return std::unexpected(about_payload(std::move(good).error()));
  }
  const auto* processor = registry == nullptr ? nullptr : registry->find(type.name);
  if (processor != nullptr) ESTEIRA_TRY(ask_processor(*processor, payload));
  auto text = to_text(payload);
  if (text.size() <= limits::payload_bytes_max) return text;
  return std::unexpected(
      refuse("/payload", fmt::format("is over the limit of {} bytes", limits::payload_bytes_max))
          .error());
}

// As it was asked for: a delay is the same wish whenever it is repeated.
std::string asked_schedule(const TaskOptions& options) {
  if (options.scheduled_for) return format_time(*options.scheduled_for);
  return options.scheduled_in ? fmt::format("+{}", options.scheduled_in->count()) : "";
}

// What is said beyond the plain order, so that the hash of a plain one stays what it was.
std::string asked_terms(const TaskOptions& options) {
  std::string text;
  if (options.unique_scope != UniqueScope::active) {
    text += fmt::format("\nscope {}", to_text(options.unique_scope));
  }
  if (options.unique_window) text += fmt::format("\nwindow {}", options.unique_window->count());
  if (options.on_conflict != OnConflict::refuse) {
    text += fmt::format("\non conflict {}", to_text(options.on_conflict));
  }
  if (options.expires_at) text += fmt::format("\nexpires {}", format_time(*options.expires_at));
  if (options.expires_in) text += fmt::format("\nexpires +{}", options.expires_in->count());
  for (const auto& parent : options.depends_on) {
    text += std::visit([](const auto& one) { return fmt::format("\nafter {}", one); }, parent);
  }
  if (options.dependency_rule) {
    text += fmt::format("\nafter it {}", to_text(*options.dependency_rule));
  }
  if (options.on_parent_failure != ParentFailure::cancel) {
    text += fmt::format("\non failure {}", to_text(options.on_parent_failure));
  }
  if (options.batch_id) text += fmt::format("\nbatch {}", *options.batch_id);
  if (options.rate_cost != 1) text += fmt::format("\ncost {}", options.rate_cost);
  return text;
}

TaskTerms terms_of(const TaskOptions& options, Time now) {
  TaskTerms terms{.expires_at = expiry_time(options, now),
                  .unique_scope = options.unique_scope,
                  .dependency_rule = options.dependency_rule.value_or(DependencyRule::completed),
                  .on_parent_failure = options.on_parent_failure,
                  .batch_id = options.batch_id,
                  .rate_cost = options.rate_cost};
  if (options.unique_window) terms.unique_until = now + *options.unique_window;
  for (const auto& parent : options.depends_on) {
    if (const auto* task_id = std::get_if<TaskId>(&parent)) terms.depends_on.push_back(*task_id);
  }
  return terms;
}

// What the caller asked for, so that a repeated idempotency key is told from a reused one.
std::string request_hash(const TaskType& type, const NewTask& task, std::string_view payload) {
  const auto& options = task.options;
  auto text =
      fmt::format("{}\n{}\n{}\n{}\n{}\n{}\n{}\n{}", type.name, options.priority,
                  asked_schedule(options), options.max_retries.value_or(-1),
                  options.unique_key.value_or(""), options.timeout.value_or(Duration{0}).count(),
                  to_text(Json(JsonArray(options.tags.begin(), options.tags.end()))), payload);
  text += asked_terms(options);
  std::array<unsigned char, SHA256_DIGEST_LENGTH> digest{};
  SHA256(reinterpret_cast<const unsigned char*>(text.data()), text.size(), digest.data());
  std::string hex;
  for (const auto byte : digest) hex += fmt::format("{:02x}", byte);
  return hex;
}

}  // namespace

namespace {

// The flow of a payload that was accepted, where its type has flows.
Expected<std::optional<std::string>> flow_key(const Json& payload, const TaskType& type) {
  if (!type.flow.key) return std::nullopt;
  auto key = flow_key_of(*type.flow.key, payload);
  if (!key) return std::unexpected(about_payload(std::move(key).error()));
  return *std::move(key);
}

// All but its dependencies on others of its call.
Expected<NewTaskRow> check_alone(const NewTask& task, TypeCache& types,
                                 const ProcessorRegistry* registry, Time now) {
  const auto type = ESTEIRA_TRY(types.find(task.type));
  ESTEIRA_TRY(check_options(task.options, now));
  const auto& options = task.options;
  NewTaskRow row{.type_id = type.type_id,
                 .payload = ESTEIRA_TRY(check_payload(task.payload, type, types, registry)),
                 .priority = options.priority,
                 .scheduled_for = due_time(options, now),
                 .max_retries = options.max_retries.value_or(type.max_retries),
                 .timeout = options.timeout,
                 .unique_key = options.unique_key,
                 .tags = options.tags,
                 .traceparent = options.traceparent,
                 .idempotency_key = options.idempotency_key,
                 .on_conflict = options.on_conflict,
                 .terms = terms_of(options, now)};
  row.terms.flow_key = ESTEIRA_TRY(flow_key(task.payload, type));
  row.terms.encrypted = type.flow.encrypted;
  if (row.idempotency_key) row.idempotency_hash = request_hash(type, task, row.payload);
  return row;
}

}  // namespace

Expected<NewTaskRow> check_new_task(const NewTask& task, TypeCache& types,
                                    const ProcessorRegistry* registry, Time now) {
  for (std::size_t i = 0; i < task.options.depends_on.size(); ++i) {
    if (!std::holds_alternative<std::string>(task.options.depends_on[i])) continue;
    return std::unexpected(refuse(fmt::format("/depends_on/{}", i),
                                  "a ref names a task of the same call, which has no other")
                               .error());
  }
  return check_alone(task, types, registry, now);
}

Expected<std::vector<NewTaskRow>> check_new_tasks(std::span<const NewTask> tasks, TypeCache& types,
                                                  const ProcessorRegistry* registry, Time now) {
  std::vector<NewTaskRow> rows;
  rows.reserve(tasks.size());
  for (const auto& task : tasks) {
    auto row = check_alone(task, types, registry, now);
    if (!row) {
      auto error = std::move(row).error();
      const auto index = rows.size();
      for (auto& field : error.fields) field.pointer.insert(0, fmt::format("/{}", index));
      error.message = fmt::format("task {} of the batch: {}", index, error.message);
      return std::unexpected(std::move(error));
    }
    rows.push_back(std::move(*row));
  }
  ESTEIRA_TRY(resolve_refs(tasks, rows));
  return rows;
}

Error about_only_task(Error error) {
  for (auto& field : error.fields) {
    if (field.pointer.starts_with("/0/")) field.pointer.erase(0, 2);
  }
  return error;
}

Expected<TaskEditRow> check_edit(const TaskEdit& edit, Time now) {
  const bool given_time = edit.scheduled_for || edit.scheduled_in;
  if (edit.due_now && given_time) {
    return std::unexpected(
        refuse("/scheduled_for", "is given as a time and as due now: give one of them").error());
  }
  if (!edit.payload && !edit.priority && !edit.tags && !edit.due_now && !given_time) {
    return fail(ErrorCode::invalid_argument,
                "nothing is to change: give payload, priority, scheduled_for or tags");
  }
  const TaskOptions asked{.priority = edit.priority.value_or(0),
                          .scheduled_for = edit.scheduled_for,
                          .scheduled_in = edit.scheduled_in,
                          .tags = edit.tags.value_or(std::vector<std::string>{})};
  ESTEIRA_TRY(check_options(asked, now));
  return TaskEditRow{.payload = std::nullopt,
                     .priority = edit.priority,
                     .tags = edit.tags,
                     .reschedules = edit.due_now || given_time,
                     .scheduled_for = due_time(asked, now)};
}

Expected<EditedPayload> check_edited_payload(const Json& payload, std::string_view type_name,
                                             TypeCache& types, const ProcessorRegistry* registry) {
  const auto type = ESTEIRA_TRY(types.find(type_name));
  return EditedPayload{.text = ESTEIRA_TRY(check_payload(payload, type, types, registry)),
                       .flow_key = ESTEIRA_TRY(flow_key(payload, type)),
                       .encrypted = type.flow.encrypted};
}

}  // namespace esteira
