#include "cli/remote_backend.hpp"

#include <algorithm>
#include <charconv>

#include <fmt/format.h>

#include "api/answer_json.hpp"
#include "api/new_task_json.hpp"
#include "api/object_reader.hpp"
#include "api/schedule_json.hpp"
#include "api/task_json.hpp"
#include "base/assert.hpp"
#include "base/clock.hpp"
#include "base/random.hpp"
#include "client/api_client.hpp"
#include "client/server_url.hpp"
#include "service/new_task.hpp"
#include "service/type_cache.hpp"

namespace esteira::cli {
namespace {

using client::ApiCall;
using client::Reply;

// A whole batch is checked and committed before the answer.
constexpr Duration batch_timeout = std::chrono::minutes{5};
constexpr std::string_view batch_pointer = "/tasks";

std::string random_key() {
  SystemRandom random;
  std::string key = "cli-";
  for (const auto byte : random.bytes16()) key += fmt::format("{:02x}", byte);
  return key;
}

// Its place is a header, which has no line breaks, and no blanks at its ends.
Expected<void> check_header_value(std::string_view text) {
  const bool controls = std::ranges::any_of(
      text, [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == '\x7F'; });
  if (!controls && !text.starts_with(' ') && !text.ends_with(' ')) return {};
  return fail(ErrorCode::invalid_argument,
              "idempotency_key: with a server it holds no control character, and no blank at its "
              "ends");
}

// "?status=FAILED&limit=20"
std::string query_of(const TaskFilter& filter) {
  std::string query;
  const auto add = [&query](std::string_view name, std::string_view value) {
    query +=
        fmt::format("{}{}={}", query.empty() ? "?" : "&", name, client::percent_encoded(value));
  };
  if (filter.status) add("status", to_text(*filter.status));
  if (filter.type) add("type", *filter.type);
  if (filter.tag) add("tag", *filter.tag);
  if (filter.batch_id) add("batch_id", *filter.batch_id);
  if (filter.created_after) add("created_after", format_time(*filter.created_after));
  if (filter.created_before) add("created_before", format_time(*filter.created_before));
  if (filter.before_id) add("cursor", fmt::format("{}", *filter.before_id));
  add("limit", fmt::format("{}", filter.limit));
  return query;
}

// A name that is none is no part of a path either: the server says that there is no such schedule.
std::string schedule_path(const std::string& name) {
  return "/schedules/" + client::percent_encoded(name);
}

std::string batch_path(const std::string& batch_id) {
  return "/batches/" + client::percent_encoded(batch_id);
}

std::string type_path(const std::string& name) { return "/types/" + client::percent_encoded(name); }

ApiCall changing_call(TaskChange change, TaskId task_id) {
  const auto path = fmt::format("/tasks/{}", task_id);
  switch (change) {
    case TaskChange::cancel:
      return {.method = "POST", .path = path + "/cancel"};
    case TaskChange::retry:
      return {.method = "POST", .path = path + "/retry"};
    case TaskChange::remove:
      return {.method = "DELETE", .path = path};
  }
  return {};
}

// What the answer to one change says of its task.
Expected<ChangeStatus> status_of(TaskChange change,
                                 const std::expected<Reply, client::Problem>& reply) {
  if (!reply) {
    const auto& [error, kind, again_after] = reply.error();
    if (error.code == ErrorCode::not_found) return ChangeStatus::not_found;
    if (kind == "unique-conflict") return ChangeStatus::unique_conflict;
    if (kind == "wrong-status") return ChangeStatus::wrong_status;
    return std::unexpected(error);
  }
  if (change != TaskChange::cancel) return ChangeStatus::applied;
  const auto task = ESTEIRA_TRY(api::task_from_json(reply->body));
  return task.status == TaskStatus::processing ? ChangeStatus::requested : ChangeStatus::applied;
}

// "/tasks/17/payload" is the batch's; its caller knows "/17/payload", and the message speaks of the
// task alone.
Error about_the_task(Error error) {
  for (auto& field : error.fields) {
    if (field.pointer.starts_with(batch_pointer)) field.pointer.erase(0, batch_pointer.size());
  }
  constexpr std::string_view after_index = " of the batch: ";
  const auto end = error.message.find(after_index);
  if (error.message.starts_with("task ") && end != std::string::npos) {
    error.message.erase(0, end + after_index.size());
  }
  return error;
}

Expected<JsonArray> items_of(const Json& page) {
  const auto* object = page.if_object();
  const auto* items = object == nullptr ? nullptr : object->if_contains("items");
  if (items == nullptr || !items->is_array()) {
    return fail(ErrorCode::internal, "the server answered something that is no list");
  }
  return items->get_array();
}

template <class T>
Expected<std::vector<T>> items_of(const Json& page, Expected<T> (*read)(const Json&)) {
  std::vector<T> all;
  for (const auto& one : ESTEIRA_TRY(items_of(page))) all.push_back(ESTEIRA_TRY(read(one)));
  return all;
}

class RemoteBackend final : public Backend {
 public:
  RemoteBackend(ServerSettings settings, std::function<bool()> stopped)
      : api_({.base = std::move(settings.base),
              .key = std::move(settings.key),
              .ca_file = std::move(settings.ca_file),
              .stopped = std::move(stopped)}),
        // Read once: what has changed since is for the server to see.
        known_types_({.version = [] { return 0; }, .types = [this] { return types(); }}, clock_) {}

