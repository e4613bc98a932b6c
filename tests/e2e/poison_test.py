"""A task that kills its worker ends after as many crashes as are allowed; its neighbours do not."""

from harness.case import EndToEnd, main
from harness.commands import Commands
from harness.processes import PATIENCE_SECONDS, wait_until

MAX_CRASHES = 3
NEIGHBOURS = 200


class Poison(EndToEnd):
    def setUp(self):
        super().setUp()
        self.commands = Commands(self.product)

    def start_worker(self):
        return self.product.start("worker", "--concurrency", 4, "--lease-seconds", 1,
                                  "--max-crashes", MAX_CRASHES, "--poll-milliseconds", 100)

    def run_supervised(self, is_over):
        """Starts the worker again each time it dies, and answers how often that was."""
        deaths = 0
        worker = self.start_worker()

        def is_over_now():
            nonlocal deaths, worker
            if not worker.running():
                self.assertEqual(worker.wait(), -9, worker.last_output())
                deaths += 1
                worker = self.start_worker()
            return is_over()

        wait_until(is_over_now, "every task has ended", seconds=2 * PATIENCE_SECONDS, pause=0.1)
        self.assertEqual(worker.terminate(), 0, worker.last_output())
        return deaths

    def test_the_poison_ends_and_its_neighbours_are_done(self):
        before = {"type": "COMMAND_RUN", "payload": {"command": "pass"}}
        poison = {"type": "COMMAND_RUN", "payload": {"command": "murder"}}
        noop = {"type": "NOOP", "payload": {}}
        half = NEIGHBOURS // 4
        self.product.import_tasks([before] * half + [noop] * half + [poison] +
                                  [before] * half + [noop] * half)

        def is_over():
            counts = self.status_counts()
            return "PENDING" not in counts and "PROCESSING" not in counts

        deaths = self.run_supervised(is_over)
        failed = self.product.json("task", "list", "--status", "FAILED")
        self.assertEqual([task["payload"]["command"] for task in failed], ["murder"])
        self.assertEqual(self.status_counts(), {"COMPLETED": NEIGHBOURS, "FAILED": 1})
        self.assertEqual(deaths, MAX_CRASHES)
        self.check_poison(failed[0]["task_id"])

    def check_poison(self, task_id):
        task = self.product.show(task_id)
        self.assertEqual((task["crashes"], task["retries"]), (MAX_CRASHES, 0))
        executions = self.product.executions(task_id)
        # Beside another suspect it may have been given back before it began.
        self.assertLessEqual({row["status"] for row in executions}, {"EXPIRED", "INTERRUPTED"})
        self.assertEqual(executions[-1]["metadata"], {"poison": True})
        self.assertEqual(self.commands.begun(task_id),
                         [(task_id, row["attempt"]) for row in executions
                          if row["status"] == "EXPIRED"])


if __name__ == "__main__":
    main()
