"""A stop is not a failure: what runs may finish, the rest goes back unharmed, at once."""

import signal

from harness.case import EndToEnd, main
from harness.commands import Commands
from harness.processes import wait_until

SLOTS = 3
ROUNDS = 20
# A lease that no test lives to see the end of: what is picked up again was given back.
LEASE_SECONDS = 3600


class Stop(EndToEnd):
    def setUp(self):
        super().setUp()
        self.commands = Commands(self.product)

    def start_worker(self, grace_seconds):
        return self.product.start("worker", "--concurrency", SLOTS, "--lease-seconds",
                                  LEASE_SECONDS, "--grace-seconds", grace_seconds,
                                  "--poll-milliseconds", 100)

    def create_waiting(self, count):
        return [self.product.create("COMMAND_RUN", {"command": "wait"}) for _ in range(count)]

    def wait_for_start(self, count):
        wait_until(lambda: len(self.commands.begun()) >= count, f"{count} commands have begun")

    def insist(self, worker):
        """Signals until it ends: those that follow each other closely are one to the program."""
        def has_ended():
            worker.signal(signal.SIGTERM)
            return not worker.running()

        wait_until(has_ended, "the worker stops at once", pause=0.3)

    def assert_unharmed(self, task_id):
        task = self.product.show(task_id)
        self.assertEqual((task["retries"], task["crashes"]), (0, 0))
        return task

    def test_running_tasks_finish_within_the_grace_period(self):
        tasks = self.create_waiting(SLOTS + 5)
        worker = self.start_worker(grace_seconds=600)
        self.wait_for_start(SLOTS)
        worker.signal(signal.SIGTERM)
        # What was claimed and has not begun goes back before the gate opens.
        waiting = "SELECT count(*) AS n FROM tasks WHERE status = 'PENDING'"
        wait_until(lambda: self.store.rows(waiting)[0]["n"] == 5, "the others wait again")
        self.commands.open_gate()
        self.assertEqual(worker.wait(), 0, worker.last_output())
        self.assertEqual(self.status_counts(), {"COMPLETED": SLOTS, "PENDING": 5})
        for task_id in tasks:
            self.assert_unharmed(task_id)
        last = self.product.start("worker", "--drain")
        self.assertEqual(last.wait(), 0, last.last_output())
        self.assertEqual(self.status_counts(), {"COMPLETED": SLOTS + 5})

    def test_tasks_over_the_grace_period_are_handed_to_another_worker_at_once(self):
        tasks = self.create_waiting(SLOTS)
        first = self.start_worker(grace_seconds=1)
        self.wait_for_start(SLOTS)
        self.start_worker(grace_seconds=1)
        self.assertEqual(first.terminate(), 0, first.last_output())
        self.wait_for_start(2 * SLOTS)
        for task_id in tasks:
            task = self.assert_unharmed(task_id)
            self.assertEqual((task["status"], task["attempt"]), ("PROCESSING", 2))
            self.assertEqual(self.row_statuses(task_id)[0], "INTERRUPTED")
        self.commands.open_gate()
        wait_until(lambda: self.status_counts() == {"COMPLETED": SLOTS}, "all are done")

    def test_a_second_signal_ends_the_grace_period_twenty_times(self):
        tasks = self.create_waiting(SLOTS)
        for turn in range(1, ROUNDS + 1):
            worker = self.start_worker(grace_seconds=3600)
            self.wait_for_start(turn * SLOTS)
            self.insist(worker)
            self.assertEqual(worker.wait(), 0, worker.last_output())
            self.assertEqual(self.commands.alive(), [])
            self.assertEqual(self.status_counts(), {"PENDING": SLOTS})
        for task_id in tasks:
            self.assertEqual(self.assert_unharmed(task_id)["attempt"], ROUNDS)
            self.assertEqual(self.row_statuses(task_id), ["INTERRUPTED"] * ROUNDS)
        self.commands.open_gate()
        last = self.product.start("worker", "--drain")
        self.assertEqual(last.wait(), 0, last.last_output())
        self.assertEqual(self.status_counts(), {"COMPLETED": SLOTS})


if __name__ == "__main__":
    main()
