"""PostgreSQL only: `esteira serve` while its database is away."""

from harness.case import main
from harness.events import Events
from harness.processes import wait_until
from harness.serving import Serving


class Outage(Serving):
    def test_it_is_not_ready_while_its_database_is_away(self):
        wait_until(lambda: self.get("/readyz") == 200, "serve is ready")
        self.store.server.stop_immediately()
        wait_until(lambda: self.get("/readyz") == 503, "serve says that it is not ready")
        self.assertEqual(self.get("/healthz"), 200)
        self.product.run("stats", status=4)
        self.store.server.start()
        wait_until(lambda: self.get("/readyz") == 200, "serve is ready again")
        self.run_a_task()
        self.assertEqual(self.serve.terminate(), 0, self.serve.last_output())

    def test_who_listens_is_told_on_when_its_database_is_back(self):
        wait_until(lambda: self.get("/readyz") == 200, "serve is ready")
        events = Events(self.port)
        self.addCleanup(events.cut)
        events.wait_for("statistics", lambda me: me.all("stats"))
        self.store.server.stop_immediately()
        wait_until(lambda: self.get("/readyz") == 503, "serve says that it is not ready")
        self.store.server.start()
        wait_until(lambda: self.get("/readyz") == 200, "serve is ready again")
        task_id = self.product.create("NOOP", {})
        events.wait_for_state(task_id, "COMPLETED")
        self.assertFalse(events.ended)

    def test_it_stops_cleanly_while_its_database_is_away(self):
        self.store.server.stop_immediately()
        wait_until(lambda: self.get("/readyz") == 503, "serve says that it is not ready")
        self.assertEqual(self.serve.terminate(), 0, self.serve.last_output())


if __name__ == "__main__":
    main()
