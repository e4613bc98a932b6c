"""`esteira serve --no-worker` runs no task, and takes over from workers that die."""

from harness.case import EndToEnd, main
from harness.commands import Commands
from harness.processes import wait_until


class NoWorker(EndToEnd):
    def setUp(self):
        super().setUp()
        self.commands = Commands(self.product)

    def test_the_lease_of_a_killed_worker_is_taken_over_by_it(self):
        serve = self.product.start("serve", "--no-worker", "--listen", "127.0.0.1:0")
        wait_until(lambda: " runs." in serve.output(), "serve has started")
        worker = self.product.start("worker", "--concurrency", 1, "--lease-seconds", 1,
                                    "--poll-milliseconds", 50)
        task_id = self.product.create("COMMAND_RUN", {"command": "wait"})
        wait_until(lambda: self.commands.begun(task_id), "the task runs")
        self.assertEqual(worker.kill(), -9)
        wait_until(lambda: self.status_of(task_id) == "PENDING", "the task waits again")
        self.assertEqual(self.row_statuses(task_id), ["EXPIRED"])
        self.assertEqual(self.product.show(task_id)["crashes"], 1)
        self.assertEqual(self.commands.begun(task_id), [(task_id, 1)])
        self.assertEqual(serve.terminate(), 0, serve.last_output())


if __name__ == "__main__":
    main()
