// /tasks: create, look, change.
#include <algorithm>
#include <utility>

#include <fmt/format.h>

#include "api/new_task_json.hpp"
#include "api/object_reader.hpp"
#include "api/state_json.hpp"
#include "api/task_edit_json.hpp"
#include "api/task_json.hpp"
#include "base/assert.hpp"
#include "domain/limits.hpp"
#include "domain/policy.hpp"
#include "http/answers.hpp"
#include "http/deed.hpp"
#include "http/problem.hpp"
#include "http/routes.hpp"

namespace esteira::http {
namespace {

constexpr std::size_t batch_bytes_max = std::size_t{64} * 1024 * 1024;
constexpr int page_items_default = 50;
// Of payloads and results: a page that reaches it ends there, however many tasks were asked for.
constexpr std::size_t page_bytes_max = std::size_t{8} * 1024 * 1024;
constexpr int first_look_items = 20;

Expected<TaskId> task_id_of(const Call& call) { return id_of(call, "task"); }

// --- create -----------------------------------------------------------------------------------

// What the type or the service refuses of a well-formed body is 422.
Response creation_problem(const Error& error) {
  if (error.code == ErrorCode::conflict) {
    // Who joins a batch is told so by the field; who holds a unique key is no field.
    return problem(error, 409, error.fields.empty() ? "unique-conflict" : "batch-closed");
  }
  if (error.code == ErrorCode::not_found) {
    Error unknown = error;
    unknown.fields = {{"/type", error.message}};
    return problem(unknown, 422, "unknown-type");
  }
  if (error.code != ErrorCode::invalid_argument) return problem(error);
  if (error.task_id) return problem(error, 422, "idempotency-mismatch");
  const bool payload =
      !error.fields.empty() && error.fields.front().pointer.find("/payload") != std::string::npos;
  return payload ? problem(error, 422, "payload-refused") : problem(error);
}

Expected<NewTask> read_new_task(const Request& request) {
  const auto body = ESTEIRA_TRY(json_body(request));
  auto task = ESTEIRA_TRY(api::new_task_from_json(body, api::IdempotencyKey::not_in_body));
  if (const auto key = request.header("Idempotency-Key")) {
    task.options.idempotency_key = std::string(*key);
  }
  if (const auto trace = request.header("traceparent")) {
    task.options.traceparent = std::string(*trace);
  }
  return task;
}

// A body has room for white space and escapes; what is kept of it has a limit of its own.
std::optional<Response> too_large(const Request& request, const Json& payload) {
  if (request.body.size() <= limits::payload_bytes_max ||
      esteira::to_text(payload).size() <= limits::payload_bytes_max) {
    return std::nullopt;
  }
  return problem(413, fmt::format("a payload has at most {} bytes", limits::payload_bytes_max));
}

void create(EnqueueService& enqueue, const Call& call, std::function<void(Response)> done) {
  auto task = read_new_task(call.request);
  if (!task) return done(problem(task.error()));
  if (auto refused = too_large(call.request, task->payload)) return done(*std::move(refused));
  // Shared: the service may refuse without having called it.
  const auto answer = std::make_shared<std::function<void(Response)>>(std::move(done));
  const auto begun = enqueue.enqueue(std::move(*task), [answer](Expected<EnqueuedTask> made) {
    if (!made) return (*answer)(creation_problem(made.error()));
    auto response = json_answer(api::task_to_json(made->task), made->created ? 201 : 200);
    response.headers.push_back({"Location", fmt::format("/api/v1/tasks/{}", made->task.task_id)});
    (*answer)(std::move(response));
  });
  if (begun) return;
  if (begun.error().code != ErrorCode::conflict) return (*answer)(problem(begun.error()));
  auto response = problem(begun.error(), 409, "idempotency-in-flight");
  response.headers.push_back({"Retry-After", "1"});
  (*answer)(std::move(response));
}

Expected<std::vector<NewTask>> read_batch(const Request& request) {
  const auto body = ESTEIRA_TRY(json_body(request));
  const auto refuse = [](std::string pointer, std::string why) {
    return std::unexpected(Error{.code = ErrorCode::invalid_argument,
                                 .message = why,
                                 .fields = {{std::move(pointer), why}}});
  };
  const auto* object = body.if_object();
  const auto* list = object == nullptr ? nullptr : object->if_contains("tasks");
  if (list == nullptr || !list->is_array()) return refuse("/tasks", "must be a list of tasks");
  for (const auto& member : *object) {
    if (member.key() != "tasks") {
      return refuse(api::pointer_to(member.key()), "is no field of a batch");
    }
  }
  std::vector<NewTask> tasks;
  for (const auto& one : list->get_array()) {
    auto task = api::new_task_from_json(one, api::IdempotencyKey::in_body);
    if (!task) {
      auto error = std::move(task).error();
      for (auto& field : error.fields) {
        field.pointer.insert(0, fmt::format("/tasks/{}", tasks.size()));
      }
      return std::unexpected(std::move(error));
    }
    tasks.push_back(std::move(*task));
    if (const auto trace = request.header("traceparent")) {
      tasks.back().options.traceparent = std::string(*trace);
    }
  }
  return tasks;
}

Response insert_batch(std::span<const NewTask> tasks, Services& services) {
  const auto created = services.tasks.create_tasks(tasks);
  if (!created) {
    auto error = created.error();
    for (auto& field : error.fields) field.pointer.insert(0, "/tasks");
    return creation_problem(error);
  }
  JsonArray ids;
  for (const auto& one : *created) ids.push_back(one.task_id);
  return json_answer(JsonObject{{"task_ids", std::move(ids)}}, 201);
}

// Read before any transaction begins: a large body takes its time.
Response create_batch(const Call& call, Services& services) {
  const auto tasks = read_batch(call.request);
  if (!tasks) return problem(tasks.error());
  return perform_once(call, services, [&] { return insert_batch(*tasks, services); });
}

// --- look -------------------------------------------------------------------------------------

Expected<TaskFilter> filter_of(const Query& query) {
  TaskFilter filter;
  if (const auto status = query.text("status")) {
    filter.status = ESTEIRA_TRY(parse_task_status(*status));
  }
  if (const auto type = query.text("type")) filter.type = canonical_type_name(*type);
  filter.tag = query.text("tag");
  filter.batch_id = query.text("batch_id");
  filter.created_after = ESTEIRA_TRY(query.time("created_after"));
  filter.created_before = ESTEIRA_TRY(query.time("created_before"));
  filter.before_id = ESTEIRA_TRY(query.integer("cursor", 1, std::numeric_limits<TaskId>::max()));
  const auto limit =
      ESTEIRA_TRY(query.integer("limit", 1, static_cast<std::int64_t>(limits::page_items_max)));
  filter.limit = static_cast<int>(limit.value_or(page_items_default));
  return filter;
}

std::size_t bytes_of(const Task& task) {
  return esteira::to_text(task.payload).size() + esteira::to_text(task.result).size();
}

// How many tasks to read next, so that a page of large ones is not read at once.
int next_look(int left, std::size_t items, std::size_t bytes) {
  if (items == 0) return std::min(left, first_look_items);
  const auto fitting = (page_bytes_max - bytes) / (bytes / items + 1) + 1;
  return static_cast<int>(std::min<std::size_t>(static_cast<std::size_t>(left), fitting));
}

Response list(const Call& call, Services& services) {
  auto filter = filter_of(call.query);
  if (!filter) return problem(filter.error());
  const int wanted = filter->limit;
  JsonArray items;
  std::size_t bytes = 0;
  // The cursor is a place between ids: tasks that come meanwhile move nothing.
  std::optional<std::string> next;
  do {
    const int left = wanted - static_cast<int>(items.size());
    filter->limit = next_look(left, items.size(), bytes);
    const auto tasks = services.repository->tasks(*filter, services.now());
    if (!tasks) return problem(tasks.error());
    for (const auto& task : *tasks) {
      bytes += bytes_of(task);
      filter->before_id = task.task_id;
      items.push_back(api::task_to_json(task));
    }
    next.reset();
    if (std::ssize(*tasks) == filter->limit) next = fmt::format("{}", *filter->before_id);
  } while (next && std::cmp_less(items.size(), wanted) && bytes < page_bytes_max);
  return list_answer(std::move(items), std::move(next));
}

Response show(TaskId task_id, Services& services) {
  const auto task = services.tasks.task(task_id);
  return task ? json_answer(api::task_to_json(*task)) : problem(task.error());
}

Response log_lines(TaskId task_id, Services& services) {
  const auto task = services.tasks.task(task_id);
  if (!task) return problem(task.error());
  const auto lines = services.repository->log_lines(task_id);
  if (!lines) return problem(lines.error());
  JsonArray items;
  for (const auto& one : *lines) items.push_back(api::log_line_to_json(one));
  return list_answer(std::move(items));
}

Response executions(TaskId task_id, Services& services) {
  const auto all = services.tasks.executions(task_id);
  if (!all) return problem(all.error());
  JsonArray items;
  for (const auto& one : *all) items.push_back(api::execution_to_json(one));
  return list_answer(std::move(items));
}

// --- change -----------------------------------------------------------------------------------

using Change = Expected<std::vector<ChangeStatus>> (TaskRepository::*)(std::span<const TaskId>,
                                                                       Time);

// Nothing: it is done.
std::optional<Response> change_problem(ChangeStatus status, TaskId task_id,
                                       std::string_view wrong) {
  switch (status) {
    case ChangeStatus::applied:
    case ChangeStatus::requested:
      return std::nullopt;
    case ChangeStatus::not_found:
      return problem(404, fmt::format("there is no task {}", task_id));
    case ChangeStatus::wrong_status:
      return problem(409, fmt::format("task {} {}", task_id, wrong), "wrong-status");
    case ChangeStatus::unique_conflict:
      return problem(409, fmt::format("another task holds the unique key of task {}", task_id),
                     "unique-conflict");
  }
  return std::nullopt;
}

// A route that changes one task: cancel, retry, delete.
Handler changing(Change change, std::string_view wrong, bool leaves_it) {
  return [change, wrong, leaves_it](const Call& call, Services& services) {
    const auto task_id = task_id_of(call);
    if (!task_id) return problem(task_id.error());
    if (const auto empty = no_body(call.request); !empty) return problem(empty.error());
    const auto statuses =
        (services.repository.get()->*change)(std::span(&*task_id, 1), services.now());
    if (!statuses) return problem(statuses.error());
    if (auto refused = change_problem(statuses->front(), *task_id, wrong)) return *refused;
    services.repository->hint();
    return leaves_it ? show(*task_id, services) : Response{.status = 204};
  };
}

// The only conflict of an edit is the task's status.
Response edit_problem(const Error& error) {
  if (error.code == ErrorCode::conflict) return problem(error, 409, "wrong-status");
  return error.code == ErrorCode::not_found ? problem(error) : creation_problem(error);
}

Response edit(const Call& call, Services& services) {
  const auto task_id = task_id_of(call);
  if (!task_id) return problem(task_id.error());
  const auto body = json_body(call.request);
  if (!body) return problem(body.error());
  const auto edit = api::task_edit_from_json(*body);
  if (!edit) return problem(edit.error());
  if (edit->payload) {
    if (auto refused = too_large(call.request, *edit->payload)) return *std::move(refused);
  }
  const auto edited = services.tasks.edit_task(*task_id, *edit);
  if (!edited) return edit_problem(edited.error());
  auto answer = json_answer(api::task_to_json(edited->after));
  auto [before, after] = api::audited(edited->before, edited->after);
  write_audit(call, services, "task.edit", call.captures.front(), answer, std::move(before),
              std::move(after));
  return answer;
}

Handler about_one(Response (*answer)(TaskId, Services&)) {
  return [answer](const Call& call, Services& services) {
    const auto task_id = task_id_of(call);
    return task_id ? answer(*task_id, services) : problem(task_id.error());
  };
}

}  // namespace

std::vector<Route> task_routes(EnqueueService& enqueue) {
  const AsyncHandler creating = [&enqueue](Call call, std::function<void(Response)> done) {
    create(enqueue, call, std::move(done));
  };
  return {
      {"POST", "/api/v1/tasks", Scope::tasks_write, creating},
      repeatable({"POST",
                  "/api/v1/tasks/batch",
                  Scope::tasks_write,
                  Handler(create_batch),
                  {},
                  batch_bytes_max}),
      {"GET",
       "/api/v1/tasks",
       Scope::tasks_read,
       Handler(list),
       {"status", "type", "tag", "batch_id", "created_after", "created_before", "cursor", "limit"}},
      {"GET", "/api/v1/tasks/{id}", Scope::tasks_read, about_one(show)},
      {"PATCH", "/api/v1/tasks/{id}", Scope::tasks_write, performed(edit)},
      {"GET", "/api/v1/tasks/{id}/executions", Scope::tasks_read, about_one(executions)},
      {"GET", "/api/v1/tasks/{id}/log", Scope::tasks_read, about_one(log_lines)},
      repeatable(
          {"POST", "/api/v1/tasks/{id}/cancel", Scope::tasks_write,
           audited("task.cancel", changing(&TaskRepository::cancel, "has ended already", true))}),
      repeatable(
          {"POST", "/api/v1/tasks/{id}/retry", Scope::tasks_write,
           audited("task.retry", changing(&TaskRepository::retry,
                                          "has not ended: only an ended task is retried", true))}),
      {"DELETE", "/api/v1/tasks/{id}", Scope::tasks_write,
       audited("task.delete", changing(&TaskRepository::remove, "runs: cancel it first", false))},
  };
}

}  // namespace esteira::http