  std::string address() const override { return api_.base(); }

  Expected<MadeTask> create(const NewTask& task) override;
  Expected<Task> task(TaskId task_id) override {
    return api::task_from_json(ESTEIRA_TRY(api_.get(fmt::format("/tasks/{}", task_id))));
  }
  Expected<std::vector<Execution>> executions(TaskId task_id) override {
    return items_of(ESTEIRA_TRY(api_.get(fmt::format("/tasks/{}/executions", task_id))),
                    &api::execution_from_json);
  }
  Expected<std::vector<LogLine>> log_lines(TaskId task_id) override {
    return items_of(ESTEIRA_TRY(api_.get(fmt::format("/tasks/{}/log", task_id))),
                    &api::log_line_from_json);
  }
  Expected<std::vector<Task>> tasks(const TaskFilter& filter) override {
    // The API takes an empty parameter for none.
    if (filter.tag == "" || filter.type == "") return std::vector<Task>{};
    // A page may hold fewer tasks than were asked for, where they are large.
    TaskFilter rest = filter;
    std::vector<Task> all;
    while (true) {
      const auto page = ESTEIRA_TRY(look("/tasks" + query_of(rest)));
      for (auto& task : ESTEIRA_TRY(items_of(page, &api::task_from_json))) {
        all.push_back(std::move(task));
      }
      rest.limit = filter.limit - static_cast<int>(all.size());
      const auto* object = page.if_object();
      const auto* next = object == nullptr ? nullptr : object->if_contains("next_cursor");
      if (rest.limit <= 0 || next == nullptr || !next->is_string() || all.empty()) return all;
      rest.before_id = all.back().task_id;
    }
  }
  Changes change(TaskChange change, std::span<const TaskId> ids) override;

  Expected<CheckedTask> check(const NewTask& task) override;
  Expected<std::size_t> insert(std::span<const CheckedTask> tasks) override;

  Expected<std::vector<TaskType>> types() override {
    return items_of(ESTEIRA_TRY(look("/types")), &api::type_from_json);
  }
  Expected<ChangedType> set_type(const std::string& name, const TypeChange& change) override;
  Expected<TaskType> pause_type(const std::string& name, bool paused) override;

  Expected<JsonArray> schedules() override { return items_of(ESTEIRA_TRY(look("/schedules"))); }
  Expected<Json> schedule(const std::string& name) override;
  Expected<JsonArray> preview_schedule(const std::string& name, int count) override;
  Expected<MadeSchedule> set_schedule(const std::string& name,
                                      const ScheduleChange& change) override;
  Expected<void> remove_schedule(const std::string& name) override;
  Expected<Json> pause_schedule(const std::string& name, bool paused) override;
  Expected<Task> run_schedule(const std::string& name) override;

  Expected<Json> batch(const std::string& batch_id) override {
    return api_.get(batch_path(batch_id));
  }
  Expected<Json> create_batch(const api::NewBatch& batch) override {
    return post("/batches", to_text(api::new_batch_to_json(batch)));
  }
  Expected<Json> close_batch(const std::string& batch_id) override {
    return post(batch_path(batch_id) + "/close", {});
  }
  Expected<ChangedBatch> change_batch(const std::string& batch_id, BatchAction action) override;

  Expected<Stats> stats() override { return api::stats_from_json(ESTEIRA_TRY(look("/stats"))); }
  Expected<std::vector<WorkerRecord>> workers() override {
    return items_of(ESTEIRA_TRY(look("/workers")), &api::worker_from_json);
  }

 private:
  // What every server has: where it is not found, the address is wrong.
  Expected<Json> look(std::string path);
  // With a key of its own, so that an answer that was lost can be asked for again.
  Expected<Json> post(std::string path, std::string body);

