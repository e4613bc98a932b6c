"""A test that speaks to `esteira serve` over HTTP."""

import http.client
import json
import re

from harness.case import EndToEnd
from harness.processes import wait_until

JSON = {"Content-Type": "application/json"}


class ApiCase(EndToEnd):
    SERVE_OPTIONS = ("--poll-milliseconds", 100)

    def setUp(self):
        super().setUp()
        self.serve = self.product.start("serve", "--listen", "127.0.0.1:0", *self.SERVE_OPTIONS)
        found = wait_until(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/", self.serve.output()),
                           "serve tells its address")
        self.port = int(found[1])
        wait_until(lambda: self.call("GET", "/readyz")[0] == 200, "serve is ready")

    def call(self, method, path, body=None, headers=None):
        """Answers (status, headers, the body's JSON)."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        text = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
        connection.request(method, path, text, {**(JSON if body is not None else {}),
                                                **(headers or {})})
        answer = connection.getresponse()
        data = answer.read()
        connection.close()
        return answer.status, answer.headers, json.loads(data) if data else None

    def refused(self, status, method, path, body=None, headers=None):
        """The problem that a wrong call is answered."""
        code, answer_headers, problem = self.call(method, path, body, headers)
        self.assertEqual(code, status, problem)
        self.assertEqual(answer_headers["Content-Type"], "application/problem+json")
        self.assertEqual(problem["status"], status)
        self.assertTrue(problem["title"] and problem["detail"] and problem["type"])
        self.assertTrue(answer_headers["Esteira-Request-Id"])
        return problem

    def create(self, **fields):
        status, _, task = self.call("POST", "/api/v1/tasks",
                                    {"type": "NOOP", "payload": {"a": 1}, **fields})
        self.assertEqual(status, 201, task)
        return task

    def later(self, **fields):
        return self.create(scheduled_for="2100-01-01T00:00:00Z", **fields)

    def show(self, task_id):
        return self.call("GET", f"/api/v1/tasks/{task_id}")[2]
