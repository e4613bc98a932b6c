"""What a person does by the command line while a worker runs: cancel, retry, pause, delete."""

from harness.case import EndToEnd, main
from harness.commands import Commands
from harness.processes import wait_until

NOT_FOUND = 3


class People(EndToEnd):
    def setUp(self):
        super().setUp()
        self.commands = Commands(self.product)
        self.worker = self.product.start("worker", "--poll-milliseconds", 100)

    def wait_for_status(self, task_id, status):
        wait_until(lambda: self.status_of(task_id) == status, f"task {task_id} is {status}")

    def test_a_waiting_task_is_cancelled_at_once(self):
        task_id = self.product.create("NOOP", {}, "--scheduled-for", "+1h")
        self.product.run("task", "cancel", task_id)
        self.assertEqual(self.status_of(task_id), "CANCELLED")
        self.assertEqual(self.row_statuses(task_id), ["CANCELLED"])
        self.product.run("task", "cancel", task_id, status=1)

    def test_a_running_task_is_cancelled_and_its_command_is_gone(self):
        task_id = self.product.create("COMMAND_RUN", {"command": "wait"})
        wait_until(lambda: self.commands.begun(task_id), "the command has begun")
        self.product.run("task", "delete", task_id, status=1)
        self.product.run("task", "cancel", task_id)
        self.wait_for_status(task_id, "CANCELLED")
        self.assertEqual(self.row_statuses(task_id), ["CANCELLED"])
        wait_until(lambda: not self.commands.alive(), "the command is gone")

    def test_a_person_retries_what_was_cancelled(self):
        task_id = self.product.create("COMMAND_RUN", {"command": "wait"})
        wait_until(lambda: self.commands.begun(task_id), "the command has begun")
        self.product.run("task", "cancel", task_id)
        self.wait_for_status(task_id, "CANCELLED")
        self.commands.open_gate()
        self.product.run("task", "retry", task_id)
        self.wait_for_status(task_id, "COMPLETED")
        self.assertEqual(self.row_statuses(task_id), ["CANCELLED", "COMPLETED"])
        task = self.product.show(task_id)
        self.assertEqual((task["attempt"], task["retries"], task["result"]),
                         (2, 0, {"waited": True}))
        self.product.run("task", "delete", task_id)
        self.product.run("task", "show", task_id, status=NOT_FOUND)
        self.assertEqual(self.store.rows(f"SELECT * FROM task_executions WHERE task_id={task_id}"),
                         [])

    def test_of_several_tasks_each_is_tried_and_the_worst_status_is_answered(self):
        first, second = (self.product.create("NOOP", {}, "--scheduled-for", "+1h")
                         for _ in range(2))
        self.product.run("task", "cancel", first, 987654321, second, status=NOT_FOUND)
        self.assertEqual(self.status_counts(), {"CANCELLED": 2})

    def run_marker(self):
        """A task of another type, created later, has been done: the worker has looked since."""
        marker = self.product.create("COMMAND_RUN", {"command": "pass"})
        self.wait_for_status(marker, "COMPLETED")

    def test_a_paused_type_waits_and_goes_on_when_it_is_resumed(self):
        self.product.run("type", "pause", "NOOP")
        # The worker learns of it within about a second: until then tasks may still run.

        def stays():
            task_id = self.product.create("NOOP", {})
            self.run_marker()
            return task_id if self.status_of(task_id) == "PENDING" else None

        task_id = wait_until(stays, "the pause is heeded")
        self.run_marker()
        self.assertEqual((self.status_of(task_id), self.product.show(task_id)["attempt"]),
                         ("PENDING", 0))
        self.product.run("type", "resume", "NOOP")
        self.wait_for_status(task_id, "COMPLETED")

    def tearDown(self):
        self.assertEqual(self.worker.terminate(), 0, self.worker.last_output())


if __name__ == "__main__":
    main()