  client::ApiClient api_;
  SystemClock clock_;
  TypeCache known_types_;
};

Expected<Json> RemoteBackend::look(std::string path) {
  auto answer = api_.get(std::move(path));
  if (answer || answer.error().code != ErrorCode::not_found) return answer;
  return fail(ErrorCode::internal,
              fmt::format("{} has no such place: is it an Esteira server's address, with the path "
                          "that a proxy puts before it?",
                          api_.base()));
}

// Every task has an idempotency key, so that an answer that was lost can be asked for again.
Expected<MadeTask> RemoteBackend::create(const NewTask& task) {
  const auto name = canonical_type_name(task.type);
  if (!check_type_name(name)) return unknown_type(name);
  const bool own_key = !task.options.idempotency_key;
  const auto key = own_key ? random_key() : *task.options.idempotency_key;
  ESTEIRA_TRY(check_header_value(key));
  const auto body = api::new_task_to_json(task, api::IdempotencyKey::not_in_body);
  auto reply = api_.call({.method = "POST",
                          .path = "/tasks",
                          .body = to_text(body),
                          .headers = {{"Idempotency-Key", key}},
                          .safe_to_repeat = true});
  if (!reply) {
    auto error = std::move(reply).error();
    if (error.code == ErrorCode::in_doubt) {
      error.message += fmt::format(
          "; whether the task was made is not known: the same call with "
          "--idempotency-key {} answers it, or makes it",
          key);
    }
    return std::unexpected(std::move(error));
  }
  // Nobody else has a key of our own, but the holder of the unique key may be the answer; with a
  // given key, a lost try of ours may have been the first.
  const bool surely_new = own_key && task.options.on_conflict == OnConflict::refuse;
  const bool created = surely_new || reply->repeated || reply->status == 201;
  return MadeTask{ESTEIRA_TRY(api::task_from_json(reply->body)), created};
}

Changes RemoteBackend::change(TaskChange change, std::span<const TaskId> ids) {
  Changes changes;
  for (const auto id : ids) {
    auto status = status_of(change, api_.ask(changing_call(change, id)));
    if (!status) {
      changes.error = std::move(status).error();
      changes.error->message.insert(0, fmt::format("task {}: ", id));
      break;
    }
    changes.statuses.push_back(*status);
  }
  return changes;
}

// The server's own processors, and what only its database knows, are asked when the task is sent.
Expected<CheckedTask> RemoteBackend::check(const NewTask& task) {
  CheckedTask checked{ESTEIRA_TRY(check_new_task(task, known_types_, nullptr, clock_.now())), ""};
  checked.body = to_text(api::new_task_to_json(task, api::IdempotencyKey::in_body));
  checked.row.payload.clear();
  return checked;
}

Expected<std::size_t> RemoteBackend::insert(std::span<const CheckedTask> tasks) {
  std::string body = R"({"tasks":[)";
  for (const auto& task : tasks) {
    if (&task != &tasks.front()) body += ',';
    body += task.body;
  }
  body += "]}";
  const auto reply = api_.call({.method = "POST",
                                .path = "/tasks/batch",
                                .body = std::move(body),
                                .timeout = batch_timeout});
  if (!reply) return std::unexpected(about_the_task(reply.error()));
  return tasks.size();
}

Expected<ChangedType> RemoteBackend::set_type(const std::string& name, const TypeChange& change) {
  ESTEIRA_TRY(check_type_name(canonical_type_name(name)));
  const auto reply = ESTEIRA_TRY(api_.call(
      {.method = "PUT", .path = type_path(name), .body = to_text(type_change_to_json(change))}));
  return ChangedType{ESTEIRA_TRY(api::type_from_json(reply.body)), reply.status == 201};
}

Expected<TaskType> RemoteBackend::pause_type(const std::string& name, bool paused) {
  ESTEIRA_TRY(check_type_name(canonical_type_name(name)));
  const auto reply = ESTEIRA_TRY(
      api_.call({.method = "POST", .path = type_path(name) + (paused ? "/pause" : "/resume")}));
  return api::type_from_json(reply.body);
}

Expected<Json> RemoteBackend::schedule(const std::string& name) {
  return api_.get(schedule_path(name));
}

Expected<JsonArray> RemoteBackend::preview_schedule(const std::string& name, int count) {
  const auto page =
      ESTEIRA_TRY(api_.get(fmt::format("{}/preview?count={}", schedule_path(name), count)));
  return items_of(page);
}

Expected<MadeSchedule> RemoteBackend::set_schedule(const std::string& name,
                                                   const ScheduleChange& change) {
  ESTEIRA_TRY(check_schedule_name(name));
  auto reply = ESTEIRA_TRY(api_.call({.method = "PUT",
                                      .path = schedule_path(name),
                                      .body = to_text(api::schedule_change_to_json(change))}));
  return MadeSchedule{std::move(reply.body), reply.status == 201};
}

Expected<void> RemoteBackend::remove_schedule(const std::string& name) {
  ESTEIRA_TRY(api_.call({.method = "DELETE", .path = schedule_path(name)}));
  return {};
}

Expected<Json> RemoteBackend::pause_schedule(const std::string& name, bool paused) {
  auto reply = ESTEIRA_TRY(
      api_.call({.method = "POST", .path = schedule_path(name) + (paused ? "/pause" : "/resume")}));
  return std::move(reply.body);
}

Expected<Json> RemoteBackend::post(std::string path, std::string body) {
  auto reply = ESTEIRA_TRY(api_.call({.method = "POST",
                                      .path = std::move(path),
                                      .body = std::move(body),
                                      .headers = {{"Idempotency-Key", random_key()}},
                                      .safe_to_repeat = true}));
  return std::move(reply.body);
}

Expected<Task> RemoteBackend::run_schedule(const std::string& name) {
  return api::task_from_json(ESTEIRA_TRY(post(schedule_path(name) + "/run", {})));
}

Expected<ChangedBatch> RemoteBackend::change_batch(const std::string& batch_id,
                                                   BatchAction action) {
  const auto answer = ESTEIRA_TRY(
      post(batch_path(batch_id) + (action == BatchAction::cancel ? "/cancel" : "/retry"), {}));
  const auto* object = answer.if_object();
  const auto* batch = object == nullptr ? nullptr : object->if_contains("batch");
  if (batch == nullptr) {
    return fail(ErrorCode::internal, "the server answered something that is no changed batch");
  }
  std::vector<FieldError> wrong;
  api::ObjectReader reader(*object, wrong);
  constexpr auto most = std::numeric_limits<std::int64_t>::max();
  return ChangedBatch{.batch = *batch,
                      .applied = reader.whole("applied", 0, most).value_or(0),
                      .requested = reader.whole("requested", 0, most).value_or(0),
                      .more = reader.boolean("more").value_or(false)};
}

void put_seconds(JsonObject& object, std::string_view name,
                 const std::optional<Duration>& duration) {
  if (duration) object[name] = api::seconds_to_json(*duration);
}

JsonObject breaker_change_to_json(const TypeChange& change) {
  JsonObject breaker;
  if (change.breaker_failure_rate) breaker["failure_rate"] = *change.breaker_failure_rate;
  if (change.breaker_attempts) breaker["attempts"] = *change.breaker_attempts;
  put_seconds(breaker, "window_seconds", change.breaker_window);
  put_seconds(breaker, "open_seconds", change.breaker_open);
  if (change.breaker_probes) breaker["probes"] = *change.breaker_probes;
  return breaker;
}

JsonObject flow_change_to_json(const TypeChange& change) {
  JsonObject flow;
  if (change.flow_key) flow["key"] = *change.flow_key;
  if (change.flow_concurrency) flow["concurrency"] = *change.flow_concurrency;
  if (change.flow_rate) flow["rate"] = *change.flow_rate;
  if (change.flow_ordered) flow["ordered"] = *change.flow_ordered;
  if (change.flow_weights) {
    flow["weights"] = JsonObject(change.flow_weights->begin(), change.flow_weights->end());
  }
  return flow;
}

}  // namespace

Json type_change_to_json(const TypeChange& change) {
  JsonObject body;
  JsonObject back_off;
  JsonObject retention;
  if (change.description) body["description"] = *change.description;
  if (change.max_retries) body["max_retries"] = *change.max_retries;
  put_seconds(body, "timeout_seconds", change.timeout);
  put_seconds(back_off, "base_seconds", change.back_off_base);
  if (change.back_off_factor) back_off["factor"] = *change.back_off_factor;
  put_seconds(back_off, "cap_seconds", change.back_off_cap);
  if (change.back_off_jitter) back_off["jitter"] = *change.back_off_jitter;
  put_seconds(retention, "completed_seconds", change.retention_completed);
  put_seconds(retention, "failed_seconds", change.retention_failed);
  put_seconds(retention, "cancelled_seconds", change.retention_cancelled);
  if (!back_off.empty()) body["back_off"] = std::move(back_off);
  if (!retention.empty()) body["retention"] = std::move(retention);
  if (change.concurrency) body["concurrency"] = *change.concurrency;
  if (change.rate) body["rate"] = *change.rate;
  if (auto flow = flow_change_to_json(change); !flow.empty()) body["flow"] = std::move(flow);
  if (auto breaker = breaker_change_to_json(change); !breaker.empty()) {
    body["breaker"] = std::move(breaker);
  }
  if (change.max_waiting) body["max_waiting"] = *change.max_waiting;
  if (change.encrypted) body["encrypted"] = *change.encrypted;
  if (change.payload_schema) {
    auto schema = parse_json(*change.payload_schema);
    body["payload_schema"] = schema ? *std::move(schema) : Json(nullptr);  // "": none
  }
  return body;
}

std::unique_ptr<Backend> remote_backend(ServerSettings settings, std::function<bool()> stopped) {
  return std::make_unique<RemoteBackend>(std::move(settings), std::move(stopped));
}

}  // namespace esteira::cli
