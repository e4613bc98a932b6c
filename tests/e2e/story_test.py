"""The README's story: import ten thousand tasks, watch them run, kill the program in the middle,
start it again: every task is done and accounted for."""

import signal
import time

from harness.case import EndToEnd, main
from harness.processes import wait_until

TASKS = 10_000
# How long the worker runs between two looks at the database: longer each time, so that a busy
# machine gets there too, but never so long that all could be done in one slice.
SLICE_SECONDS = 0.004
SLICE_SECONDS_MAX = 0.05


class Story(EndToEnd):
    def kill_in_the_middle(self):
        worker = self.product.start("worker", "--drain", "--lease-seconds", 5)
        pause = SLICE_SECONDS

        def is_in_the_middle():
            nonlocal pause
            worker.signal(signal.SIGCONT)
            time.sleep(pause)
            worker.signal(signal.SIGSTOP)
            pause = min(pause * 1.05, SLICE_SECONDS_MAX)
            rows = self.store.rows_now("SELECT count(*) AS n FROM task_executions "
                                       "WHERE status = 'COMPLETED'")
            return rows and rows[0]["n"] > 0

        wait_until(is_in_the_middle, "the worker begins", pause=0)
        worker.kill()

    def test_every_task_is_done_after_a_kill_in_the_middle(self):
        self.product.import_tasks({"type": "NOOP", "payload": {"number": number}}
                                  for number in range(TASKS))
        self.kill_in_the_middle()
        done = self.status_counts().get("COMPLETED", 0)
        self.assertTrue(0 < done < TASKS, f"{done} tasks were done at the kill")

        def drain():
            worker = self.product.start("worker", "--drain", "--lease-seconds", 1)
            self.assertEqual(worker.wait(), 0, worker.last_output())
            return self.status_counts() == {"COMPLETED": TASKS}

        wait_until(drain, "every task is done")
        self.check_account()

    def check_account(self):
        by_status = self.product.json("stats")["by_status"]
        self.assertEqual({name: n for name, n in by_status.items() if n}, {"COMPLETED": TASKS})
        ends = self.store.rows("SELECT count(*) AS n, count(DISTINCT task_id) AS tasks "
                               "FROM task_executions WHERE status = 'COMPLETED'")[0]
        self.assertEqual((ends["n"], ends["tasks"]), (TASKS, TASKS))
        odd = self.store.rows("SELECT status, count(*) AS n FROM task_executions "
                              "WHERE status NOT IN ('COMPLETED', 'EXPIRED', 'INTERRUPTED') "
                              "GROUP BY status")
        self.assertEqual(odd, [])


if __name__ == "__main__":
    main()
