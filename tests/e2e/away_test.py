"""PostgreSQL only: every route while the database is away, and when it is back."""

import pathlib
import re
import threading

from harness.api import ApiCase
from harness.case import main
from harness.processes import wait_until

FENCE = {"task_id": 1, "attempt": 1, "lease_id": "01234567-89ab-cdef-0123-456789abcdef"}
# What a stranger is told nothing of: SQL, the driver, where the database is and who enters it.
INSIDE = re.compile(r"SELECT|INSERT|UPDATE|DELETE|relation|PQ|libpq|SQLSTATE|FATAL|socket|port |"
                    r"127\.0\.0\.1|localhost|postgres|password|connection|recovery|shut", re.IGNORECASE)

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROUTE = re.compile(r'\{"([A-Z]+)",\s*"(/[^"]*)",')
# Answered without the database.
ALWAYS = {("GET", "/healthz"), ("GET", "/openapi.json"), ("GET", "/docs"), ("GET", "/docs/style.css")}


def calls(worker_id):
    """One good call of each route that asks the database: (method, path, body)."""
    task = {"type": "NOOP", "payload": {"a": 1}}
    yield from (("POST", "/api/v1/tasks", task),
                ("POST", "/api/v1/tasks/batch", {"tasks": [task]}),
                ("GET", "/api/v1/tasks?limit=1", None),
                ("GET", "/api/v1/tasks/1", None),
                ("PATCH", "/api/v1/tasks/1", {"priority": 1}),
                ("GET", "/api/v1/tasks/1/executions", None),
                ("GET", "/api/v1/tasks/1/log", None),
                ("POST", "/api/v1/tasks/bulk", {"action": "cancel", "filter": {"tag": "none"}}),
                ("GET", "/api/v1/operations/1", None),
                ("GET", "/api/v1/events", None),
                ("POST", "/api/v1/session", {"key": "esk_x"}),
                ("DELETE", "/api/v1/session", None),
                ("POST", "/api/v1/tasks/1/cancel", None),
                ("POST", "/api/v1/tasks/1/retry", None),
                ("DELETE", "/api/v1/tasks/1", None),
                ("GET", "/api/v1/types", None),
                ("GET", "/api/v1/types/NOOP", None),
                ("PUT", "/api/v1/types/NOOP", {"description": "d"}),
                ("POST", "/api/v1/types/NOOP/pause", None),
                ("POST", "/api/v1/types/NOOP/resume", None),
                ("POST", "/api/v1/batches", {"batch_id": "b"}),
                ("GET", "/api/v1/batches/b", None),
                ("POST", "/api/v1/batches/b/close", None),
                ("POST", "/api/v1/batches/b/cancel", None),
                ("POST", "/api/v1/batches/b/retry", None),
                ("GET", "/api/v1/schedules", None),
                ("GET", "/api/v1/schedules/s", None),
                ("PUT", "/api/v1/schedules/s", {"cron": "@daily", "type": "NOOP"}),
                ("POST", "/api/v1/schedules/s/run", None),
                ("POST", "/api/v1/schedules/s/pause", None),
                ("POST", "/api/v1/schedules/s/resume", None),
                ("GET", "/api/v1/schedules/s/preview?count=1", None),
                ("DELETE", "/api/v1/schedules/s", None),
                ("GET", "/api/v1/stats", None),
                ("GET", "/api/v1/workers", None),
                ("GET", "/api/v1/keys", None),
                ("DELETE", "/api/v1/keys/abcdefghijkl", None),
                ("GET", "/api/v1/audit", None),
                ("POST", "/api/v1/workers", {"name": "w", "host": "h", "pid": 1, "version": "1",
                                             "types": ["NOOP"], "slots": 1}),
                ("DELETE", f"/api/v1/workers/{worker_id}", None),
                ("POST", f"/api/v1/workers/{worker_id}/quiet", None),
                ("POST", f"/api/v1/workers/{worker_id}/stop", None),
                ("POST", "/api/v1/work/claim", {"worker_id": worker_id, "types": ["NOOP"],
                                                "limit": 1, "wait_seconds": 30}),
                ("POST", "/api/v1/work/heartbeat", {"worker_id": worker_id, "tasks": [FENCE]}),
                ("POST", "/api/v1/work/report",
                 {"worker_id": worker_id, "reports": [{**FENCE, "outcome": "completed"}],
                  "claim": {"limit": 1, "wait_seconds": 30}}),
                ("GET", "/readyz", None),
                # Last: with a key there is no way in without one.
                ("POST", "/api/v1/keys", {"name": "k", "scopes": ["tasks:read"]}))


def routes():
    """The routes of the sources: (method, a pattern of its paths)."""
    for file in sorted((ROOT / "src/http").glob("routes_*.cpp")):
        for method, path in ROUTE.findall(file.read_text(encoding="utf-8")):
            yield method, re.sub(r"\{\w+\}", "[^/?]+", path) + r"(\?|$)"


