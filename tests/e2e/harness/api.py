"""A test that speaks to `esteira serve` over HTTP."""

import http.client
import json
import re

from harness.case import EndToEnd
from harness.openapi import Description, Exchange
from harness.processes import wait_until

JSON = {"Content-Type": "application/json"}


class ApiCase(EndToEnd):
    SERVE_OPTIONS = ("--poll-milliseconds", 100)
    SCHEME = "http"
    DESCRIPTION = None
    CALL_SECONDS = 30  # a call that takes longer fails

    def setUp(self):
        super().setUp()
        self.start_serve()

    def start_serve(self):
        """On a port of its own, as no other process holds it."""
        self.serve = self.product.start("serve", "--listen", "127.0.0.1:0", *self.serve_options())
        found = wait_until(lambda: re.search(self.SCHEME + r"://127\.0\.0\.1:(\d+)/",
                                             self.serve.output()), "serve tells its address")
        self.port = int(found[1])
        wait_until(lambda: self.call("GET", "/readyz")[0] == 200, "serve is ready")

    def serve_options(self):
        return self.SERVE_OPTIONS

    def connect(self):
        return http.client.HTTPConnection("127.0.0.1", self.port, timeout=self.CALL_SECONDS)

    def send(self, method, path, body=None, headers=None):
        """Sends a request; what comes back is for `receive`."""
        connection = self.connect()
        text = body if isinstance(body, (str, bytes, type(None))) else json.dumps(body)
        data = text.encode() if isinstance(text, str) else text
        asked = {**(JSON if body is not None else {}), **(headers or {})}
        connection.request(method, path, data, asked)
        return connection, (method, path, asked, data)

    @staticmethod
    def receive(sent):
        connection, request = sent
        answer = connection.getresponse()
        endless = (answer.headers["Content-Type"] or "").startswith("text/event-stream")
        received = answer.read1() if endless else answer.read()
        connection.close()
        return Exchange(*request, answer.status, answer.headers, received)

    def exchange(self, method, path, body=None, headers=None):
        """One request and its answer."""
        return self.receive(self.send(method, path, body, headers))

    def description(self):
        """What the program says of its API: the same whenever it is asked."""
        if ApiCase.DESCRIPTION is None:
            ApiCase.DESCRIPTION = Description(json.loads(self.exchange("GET", "/openapi.json").answer))
        return ApiCase.DESCRIPTION

    def call(self, method, path, body=None, headers=None):
        """Answers (status, headers, the body: its JSON where it is that), which are as described."""
        return self.answer_of(self.exchange(method, path, body, headers))

    def answer_of(self, done):
        self.assertEqual(self.description().faults(done), [])
        if not done.answer:
            return done.status, done.answer_headers, None
        is_json = "json" in done.answer_headers["Content-Type"]
        return (done.status, done.answer_headers,
                json.loads(done.answer) if is_json else done.answer.decode())

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
