"""A task that hangs is stopped by its time limit, and nothing of it stays behind."""

from harness.case import EndToEnd, main
from harness.commands import Commands
from harness.processes import wait_until


class Timeout(EndToEnd):
    def setUp(self):
        super().setUp()
        self.commands = Commands(self.product)
        self.product.run("type", "set", "COMMAND_RUN", "--timeout", "1s", "--max-retries", 1,
                         "--back-off-base", "1s", "--back-off-cap", "1s")
        self.worker = self.product.start("worker", "--concurrency", 1,
                                         "--poll-milliseconds", 100)

    def run_until_failed(self, command):
        task_id = self.product.create("COMMAND_RUN", {"command": command})
        wait_until(lambda: self.status_of(task_id) == "FAILED", f"{command} has failed")
        executions = self.product.executions(task_id)
        self.assertEqual([row["status"] for row in executions], ["TIMED_OUT", "TIMED_OUT"])
        self.assertTrue(all("timed out" in row["error_message"] for row in executions))
        task = self.product.show(task_id)
        self.assertEqual((task["retries"], task["crashes"], task["attempt"]), (1, 0, 2))
        self.assertEqual(self.commands.begun(task_id), [(task_id, 1), (task_id, 2)])

    def assert_slot_is_free(self):
        task_id = self.product.create("COMMAND_RUN", {"command": "pass"})
        wait_until(lambda: self.status_of(task_id) == "COMPLETED", "the only slot is free again")

    def test_a_command_that_hangs_times_out_and_frees_its_slot(self):
        self.run_until_failed("wait")
        self.assertEqual(self.commands.alive(), [])
        self.assert_slot_is_free()
        self.assertEqual(self.worker.terminate(), 0, self.worker.last_output())

    def test_a_command_that_ignores_its_end_is_killed_with_its_children(self):
        self.run_until_failed("cling")
        wait_until(lambda: not self.commands.alive(), "the command and its child are gone")
        self.assert_slot_is_free()
        self.assertEqual(self.worker.terminate(), 0, self.worker.last_output())


if __name__ == "__main__":
    main()
