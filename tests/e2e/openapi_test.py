"""/openapi.json: that it is a sound document, that the server does all that it says, and that it
says all that the server does. What other tests ask over HTTP is held against it as well
(harness/api.py)."""

import json
import re

from harness import example
from harness.api import ApiCase
from harness.case import main
from harness.openapi import Description
from harness.processes import wait_until

# What no test can bring about at will, and why.
UNREACHED_STATUSES = {
    "500": "only a bug is answered so",
    "503": "the database would have to go away: outage_test.py",
}
UNREACHED_PROBLEMS = {
    "/problems/idempotency-in-flight": "a race: api_test.py and repeat_test.py provoke it",
}
UNREACHED = {
    ("create_key", "409", None): "it would take 10,000 keys",
    ("set_schedule", "409", None): "it would take 10,000 schedules",
}
# Bounds that hang together: one may not move without the other.
BOUND_TOGETHER = {("set_type", ("back_off", "base_seconds")), ("set_type", ("back_off", "cap_seconds")),
                  ("set_type", ("flow",)), ("set_type", ("flow", "key")),
                  ("create_task", ("unique",)), ("create_task", ("unique", "scope")),
                  ("create_task", ("unique", "seconds")),
                  ("create_batch", ("finish",))}


def references(part):
    if isinstance(part, dict):
        if isinstance(part.get("$ref"), str):
            yield part["$ref"]
        for inner in part.values():
            yield from references(inner)
    elif isinstance(part, list):
        for inner in part:
            yield from references(inner)


class Document(ApiCase):
    SERVE_OPTIONS = ("--no-worker",)

    def setUp(self):
        super().setUp()
        self.said = self.description()
        self.document = self.said.document

    def test_it_is_a_sound_openapi_3_1_document(self):
        self.assertRegex(self.document["openapi"], r"^3\.1\.\d+$")
        self.assertTrue(self.document["info"]["title"] and self.document["info"]["version"])
        for target in references(self.document):
            self.assertTrue(self.said.validator.resolve({"$ref": target}), target)
        ids = [str(operation) for operation in self.said.operations]
        self.assertEqual(len(ids), len(set(ids)))
        tags = {tag["name"] for tag in self.document["tags"]}
        schemes = set(self.document["components"]["securitySchemes"])
        for operation in self.said.operations:
            with self.subTest(operation=str(operation)):
                self.check_operation(operation, tags, schemes)

    def check_operation(self, operation, tags, schemes):
        said = operation.said
        self.assertTrue(operation.path.startswith("/"))
        self.assertTrue(said["summary"])
        self.assertLessEqual(set(said["tags"]), tags)
        self.assertLessEqual({name for one in said["security"] for name in one}, schemes)
        parameters = [(one["name"], one["in"]) for one in said.get("parameters", [])]
        self.assertEqual(len(parameters), len(set(parameters)))
        self.assertEqual(re.findall(r"\{([^}]*)\}", operation.path),
                         [one["name"] for one in operation.parameters("path")])
        self.assertTrue(all(one["required"] for one in operation.parameters("path")))
        for one in said.get("parameters", []):
            self.assertTrue(one["description"] and one["schema"], one)
        self.assertTrue(any(status.startswith("2") for status in said["responses"]))
        for status, response in said["responses"].items():
            self.assertRegex(status, r"^([1-5]\d\d|default)$")
            self.assertTrue(self.said.validator.resolve(response)["description"])

    def test_its_examples_are_what_its_schemas_say(self):
        shown = 0
        for operation in self.said.operations:
            messages = [operation.said.get("requestBody", {})]
            messages += map(self.said.validator.resolve, operation.said["responses"].values())
            for media in (one for message in messages
                          for one in message.get("content", {}).values() if "example" in one):
                self.assertEqual(self.said.validator.faults(media["example"], media["schema"]), [])
                shown += 1
        self.assertGreaterEqual(shown, len([one for one in self.said.operations if one.body()]))

    def test_the_page_for_people_has_its_style_and_no_script(self):
        status, headers, page = self.call("GET", "/docs")
        self.assertEqual((status, headers["Content-Type"]), (200, "text/html; charset=utf-8"))
        policy = headers["Content-Security-Policy"]
        self.assertIn("default-src 'none'", policy)
        self.assertIn("frame-ancestors 'none'", policy)
        self.assertNotIn("unsafe", policy)
        self.assertNotRegex(page, r"<script|style=|\son\w+=|https?://(?!127\.0\.0\.1)")
        style, = re.findall(r'<link rel="stylesheet" href="([^"]*)">', page)
        status, headers, css = self.call("GET", style)
        self.assertEqual((status, headers["Content-Type"]), (200, "text/css; charset=utf-8"))
        self.assertNotIn("url(", css)
        for operation in self.said.operations:
            self.assertIn(f'id="{operation}"', page)


