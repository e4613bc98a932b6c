"""`esteira serve`: its health endpoint, its worker, and its end."""

from harness.case import main
from harness.processes import wait_until
from harness.serving import Serving


class Serve(Serving):
    def test_it_answers_runs_tasks_and_stops_cleanly(self):
        wait_until(lambda: self.get("/readyz") == 200, "serve is ready")
        self.assertEqual(self.get("/elsewhere"), 404)
        self.run_a_task()
        self.assertEqual(self.serve.terminate(), 0, self.serve.last_output())


if __name__ == "__main__":
    main()