class Away(ApiCase):
    SERVE_OPTIONS = ("--no-worker",)
    CALL_SECONDS = 15  # less than the waits that are asked for: nobody hangs till their end

    def setUp(self):
        super().setUp()
        self.product.run("type", "set", "NOOP")
        status, _, worker = self.call("POST", "/api/v1/workers", {
            "name": "w", "host": "h", "pid": 1, "version": "1", "types": ["NOOP"], "slots": 9})
        self.assertEqual(status, 201, worker)
        self.worker_id = worker["worker_id"]

    def away(self):
        self.store.server.stop_immediately()
        wait_until(lambda: self.call("GET", "/readyz")[0] == 503, "serve says that it is not ready")

    def back(self):
        self.store.server.start()
        wait_until(lambda: self.call("GET", "/readyz")[0] == 200, "serve is ready again")

    def is_sent_away(self, status, headers, problem, what):
        self.assertEqual(status, 503, (what, problem))
        self.assertEqual(headers["Content-Type"], "application/problem+json", what)
        self.assertTrue(int(headers["Retry-After"]) >= 1, what)
        self.assertTrue(headers["Esteira-Request-Id"], what)
        self.assertEqual(set(problem), {"type", "title", "status", "detail"}, what)
        self.assertIsNone(INSIDE.search(problem["detail"]), (what, problem))

    def test_every_route_sends_its_callers_away_and_works_again_later(self):
        every = list(calls(self.worker_id))
        for method, pattern in routes():
            self.assertTrue(any(method == called and re.match(pattern, path) for called, path, _ in
                                (*every, *((*one, None) for one in ALWAYS))), (method, pattern))
        self.away()
        for method, path, body in every:
            self.is_sent_away(*self.call(method, path, body), f"{method} {path}")
            for alive in ALWAYS:
                self.assertEqual(self.call(*alive)[0], 200)
        # What is wrong with a call is told before the database is asked.
        self.refused(404, "GET", "/api/v1/nothing")
        self.refused(405, "PATCH", "/api/v1/tasks")
        self.refused(400, "GET", "/api/v1/tasks?nope=1")
        self.back()
        for method, path, body in every:
            # With nothing to claim these would wait; the test below lets them.
            if path.startswith("/api/v1/work/"):
                continue
            status, _, answer = self.call(method, path, body)
            good = (401,) if path.endswith("/session") and body else (200, 201, 202, 204, 404, 409)
            self.assertIn(status, good, (method, path, answer))
        print(f"away: {len(every)} calls, each answered 503 and, later, by its route", flush=True)

    def test_a_claim_that_waits_is_answered_when_the_database_goes(self):
        claim = {"worker_id": self.worker_id, "types": ["NOOP"], "limit": 1, "wait_seconds": 30}
        waiting = [self.send("POST", "/api/v1/work/claim", claim) for _ in range(8)]
        # The claims stood before these in the row for the database: all have been tried.
        for _ in range(4):
            self.assertEqual(self.call("GET", "/api/v1/stats")[0], 200)
        self.away()
        for connection in waiting:
            self.is_sent_away(*self.answer_of(self.receive(connection)), "a claim that waits")
        self.back()
        made = self.create()
        status, _, work = self.call("POST", "/api/v1/work/claim", claim)
        self.assertEqual((status, [one["task"]["task_id"] for one in work["tasks"]]),
                         (200, [made["task_id"]]))
        report = {**FENCE, "outcome": "completed", "task_id": made["task_id"],
                  "lease_id": work["tasks"][0]["lease_id"]}
        status, _, told = self.call("POST", "/api/v1/work/report",
                                    {"worker_id": self.worker_id, "reports": [report]})
        self.assertEqual((status, told["reports"][0]["status"]), (200, "applied"))

    def test_what_was_acknowledged_is_there_after_every_crash(self):
        acknowledged, stop = [], threading.Event()
        refused = set()

        def post():
            while not stop.is_set():
                status, _, task = self.call("POST", "/api/v1/tasks",
                                            {"type": "NOOP", "payload": {}})
                if status == 201:
                    acknowledged.append(task["task_id"])
                else:
                    refused.add(status)

        clients = [threading.Thread(target=post) for _ in range(4)]
        for client in clients:
            client.start()
        try:
            for _ in range(3):
                count = len(acknowledged)
                wait_until(lambda: len(acknowledged) >= count + 50, "tasks are made")
                self.away()
                self.back()
        finally:
            stop.set()
            for client in clients:
                client.join()
        self.assertLessEqual(refused, {503})
        kept = {row["task_id"] for row in self.store.rows("SELECT task_id FROM tasks")}
        self.assertEqual(set(acknowledged) - kept, set())
        self.assertEqual(len(acknowledged), len(set(acknowledged)))
        print(f"away: {len(acknowledged)} tasks acknowledged around 3 crashes, 0 lost", flush=True)


if __name__ == "__main__":
    main()
