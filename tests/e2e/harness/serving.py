"""A test with `esteira serve` running."""

import http.client

from harness.case import EndToEnd
from harness.postgres import free_port
from harness.processes import wait_until


class Serving(EndToEnd):
    def setUp(self):
        super().setUp()
        self.port = free_port()
        self.serve = self.product.start("serve", "--listen", f"127.0.0.1:{self.port}")
        wait_until(lambda: self.get("/healthz") == 200, "serve answers")
        # A database that goes away during the start ends the program, as it should.
        wait_until(lambda: " runs." in self.serve.output(), "serve has started")

    def get(self, path):
        """The status, or None while nobody listens."""
        self.assertTrue(self.serve.running(), self.serve.last_output())
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        try:
            connection.request("GET", path)
            return connection.getresponse().status
        except ConnectionRefusedError:
            return None
        finally:
            connection.close()

    def run_a_task(self):
        task_id = self.product.create("NOOP", {"hello": "world"})
        wait_until(lambda: self.status_of(task_id) == "COMPLETED", "the task is done")