class Bites(ApiCase):
    """An exchange that is not as described is told from one that is."""

    def faults(self, change, method="GET", path="/api/v1/stats", body=None):
        done = self.exchange(method, path, body)
        self.assertEqual(self.description().faults(done), [])
        change(done)
        return self.description().faults(done)

    def test_what_differs_is_found(self):
        def answer(change):
            def changed(done):
                value = json.loads(done.answer)
                change(value)
                done.answer = json.dumps(value).encode()
            return changed

        for change in (answer(lambda value: value.update(more=1)),
                       answer(lambda value: value.pop("types")),
                       answer(lambda value: value["by_status"].update(PENDING="1")),
                       answer(lambda value: value.update(generated_at="yesterday")),
                       lambda done: setattr(done, "status", 202),
                       lambda done: setattr(done, "target", "/api/v1/nowhere"),
                       lambda done: setattr(done, "target", "/api/v1/stats?more=1"),
                       lambda done: setattr(done, "answer_headers",
                                            {"Content-Type": "application/json"}),
                       lambda done: setattr(done, "body", b"{}x")):
            self.assertEqual(len(self.faults(change)), 1)
        self.assertEqual(len(self.faults(lambda done: setattr(done, "body", b'{"type": 1}'), "POST",
                                         "/api/v1/tasks", {"type": "NOOP", "payload": 1})), 2)

    def test_a_keyword_that_the_validator_does_not_know_is_an_error(self):
        with self.assertRaises(AssertionError):
            self.description().validator.faults({}, {"maxProperties": 1})


