"""A worker that is frozen for longer than its lease comes back to find its tasks taken: its
results are refused, and its heartbeats take nothing back."""

import signal
import time

from harness.account import Account
from harness.case import EndToEnd, main
from harness.ledger import EVERY_ATTEMPT, Ledger
from harness.processes import wait_until

LEASE_SECONDS = 2
ROUNDS = 5
SLOTS = 5


class Freeze(EndToEnd):
    def setUp(self):
        super().setUp()
        self.ledger = Ledger()
        self.addCleanup(self.ledger.close)
        self.product.configure("[processors.http_request]\nallow_private_addresses = true\n")

    def start_worker(self):
        return self.product.start("worker", "--types", "HTTP_REQUEST", "--concurrency", SLOTS,
                                  "--lease-seconds", LEASE_SECONDS, "--max-crashes", 1000,
                                  "--poll-milliseconds", 100, "--grace-seconds", 1)

    def wait_for_attempts(self, numbers, attempt):
        def have_begun():
            begun = {entry.number for entry in self.ledger.entries() if entry.attempt == attempt}
            return begun >= set(numbers)
        wait_until(have_begun, f"attempt {attempt} of each task has begun")

    def test_what_a_frozen_worker_says_afterwards_is_refused(self):
        for turn in range(ROUNDS):
            self.freeze_once(range(turn * SLOTS, (turn + 1) * SLOTS))
        account = Account(self.store, self.ledger, range(ROUNDS * SLOTS), {})
        print(f"{ROUNDS} freezes: {account.figures()}", flush=True)
        self.assertEqual(account.faults, [])

    def freeze_once(self, numbers):
        self.ledger.open_up_to(0)
        self.product.import_tasks(self.ledger.task(number) for number in numbers)
        sleeper = self.start_worker()
        self.wait_for_attempts(numbers, 1)
        sleeper.signal(signal.SIGSTOP)
        frozen_at = time.monotonic()
        # The answers wait for the sleeper in its sockets.
        self.ledger.open_up_to(1)
        other = self.start_worker()
        self.wait_for_attempts(numbers, 2)
        wait_until(lambda: time.monotonic() - frozen_at >= 3 * LEASE_SECONDS, "three leases")
        sleeper.signal(signal.SIGCONT)
        # Its last words are heard, and refused, before it ends.
        self.assertEqual(sleeper.terminate(), 0, sleeper.last_output())
        self.check_holders(numbers)
        self.ledger.open_up_to(EVERY_ATTEMPT)
        wait_until(lambda: set(self.status_counts()) == {"COMPLETED"}, "all are done")
        self.assertEqual(other.terminate(), 0, other.last_output())

    def check_holders(self, numbers):
        """The second attempts still run: nothing that the sleeper said has ended or taken one."""
        running = self.store.rows("SELECT attempt FROM tasks WHERE status = 'PROCESSING'")
        self.assertEqual([row["attempt"] for row in running], [2] * len(numbers))
        statuses = self.store.rows("SELECT status, count(*) AS n FROM task_executions "
                                   "WHERE attempt = 1 GROUP BY status")
        self.assertEqual(len(statuses), 1)
        self.assertEqual(statuses[0]["status"], "EXPIRED")


if __name__ == "__main__":
    main()
