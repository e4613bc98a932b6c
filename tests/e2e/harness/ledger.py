"""A book of what was really done, kept outside the product: an HTTP server that is told of each
execution by the execution itself (HTTP_REQUEST tasks)."""

import dataclasses
import http.server
import json
import random
import socketserver
import threading
import time

@dataclasses.dataclass(frozen=True)
class Entry:
    execution: int  # its place in the book, from 0
    number: int     # of the piece of work
    task_id: int
    attempt: int


class _Server(socketserver.ThreadingMixIn, http.server.HTTPServer):
    daemon_threads = True
    request_queue_size = 256
    ledger = None


class _Handler(http.server.BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    wbufsize = -1
    disable_nagle_algorithm = True

    def do_POST(self):
        body = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        entry = self.server.ledger.write(body["number"], int(self.headers["Esteira-Task-Id"]),
                                         int(self.headers["Esteira-Attempt"]))
        answer = json.dumps({"number": entry.number, "execution": entry.execution}).encode()
        self.send_response(200)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    def handle(self):
        try:
            super().handle()
        except ConnectionError:
            pass  # the worker was killed while its request was here

    def finish(self):
        try:
            super().finish()
        except ConnectionError:
            pass

    def log_message(self, *_):
        pass


class Ledger:
    """`work_seconds`: between which bounds the work of one execution takes, drawn by `seed`."""

    def __init__(self, work_seconds=(0, 0), seed=0):
        self._changed = threading.Condition()
        self._entries = []
        self._numbers = set()
        self._spans = {}
        self._let_go = None  # the executions that need not wait; None: nobody waits
        self._work_seconds = work_seconds
        self._random = random.Random(seed)
        self._server = _Server(("127.0.0.1", 0), _Handler)
        self._server.ledger = self
        threading.Thread(target=self._server.serve_forever, daemon=True).start()

    def task(self, number, **fields):
        """What `task import` is given for this piece of work."""
        return {"type": "HTTP_REQUEST", **fields,
                "payload": {"url": f"http://127.0.0.1:{self._server.server_port}/work",
                            "body": {"number": number}}}

    def write(self, number, task_id, attempt):
        """Called by the execution; returns when its work is done."""
        with self._changed:
            entry = Entry(len(self._entries), number, task_id, attempt)
            self._entries.append(entry)
            self._numbers.add(number)
            pause = self._random.uniform(*self._work_seconds)
            self._changed.wait_for(lambda: self._let_go is None or entry in self._let_go)
        begun = time.monotonic()
        time.sleep(pause)
        self._spans[task_id, attempt] = (begun, time.monotonic())
        return entry

    def spans(self):
        """When the work of each (task_id, attempt) was done, by this process's clock."""
        return dict(self._spans)

    def hold(self, but=()):
        """Executions wait before they are answered, except these."""
        with self._changed:
            self._let_go = set(but)
            self._changed.notify_all()

    def release(self):
        with self._changed:
            self._let_go = None
            self._changed.notify_all()

    def entries(self):
        with self._changed:
            return list(self._entries)

    def begun(self):
        """How many different pieces of work have been begun at least once."""
        with self._changed:
            return len(self._numbers)

    def close(self):
        self.release()
        self._server.shutdown()
        self._server.server_close()
