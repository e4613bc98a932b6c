"""The HTTP API of `esteira serve`: each route's success, its errors, and its limits."""

import concurrent.futures
import datetime
import http.client

from harness.api import ApiCase
from harness.case import main
from harness.malformed import malformed_messages
from harness.processes import wait_until
from harness.wire import exchange, statuses


class Api(ApiCase):
    # --- create -------------------------------------------------------------------------------

    def test_a_task_is_created_run_and_shown(self):
        task = self.create(priority=3, tags=["x", "y"], max_retries=1, timeout_seconds=9)
        self.assertEqual((task["status"], task["attempt"], task["type"]), ("PENDING", 0, "NOOP"))
        self.assertEqual((task["priority"], task["tags"], task["max_retries"]), (3, ["x", "y"], 1))
        done = wait_until(lambda: (lambda seen: seen["status"] == "COMPLETED" and seen)(
            self.show(task["task_id"])), "the task is done")
        self.assertEqual(done["result"], {"a": 1})
        self.assertEqual(done["created_at"], task["created_at"])
        self.assertEqual(self.product.show(task["task_id"]), done)
        _, _, page = self.call("GET", f"/api/v1/tasks/{task['task_id']}/executions")
        self.assertEqual([row["status"] for row in page["items"]], ["COMPLETED"])
        self.assertIsNone(page["next_cursor"])

    def test_what_is_shown_of_a_new_task_is_what_is_stored(self):
        task = self.later(priority=-2, tags=["ü"], unique_key="k", max_retries=0)
        self.assertEqual(self.show(task["task_id"]), task)

    def test_a_wrong_body_is_refused_with_each_wrong_place(self):
        problem = self.refused(400, "POST", "/api/v1/tasks",
                               {"type": 1, "priority": "x", "oops": True})
        self.assertEqual({error["pointer"] for error in problem["errors"]},
                         {"/type", "/priority", "/oops", "/payload"})
        for body in ("", "{", "[]", "1", "null", '{"type":"NOOP","payload":1}x',
                     '{"type":"NOOP","payload":{},"payload":{}}',
                     '{"type":"NOOP","payload":"\\u0000"}', '{"type":"NOOP","payload":"\\ud800"}',
                     '{"type":"NOOP","payload":1e999}', b'{"type":"NOOP","payload":"\xff"}',
                     '{"type":"NOOP","payload":' + "[" * 200 + "]" * 200 + "}"):
            self.refused(400, "POST", "/api/v1/tasks", body)
        self.refused(400, "POST", "/api/v1/tasks", '{"type":"NOOP","payload":1}',
                     {"Content-Type": "text/plain"})

    def test_what_the_type_refuses_is_422(self):
        self.product.run("type", "set", "PICKY", "--schema", '{"required": ["id"]}')
        problem = self.refused(422, "POST", "/api/v1/tasks", {"type": "PICKY", "payload": {}})
        self.assertTrue(problem["errors"][0]["pointer"].startswith("/payload"))
        problem = self.refused(422, "POST", "/api/v1/tasks", {"type": "NOBODY", "payload": {}})
        self.assertEqual(problem["errors"][0]["pointer"], "/type")

    def test_too_much_is_413(self):
        self.refused(413, "POST", "/api/v1/tasks",
                     {"type": "NOOP", "payload": "x" * (3 * 1024 * 1024)})
        self.refused(413, "POST", "/api/v1/tasks",
                     {"type": "NOOP", "payload": "x" * (1024 * 1024 - 1)})
        self.later(payload="x" * (1024 * 1024 - 2))
        self.assertEqual(self.call("GET", "/healthz")[0], 200)

    def test_a_unique_key_is_held_by_one(self):
        task = self.later(unique_key="one")
        problem = self.refused(409, "POST", "/api/v1/tasks",
                               {"type": "NOOP", "payload": {}, "unique_key": "one"})
        self.assertTrue(problem["type"].endswith("/unique-conflict"))
        self.assertEqual(problem["task_id"], task["task_id"])

    def test_who_meets_a_held_key_is_answered_as_asked(self):
        def unique(**more):
            return {"type": "NOOP", "payload": {"b": 2}, "scheduled_for": "2100-02-01T00:00:00Z",
                    "unique": {"key": "two", "scope": "waiting", **more}}

        task = self.later(unique={"key": "two", "scope": "waiting"})
        self.assertEqual(task["unique_scope"], "waiting")
        status, headers, answer = self.call("POST", "/api/v1/tasks", unique(on_conflict="return"))
        self.assertEqual((status, answer), (200, task))
        self.assertEqual(headers["Location"], f"/api/v1/tasks/{task['task_id']}")
        problem = self.refused(409, "POST", "/api/v1/tasks", unique())
        self.assertEqual(problem["task_id"], task["task_id"])
        status, _, answer = self.call("POST", "/api/v1/tasks", unique(on_conflict="replace"))
        self.assertEqual((status, answer["task_id"]), (200, task["task_id"]))
        self.assertEqual((answer["payload"], answer["scheduled_for"]),
                         ({"b": 2}, "2100-02-01T00:00:00Z"))
        _, _, made = self.call("POST", "/api/v1/tasks/batch", {"tasks": [
            {"type": "NOOP", "payload": 1, "scheduled_for": "+1d"}, unique(on_conflict="return")]})
        self.assertEqual(made["task_ids"][1], task["task_id"])
        self.assertNotEqual(made["task_ids"][0], task["task_id"])

    def test_what_is_said_of_a_unique_key_must_fit_together(self):
        for pointer, fields in (
                ("/unique_key", {"unique_key": "a", "unique": {"key": "a"}}),
                ("/unique/key", {"unique": {"scope": "waiting"}}),
                ("/unique/key", {"unique": {"key": "", "scope": "waiting"}}),
                ("/unique/scope", {"unique": {"key": "a", "scope": "ever"}}),
                ("/unique/seconds", {"unique": {"key": "a", "scope": "window"}}),
                ("/unique/seconds", {"unique": {"key": "a", "seconds": 5}}),
                ("/unique/seconds", {"unique": {"key": "a", "scope": "window", "seconds": 0}}),
                ("/unique/on_conflict", {"unique": {"key": "a", "on_conflict": "explode"}}),
                ("/unique/more", {"unique": {"key": "a", "more": 1}}),
                ("/expires_at", {"expires_at": "2020-01-01T00:00:00Z"}),
                ("/expires_at", {"expires_at": "+0s"}),
                ("/expires_at", {"expires_at": "+1h", "scheduled_for": "+2h"})):
            problem = self.refused(400, "POST", "/api/v1/tasks",
                                   {"type": "NOOP", "payload": 1, **fields})
            self.assertEqual(problem["errors"][0]["pointer"], pointer)

    def test_a_task_that_no_worker_takes_expires(self):
        self.product.run("type", "set", "IDLE")
        task = self.create(type="IDLE", expires_at="+0.2s", unique={"key": "k", "scope": "waiting"})
        ended = wait_until(lambda: (lambda seen: seen["status"] == "CANCELLED" and seen)(
            self.show(task["task_id"])), "the task has expired")
        self.assertEqual(ended["error_message"], "expired before it was started")
        self.assertEqual(ended["attempt"], 1)
        _, _, page = self.call("GET", f"/api/v1/tasks/{task['task_id']}/executions")
        self.assertEqual([row["metadata"] for row in page["items"]], [{"expired": True}])
        self.create(type="IDLE", unique={"key": "k", "scope": "waiting"})

    def test_too_much_that_waits_is_429(self):
        self.call("PUT", "/api/v1/types/FULL", {"max_waiting": 3})
        body = {"type": "FULL", "payload": 1}
        self.refused(429, "POST", "/api/v1/tasks/batch", {"tasks": [body] * 4})
        self.assertEqual(self.call("POST", "/api/v1/tasks/batch", {"tasks": [body] * 2})[0], 201)
        answers = [self.call("POST", "/api/v1/tasks", body) for _ in range(20)]
        self.assertIn(429, [status for status, _, _ in answers])
        for status, headers, _ in answers:
            self.assertIn(status, (201, 429))
            if status == 429:
                self.assertGreaterEqual(int(headers["Retry-After"]), 1)
        self.create(type="NOOP")
        for task in self.call("GET", "/api/v1/tasks?type=FULL")[2]["items"]:
            self.call("POST", f"/api/v1/tasks/{task['task_id']}/cancel")
        wait_until(lambda: self.call("POST", "/api/v1/tasks", body)[0] == 201, "there is room again")

    def test_an_idempotency_key_makes_one_task(self):
        headers = {"Idempotency-Key": "once"}
        body = {"type": "NOOP", "payload": {"a": 1}, "scheduled_for": "2100-01-01T00:00:00Z"}
        first = self.call("POST", "/api/v1/tasks", body, headers)
        again = self.call("POST", "/api/v1/tasks", body, headers)
        self.assertEqual((first[0], again[0]), (201, 200))
        self.assertEqual(first[2], again[2])
        problem = self.refused(422, "POST", "/api/v1/tasks", {**body, "priority": 1}, headers)
        self.assertTrue(problem["type"].endswith("/idempotency-mismatch"))

    def test_many_at_once_with_the_same_keys_make_one_task_each(self):
        def post(number):
            key = {"Idempotency-Key": f"key-{number % 20}"}
            while True:
                status, headers, body = self.call(
                    "POST", "/api/v1/tasks",
                    {"type": "NOOP", "payload": {"key": number % 20}}, key)
                if status != 409:
                    return status, body["task_id"]
                self.assertTrue(body["type"].endswith("/idempotency-in-flight"))
                self.assertTrue(headers["Retry-After"])

        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(post, range(320)))
        self.assertEqual({status for status, _ in answers}, {200, 201})
        self.assertEqual(sum(status == 201 for status, _ in answers), 20)
        self.assertEqual(len({task_id for _, task_id in answers}), 20)

    def test_a_batch_is_all_or_nothing(self):
        tasks = [{"type": "NOOP", "payload": number} for number in range(50)]
        status, _, answer = self.call("POST", "/api/v1/tasks/batch", {"tasks": tasks})
        self.assertEqual((status, len(answer["task_ids"])), (201, 50))
        before = sum(self.status_counts().values())
        problem = self.refused(400, "POST", "/api/v1/tasks/batch",
                               {"tasks": [*tasks, {"type": "NOOP"}]})
        self.assertEqual(problem["errors"][0]["pointer"], "/tasks/50/payload")
        self.refused(422, "POST", "/api/v1/tasks/batch",
                     {"tasks": [*tasks, {"type": "NOBODY", "payload": 1}]})
        self.refused(400, "POST", "/api/v1/tasks/batch", {"tasks": tasks, "more": 1})
        self.refused(400, "POST", "/api/v1/tasks/batch", {"tasks": [tasks[0]] * 10_001})
        self.assertEqual(sum(self.status_counts().values()), before)

    def test_tasks_of_a_batch_may_have_idempotency_keys(self):
        tasks = [{"type": "NOOP", "payload": number, "idempotency_key": f"key {number}"}
                 for number in range(3)]
        first = self.call("POST", "/api/v1/tasks/batch", {"tasks": tasks})
        again = self.call("POST", "/api/v1/tasks/batch", {"tasks": tasks})
        self.assertEqual((first[0], again[0], first[2]), (201, 201, again[2]))
        self.assertEqual(sum(self.status_counts().values()), 3)

    def test_a_delay_is_counted_by_the_database_s_clock_and_repeats_as_the_same_wish(self):
        body = {"type": "NOOP", "payload": 1, "scheduled_for": "+2h"}
        first = self.call("POST", "/api/v1/tasks", body, {"Idempotency-Key": "later"})
        again = self.call("POST", "/api/v1/tasks", body, {"Idempotency-Key": "later"})
        self.assertEqual((first[0], again[0], first[2]), (201, 200, again[2]))
        made, due = (datetime.datetime.fromisoformat(first[2][name].rstrip("Z"))
                     for name in ("created_at", "scheduled_for"))
        # The delay begins when the server takes the order, a moment before the commit's own time.
        self.assertLess(abs(due - made - datetime.timedelta(hours=2)), datetime.timedelta(minutes=1))
        problem = self.refused(400, "POST", "/api/v1/tasks", {**body, "scheduled_for": "+soon"})
        self.assertEqual(problem["errors"][0]["pointer"], "/scheduled_for")

    def test_a_refusal_does_not_say_again_all_that_was_wrong(self):
        for path, body in (("/api/v1/tasks", {"x" * 1_000_000: 1}),
                           ("/api/v1/tasks/batch", {"tasks": [], "x" * 1_000_000: 1}),
                           ("/api/v1/tasks/batch", {"tasks": [{"~/" * 500_000: 1}]})):
            self.assertLess(len(str(self.refused(400, "POST", path, body))), 10_000)

    def test_a_trace_is_kept(self):
        trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
        self.call("POST", "/api/v1/tasks",
                  {"type": "NOOP", "payload": 1, "scheduled_for": "2100-01-01T00:00:00Z"},
                  {"traceparent": trace})
        rows = self.store.rows("SELECT traceparent FROM task_requests")
        self.assertEqual([row["traceparent"] for row in rows], [trace])

    # --- look ---------------------------------------------------------------------------------

    def test_what_a_task_logged_is_shown(self):
        task = self.create()
        wait_until(lambda: self.show(task["task_id"])["status"] == "COMPLETED", "the task is done")
        path = f"/api/v1/tasks/{task['task_id']}/log"
        self.assertEqual(self.call("GET", path)[2], {"items": [], "next_cursor": None})
        _, _, worker = self.call("POST", "/api/v1/workers", {
            "name": "w", "host": "h", "pid": 1, "version": "1", "types": ["MINE"], "slots": 1})
        self.product.run("type", "set", "MINE")
        task = self.create(type="MINE")
        _, _, claim = self.call("POST", "/api/v1/work/claim", {
            "worker_id": worker["worker_id"], "types": ["MINE"], "limit": 1, "wait_seconds": 10})
        held = claim["tasks"][0]
        line = {"line": 1, "at": "2024-12-25T00:00:00Z", "level": "warning", "text": "half way"}
        self.call("POST", "/api/v1/work/heartbeat", {
            "worker_id": worker["worker_id"],
            "tasks": [{"task_id": task["task_id"], "attempt": held["attempt"],
                       "lease_id": held["lease_id"], "log": [line]}]})
        _, _, page = self.call("GET", f"/api/v1/tasks/{task['task_id']}/log")
        self.assertEqual(page["items"], [{"attempt": 1, **line}])
        self.refused(404, "GET", "/api/v1/tasks/999/log")

    def test_pages_go_through_all_in_spite_of_what_comes_meanwhile(self):
        made = [self.later(tags=["page"])["task_id"] for _ in range(7)]
        seen, cursor = [], ""
        while cursor is not None:
            path = f"/api/v1/tasks?limit=3&tag=page&cursor={cursor}"
            _, _, page = self.call("GET", path)
            seen += [task["task_id"] for task in page["items"]]
            cursor = page["next_cursor"]
            if len(seen) <= 3:
                self.later(tags=["page"])
        self.assertEqual(seen, sorted(made, reverse=True))

    def test_a_page_of_large_tasks_ends_early_and_goes_on(self):
        made = [self.later(payload="x" * 1_000_000)["task_id"] for _ in range(30)]
        seen, cursor, pages = [], "", 0
        while cursor is not None:
            _, _, page = self.call("GET", f"/api/v1/tasks?limit=1000&cursor={cursor}")
            seen += [task["task_id"] for task in page["items"]]
            cursor, pages = page["next_cursor"], pages + 1
        self.assertEqual(seen, made[::-1])
        self.assertGreater(pages, 1)

    def test_filters_choose(self):
        self.later(tags=["a"])
        ended = self.later(tags=["a", "b"])["task_id"]
        self.call("POST", f"/api/v1/tasks/{ended}/cancel")
        for query, expected in (("tag=b", 1), ("tag=a", 2), ("status=CANCELLED", 1),
                                ("status=PENDING&tag=a", 1), ("type=NOOP", 2), ("type=NOBODY", 0),
                                ("created_after=2100-01-01T00:00:00Z", 0),
                                ("created_before=2100-01-01T00:00:00Z", 2)):
            _, _, page = self.call("GET", f"/api/v1/tasks?{query}")
            self.assertEqual(len(page["items"]), expected, query)
        for query in ("nope=1", "limit=0", "limit=1001", "limit=x", "status=NOPE", "cursor=x",
                      "created_after=yesterday", "limit=1&limit=2", "tag=%"):
            self.refused(400, "GET", f"/api/v1/tasks?{query}")

    def test_statistics_equal_those_of_the_command_line(self):
        self.later()
        status, _, stats = self.call("GET", "/api/v1/stats")
        self.assertEqual(status, 200)
        known = self.product.json("stats")
        self.assertEqual((stats["by_status"], set(stats)), (known["by_status"], set(known)))

    def test_workers_are_listed(self):
        _, _, page = wait_until(lambda: (lambda answer: answer[2]["items"] and answer)(
            self.call("GET", "/api/v1/workers")), "the worker has said that it lives")
        self.assertIn("NOOP", page["items"][0]["types"])

    def test_a_server_goes_on_without_its_worker_that_was_told_to_stop(self):
        def workers():
            return self.call("GET", "/api/v1/workers")[2]["items"]

        worker, = wait_until(workers, "the worker has said that it lives")
        self.assertEqual(self.call("POST", f"/api/v1/workers/{worker['name']}/stop")[0], 204)
        wait_until(lambda: not workers(), "the worker has left")
        task = self.create()
        self.assertEqual(self.call("GET", "/readyz")[0], 200)
        self.assertEqual(self.show(task["task_id"])["status"], "PENDING")
        self.assertEqual(self.serve.terminate(), 0, self.serve.last_output())

    # --- change -------------------------------------------------------------------------------

    def test_cancel_retry_and_delete(self):
        task_id = self.later()["task_id"]
        self.assertTrue(self.refused(409, "POST", f"/api/v1/tasks/{task_id}/retry")["type"]
                        .endswith("/wrong-status"))
        status, _, task = self.call("POST", f"/api/v1/tasks/{task_id}/cancel")
        self.assertEqual((status, task["status"]), (200, "CANCELLED"))
        self.assertTrue(self.refused(409, "POST", f"/api/v1/tasks/{task_id}/cancel")["type"]
                        .endswith("/wrong-status"))
        status, _, task = self.call("POST", f"/api/v1/tasks/{task_id}/retry", {})
        self.assertEqual((status, task["status"] != "CANCELLED"), (200, True))
        wait_until(lambda: self.show(task_id)["status"] == "COMPLETED", "it ran after all")
        self.assertEqual(self.call("DELETE", f"/api/v1/tasks/{task_id}")[0], 204)
        self.refused(404, "GET", f"/api/v1/tasks/{task_id}")

    def test_what_is_not_there_is_404(self):
        for method, path in (("GET", "/api/v1/tasks/77"), ("GET", "/api/v1/tasks/x"),
                             ("GET", "/api/v1/tasks/-1"), ("GET", "/api/v1/tasks/77/executions"),
                             ("POST", "/api/v1/tasks/77/cancel"), ("POST", "/api/v1/tasks/77/retry"),
                             ("DELETE", "/api/v1/tasks/77"), ("GET", "/api/v1/types/NOBODY"),
                             ("POST", "/api/v1/types/NOBODY/pause"), ("GET", "/api/v1"),
                             ("GET", "/api/v1/tasks/" + "9" * 40)):
            self.refused(404, method, path)
        status, headers, _ = self.call("PATCH", "/api/v1/tasks")
        self.assertEqual((status, headers["Allow"]), (405, "POST, GET, HEAD"))

    def test_a_paused_type_starts_nothing(self):
        self.assertTrue(self.call("POST", "/api/v1/types/NOOP/pause")[2]["paused"])
        self.assertTrue(self.call("GET", "/api/v1/types/NOOP")[2]["paused"])
        task_id = self.create()["task_id"]
        self.assertFalse(self.call("POST", "/api/v1/types/NOOP/resume")[2]["paused"])
        wait_until(lambda: self.show(task_id)["status"] == "COMPLETED", "it runs when it may")
        _, _, page = self.call("GET", "/api/v1/types")
        self.assertIn("NOOP", [one["name"] for one in page["items"]])

    # --- who may ask --------------------------------------------------------------------------

    def test_without_a_key_only_this_machine_is_answered(self):
        self.refused(421, "GET", "/api/v1/tasks", headers={"Host": "evil.example"})
        self.refused(403, "GET", "/api/v1/tasks", headers={"Origin": "http://evil.example"})
        self.assertEqual(self.call("GET", "/api/v1/tasks",
                                   headers={"Origin": "http://127.0.0.1:1"})[0], 200)
        self.product.run("serve", "--listen", "0.0.0.0:0", status=2)

    def test_it_stops_cleanly_with_connections_open(self):
        idle = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        idle.request("GET", "/healthz")
        idle.getresponse().read()
        self.assertEqual(self.serve.terminate(), 0, self.serve.last_output())
        idle.close()

    # --- the wire -----------------------------------------------------------------------------

    def test_a_malformed_message_is_answered_once_and_closed(self):
        """What follows it on the connection is never taken for a request."""
        canary = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        messages = list(malformed_messages())
        self.assertGreaterEqual(len(messages), 100)
        for message in messages:
            received = exchange(self.port, message, then=canary)
            found = statuses(received)
            self.assertEqual(len(found), 1, (message[:200], received))
            self.assertTrue(400 <= found[0] < 506, (message[:200], found))
        self.assertEqual(self.call("GET", "/healthz")[0], 200)

    def test_requests_in_a_row_are_answered_in_order(self):
        one = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\n\r\n"
        missing = (b"POST /api/v1/tasks/1/cancel HTTP/1.1\r\nHost: localhost\r\n"
                   b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n")
        last = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
        self.assertEqual(statuses(exchange(self.port, one + missing + one + last)),
                         [200, 404, 200, 200])

    def test_a_client_that_asks_whether_to_go_on_is_told(self):
        head = (b"POST /api/v1/tasks HTTP/1.1\r\nHost: localhost\r\nContent-Length: %d\r\n"
                b"Expect: 100-continue\r\nConnection: close\r\n\r\n")
        body = b'{"type":"NOOP","payload":1}'
        self.assertEqual(statuses(exchange(self.port, head % len(body), then=body)), [100, 201])
        self.assertEqual(statuses(exchange(self.port, head % 100_000_000)), [413])


if __name__ == "__main__":
    main()