class Promises(ApiCase):
    SERVE_OPTIONS = ("--no-worker",)

    def setUp(self):
        super().setUp()
        self.product.run("type", "set", "NOOP")
        # Of its own, so that it has seen nothing yet.
        self.said = Description(self.description().document)
        self.admin = {}

    def ask(self, method, path, body=None, headers=None):
        """The status and the body; what is shown is the admin's key unless another is named."""
        done = self.exchange(method, path, body, {**self.admin, **(headers or {})})
        self.assertEqual(self.said.faults(done), [])
        return done.status, json.loads(done.answer) if b"{" in done.answer[:1] else None

    def good(self, method, path, body=None, headers=None):
        status, answer = self.ask(method, path, body, headers)
        self.assertLess(status, 300, (method, path, answer))
        return answer

    def repeated(self, method, path, body=None, other=None):
        """Sends a call again, and another one under the same key."""
        key = {"Idempotency-Key": f"{method} {path}"}
        first = self.good(method, path, body, key)
        self.good(method, path, body, key)
        self.assertEqual(self.ask(method, path, {} if other is None else other, key)[0], 422)
        return first

    def make_admin(self):
        key = self.good("POST", "/api/v1/keys", {"name": "test", "scopes": ["admin"]})
        self.admin = {"Authorization": f"Bearer {key['secret']}"}
        return key

    def target(self, operation, known=False):
        """The operation's path, of something that does not exist unless that is `known`."""
        path = operation.path
        for parameter in operation.parameters("path"):
            whole = self.said.validator.resolve(parameter["schema"]).get("type") == "integer"
            unknown = 987654321 if whole else "NOBODY"
            path = path.replace(f"{{{parameter['name']}}}",
                                str(parameter["example"] if known else unknown))
        return path

    def call_each(self, expected, wanted=lambda operation: True, suffix="", headers=None):
        """Makes a call of each operation that is wanted, which is answered with one status."""
        wrong = []
        for operation in filter(wanted, self.said.operations):
            body = operation.body()["example"] if operation.body() else None
            status, _ = self.ask(operation.method, self.target(operation) + suffix, body,
                                 headers(operation) if callable(headers) else headers)
            if status != expected:
                wrong.append((str(operation), status))
        self.assertEqual(wrong, [], f"they should be {expected}")

    # --- everything that may be answered --------------------------------------------------------

    def test_each_answer_that_is_promised_is_given(self):
        self.refuse_strangers()
        self.refuse_messages()
        self.walk_tasks()
        self.walk_operations()
        self.walk_conflicts()
        self.walk_back_pressure()
        self.walk_types()
        self.walk_batches()
        self.walk_schedules()
        self.walk_work()
        self.walk_state()
        self.walk_keys()
        self.refuse_those_without_the_scope()
        self.refuse_those_of_a_used_up_key()
        missing = [promise for promise in self.said.promises()
                   if promise not in self.said.seen and promise[1] not in UNREACHED_STATUSES
                   and promise[2] not in UNREACHED_PROBLEMS and promise not in UNREACHED]
        self.assertEqual(missing, [])

    def test_what_is_listed_as_unreached_is_promised(self):
        promises = set(self.said.promises())
        self.assertLessEqual(set(UNREACHED), promises)
        self.assertLessEqual(set(UNREACHED_STATUSES), {status for _, status, _ in promises})
        self.assertLessEqual(set(UNREACHED_PROBLEMS), {problem for _, _, problem in promises})

    def refuse_strangers(self):
        self.call_each(403, headers={"Origin": "http://evil.example"})
        self.call_each(421, headers={"Host": "evil.example"})

    def refuse_messages(self):
        def has_body(operation):
            return operation.body() is not None

        self.call_each(400, suffix="?of_no_use=1")
        self.call_each(404, lambda operation: "404" in operation.said["responses"])
        self.call_each(415, has_body, headers={"Content-Encoding": "gzip"})
        for operation in filter(has_body, self.said.operations):
            size = operation.said["x-body-bytes-max"]
            status, _ = self.ask(operation.method, self.target(operation),
                                 headers={"Content-Length": str(size + 1)})
            self.assertEqual(status, 413, operation)

    def walk_tasks(self):
        body = {"type": "NOOP", "payload": 1, "scheduled_for": "2100-01-01T00:00:00Z"}
        key = {"Idempotency-Key": "once"}
        trace = {"traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"}
        task = self.good("POST", "/api/v1/tasks", body, {**key, **trace})
        self.good("POST", "/api/v1/tasks", body, {**key, **trace})
        self.ask("POST", "/api/v1/tasks", {**body, "priority": 1}, key)
        self.ask("POST", "/api/v1/tasks", {**body, "type": "NOBODY"})
        self.ask("POST", "/api/v1/tasks/batch", {"tasks": [{**body, "type": "NOBODY"}]})
        made = self.repeated("POST", "/api/v1/tasks/batch", {"tasks": [body, body]},
                             {"tasks": [body]})
        self.assertEqual(len(made["task_ids"]), 2)
        self.good("GET", "/api/v1/tasks?status=PENDING&type=NOOP&limit=1&tag="
                         "&created_after=2000-01-01T00:00:00Z&created_before=2100-01-01T00:00:00Z")
        path = f"/api/v1/tasks/{task['task_id']}"
        self.good("GET", path)
        self.good("PATCH", path, {"priority": 2, "tags": [], "scheduled_for": body["scheduled_for"]})
        self.ask("POST", f"{path}/retry")
        self.repeated("POST", f"{path}/cancel")
        self.ask("POST", f"{path}/cancel")
        self.assertEqual(self.ask("PATCH", path, {"priority": 1})[0], 409)
        self.assertEqual(len(self.good("GET", f"{path}/executions")["items"]), 1)
        self.assertEqual(self.good("GET", f"{path}/log")["items"], [])
        self.repeated("POST", f"{path}/retry", {}, {"more": 1})
        self.good("DELETE", path)

    def walk_operations(self):
        began = self.repeated("POST", "/api/v1/tasks/bulk", {
            "action": "cancel", "filter": {"tag": "none", "status": "PENDING", "type": "NOOP",
                                           "created_after": "2000-01-01T00:00:00Z"}})
        path = f"/api/v1/operations/{began['operation_id']}"
        wait_until(lambda: self.good("GET", path)["status"] == "COMPLETED", "it ends")

    def walk_conflicts(self):
        body = {"type": "NOOP", "payload": 1, "unique_key": "one",
                "scheduled_for": "2100-01-01T00:00:00Z"}
        first = self.good("POST", "/api/v1/tasks", body)
        self.ask("POST", "/api/v1/tasks", body)
        self.ask("POST", "/api/v1/tasks/batch", {"tasks": [body]})
        self.good("POST", f"/api/v1/tasks/{first['task_id']}/cancel")
        self.good("POST", "/api/v1/tasks", body)
        self.ask("POST", f"/api/v1/tasks/{first['task_id']}/retry")

    def walk_back_pressure(self):
        self.good("PUT", "/api/v1/types/FULL", {"max_waiting": 1})
        body = {"type": "FULL", "payload": 1}
        self.good("POST", "/api/v1/tasks", body)
        self.assertEqual(self.ask("POST", "/api/v1/tasks", body)[0], 429)
        self.assertEqual(self.ask("POST", "/api/v1/tasks/batch", {"tasks": [body]})[0], 429)

    def walk_types(self):
        policy = next(one for one in self.said.operations if str(one) == "set_type").body()["example"]
        self.good("PUT", "/api/v1/types/MINE", {**policy, "payload_schema": {"required": ["id"]}})
        self.good("PUT", "/api/v1/types/MINE", {"max_retries": None})
        for call in (("POST", "/api/v1/tasks/batch", {"tasks": [{"type": "MINE", "payload": {}}]}),
                     ("POST", "/api/v1/tasks", {"type": "MINE", "payload": {}})):
            self.assertEqual(self.ask(*call)[0], 422)
        mine = self.good("POST", "/api/v1/tasks", {
            "type": "MINE", "payload": {"id": 1}, "scheduled_for": "+1d"})["task_id"]
        self.assertEqual(self.ask("PATCH", f"/api/v1/tasks/{mine}", {"payload": {}})[0], 422)
        self.good("GET", "/api/v1/types")
        self.good("GET", "/api/v1/types/MINE")
        self.repeated("POST", "/api/v1/types/MINE/pause")
        self.repeated("POST", "/api/v1/types/MINE/resume")

    def walk_schedules(self):
        self.good("PUT", "/api/v1/types/PICKY", {"payload_schema": {"required": ["id"]}})
        path = "/api/v1/schedules/walk"
        wish = {"cron": "0 0 1 1 *", "type": "PICKY", "payload": {"id": 1}}
        for wrong in ({"cron": "0 0 31 2 *"}, {"timezone": "Mars"}, {"type": "NOBODY"},
                      {"payload": {}}):
            self.assertEqual(self.ask("PUT", path, {**wish, **wrong})[0], 422)
        self.good("PUT", path, wish)
        self.good("PUT", path, {"timezone": "America/Sao_Paulo"})
        self.good("GET", path)
        self.assertEqual(len(self.good("GET", "/api/v1/schedules")["items"]), 1)
        self.assertEqual(len(self.good("GET", f"{path}/preview?count=3")["items"]), 3)
        self.repeated("POST", f"{path}/run")
        self.repeated("POST", f"{path}/pause")
        self.repeated("POST", f"{path}/resume")
        self.good("PUT", "/api/v1/types/PICKY", {"payload_schema": {"required": ["name"]}})
        wait_until(lambda: self.ask("POST", f"{path}/run")[0] == 422, "the new schema is known")
        self.good("DELETE", path)

    def walk_batches(self):
        self.good("PUT", "/api/v1/types/CHOOSY", {"payload_schema": {"required": ["id"]}})
        path = "/api/v1/batches/walk"
        for finish in ({"type": "NOBODY", "payload": 1}, {"type": "CHOOSY", "payload": {}}):
            self.assertEqual(self.ask("POST", "/api/v1/batches",
                                      {"batch_id": "walk", "finish": finish})[0], 422)
        self.repeated("POST", "/api/v1/batches", {"batch_id": "walk"}, {"batch_id": "other"})
        self.assertEqual(self.ask("POST", "/api/v1/batches", {"batch_id": "walk"})[0], 409)
        body = {"type": "NOOP", "payload": 1, "scheduled_for": "+1d", "batch_id": "walk"}
        first = self.good("POST", "/api/v1/tasks", body)["task_id"]
        self.good("POST", "/api/v1/tasks", {**body, "depends_on": [first]})
        self.assertEqual(len(self.good("GET", "/api/v1/tasks?batch_id=walk")["items"]), 2)
        self.assertEqual(self.good("GET", path)["pending"], 2)
        self.repeated("POST", f"{path}/close")
        self.assertEqual(self.ask("POST", "/api/v1/tasks", body)[0], 409)
        self.assertEqual(self.ask("POST", "/api/v1/tasks/batch", {"tasks": [body]})[0], 409)
        self.repeated("POST", f"{path}/cancel")
        self.repeated("POST", f"{path}/retry")
        self.good("POST", f"{path}/cancel")

    def walk_work(self):
        task = self.good("POST", "/api/v1/tasks", {"type": "NOOP", "payload": {"a": [1, None]}})
        worker = self.good("POST", "/api/v1/workers", {
            "name": "walker", "host": "here", "pid": 1, "version": "1", "types": ["NOOP"],
            "slots": 1})["worker_id"]
        claim = {"worker_id": worker, "types": [], "limit": 1, "wait_seconds": 0}
        handed, = self.good("POST", "/api/v1/work/claim", claim)["tasks"]
        fence = {"task_id": task["task_id"], "attempt": handed["attempt"],
                 "lease_id": handed["lease_id"]}
        self.assertEqual(self.ask("DELETE", f"/api/v1/tasks/{task['task_id']}")[0], 409)
        self.assertEqual(len(self.good(
            "GET", f"/api/v1/tasks/{task['task_id']}/executions")["items"]), 1)
        self.good("POST", "/api/v1/work/heartbeat", {"worker_id": worker, "tasks": [
            {**fence, "progress": 0.5, "checkpoint": {"at": 1},
             "log": [{"line": 1, "level": "info", "text": "x"}]},
            {**fence, "attempt": 9}]})
        self.good("POST", "/api/v1/work/report", {
            "worker_id": worker, "claim": {"limit": 1, "wait_seconds": 0}, "reports": [
                {**fence, "outcome": "failed", "error_message": "x",
                 "retry": {"after_seconds": 0}}]})
        for status in ("quiet", "stop"):
            self.repeated("POST", f"/api/v1/workers/{worker}/{status}")
        self.good("GET", "/api/v1/workers")
        self.good("DELETE", f"/api/v1/workers/{worker}")

    def walk_state(self):
        self.assertIn(b"retry: ", self.exchange("GET", "/api/v1/events").answer)
        for path in ("/api/v1/stats", "/api/v1/events", "/healthz", "/readyz", "/openapi.json", "/docs",
                     "/docs/style.css"):
            self.good("GET", path)
            self.assertEqual(self.exchange("HEAD", path).answer, b"")

    def walk_keys(self):
        self.make_admin()
        other = self.repeated("POST", "/api/v1/keys", {"name": "metrics", "scopes": ["metrics"]})
        self.assertEqual(len(self.good("GET", "/api/v1/keys")["items"]), 2)
        self.good("DELETE", f"/api/v1/keys/{other['key_id']}")
        self.walk_sessions()
        page = self.good("GET", "/api/v1/audit?limit=2")
        self.good("GET", f"/api/v1/audit?cursor={page['next_cursor']}")

    def walk_sessions(self):
        secret = self.admin["Authorization"].removeprefix("Bearer ")
        self.good("POST", "/api/v1/session", {"key": secret})
        self.good("DELETE", "/api/v1/session")
        refused = [self.ask("POST", "/api/v1/session", {"key": "esk_x"})[0] for _ in range(10)]
        self.assertEqual(refused, [401] * 9 + [429])

    def refuse_those_of_a_used_up_key(self):
        key = self.good("POST", "/api/v1/keys", {"name": "r", "scopes": ["admin"], "rate": "1/h"})
        shown = {"Authorization": f"Bearer {key['secret']}"}
        self.good("GET", "/api/v1/stats", headers=shown)
        self.call_each(429, lambda operation: bool(operation.said["security"]), headers=shown)

    def refuse_those_without_the_scope(self):
        def closed(operation):
            return bool(operation.said["security"])

        def shown(secret):
            return {"Authorization": f"Bearer {secret}"}

        self.call_each(401, closed, headers=shown("esk_x"))
        for scope in ("metrics", "tasks:read", "tasks:write", "work"):
            key = self.good("POST", "/api/v1/keys", {"name": scope, "scopes": [scope]})
            self.call_each(403, lambda operation, scope=scope: closed(operation) and
                           operation.said["x-scope"] != scope, headers=shown(key["secret"]))

    # --- every bound of every body ----------------------------------------------------------------

    def test_bodies_are_taken_and_refused_as_described(self):
        self.make_admin()
        for operation in self.said.operations:
            if not operation.body():
                continue
            verdicts = {self.check_body(operation, path, value)
                        for path, value in self.variations(operation)}
            self.assertEqual(verdicts, {True, False}, operation)

    def variations(self, operation):
        """Values just inside and just outside of each bound of a body, and where they stand."""
        body = operation.body()["example"]
        yield (), body
        for path, part in example.places(body, operation.body()["schema"], self.said.validator):
            value = example.at(body, path)
            yield from ((path, other) for other in example.beyond(value, part))
            if (str(operation), path) not in BOUND_TOGETHER:
                yield from ((path, other) for other in example.within(value, part))

    def check_body(self, operation, path, value):
        """Whether the document allows a body; the server must think the same."""
        body = example.put(operation.body()["example"], path, value)
        described = self.said.validator.faults(body, operation.body()["schema"]) == []
        status, answer = self.ask(operation.method, self.target(operation, known=True), body)
        self.assertEqual(status != 400, described,
                         f"{operation}: {path}: {str(value)[:60]!r}: {status} {answer}")
        return described

    def test_pages_are_as_long_as_described(self):
        limit = {one.path: parameter["schema"] for one in self.said.operations
                 for parameter in one.parameters("query") if parameter["name"] == "limit"}
        tasks = limit["/api/v1/tasks"]
        body = {"type": "NOOP", "payload": 1, "scheduled_for": "2100-01-01T00:00:00Z"}
        self.good("POST", "/api/v1/tasks/batch", {"tasks": [body] * (tasks["maximum"] + 1)})
        self.assertEqual(len(self.good("GET", "/api/v1/tasks")["items"]), tasks["default"])
        for path, schema in limit.items():
            for number, status in ((schema["minimum"], 200), (schema["maximum"], 200),
                                   (schema["minimum"] - 1, 400), (schema["maximum"] + 1, 400)):
                self.assertEqual(self.ask("GET", f"{path}?limit={number}")[0], status)
        for _ in range(limit["/api/v1/audit"]["default"] + 1):
            self.good("POST", "/api/v1/types/NOOP/pause")
        self.assertEqual(len(self.good("GET", "/api/v1/audit")["items"]),
                         limit["/api/v1/audit"]["default"])


if __name__ == "__main__":
    main()
