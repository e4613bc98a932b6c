"""A worker that is frozen for longer than its lease comes back to find its tasks taken: its
results are refused, and its heartbeats take nothing back."""

import time

from harness.account import Account
from harness.case import EndToEnd, main
from harness.ledger import Ledger
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

    def wait_for_executions(self, numbers, but=()):
        """Answers the executions, once each piece of work has one that is not among `but`."""
        def all_begun():
            entries = [entry for entry in self.ledger.entries()
                       if entry.number in numbers and entry not in but]
            return entries if {entry.number for entry in entries} == set(numbers) else None

        return wait_until(all_begun, "an execution of each task has begun")

    def test_what_a_frozen_worker_says_afterwards_is_refused(self):
        refused = 0
        for turn in range(ROUNDS):
            refused += self.freeze_once(range(turn * SLOTS, (turn + 1) * SLOTS))
        account = Account(self.store, self.ledger, range(ROUNDS * SLOTS), {})
        print(f"{ROUNDS} freezes, {refused} results refused: {account.figures()}", flush=True)
        self.assertEqual(account.faults, [])

    def freeze_once(self, numbers):
        self.ledger.hold()
        self.product.import_tasks(self.ledger.task(number) for number in numbers)
        sleeper = self.start_worker()
        done = self.wait_for_executions(numbers)
        sleeper.freeze()
        frozen_at = time.monotonic()
        # The answers wait for the sleeper in its sockets.
        self.ledger.hold(but=done)
        other = self.start_worker()
        self.wait_for_executions(numbers, but=done)
        wait_until(lambda: time.monotonic() - frozen_at >= 3 * LEASE_SECONDS, "three leases")
        sleeper.thaw()
        refused = self.wait_for_refusals(sleeper)
        self.check_nothing_ended(numbers)
        self.assertEqual(sleeper.terminate(), 0, sleeper.last_output())
        self.check_nothing_ended(numbers)
        self.ledger.release()
        wait_until(lambda: set(self.status_counts()) == {"COMPLETED"}, "all are done")
        self.assertEqual(other.terminate(), 0, other.last_output())
        return refused

    def wait_for_refusals(self, sleeper):
        """Each attempt that was taken from the sleeper is offered by it, and refused."""
        taken = self.store.rows("SELECT worker FROM task_executions WHERE status = 'EXPIRED' "
                                f"AND error_message LIKE '%-{sleeper.pid}-%'")
        self.assertNotEqual(taken, [])
        for row in taken:
            self.assertIn(f"-{sleeper.pid}-", row["worker"], "the row names who lost the lease")
        wait_until(lambda: sleeper.output().count('"stale"') >= len(taken), "all are refused")
        return len(taken)

    def check_nothing_ended(self, numbers):
        """The later executions are still held: whatever ended now would be the sleeper's word."""
        ended = self.store.rows("SELECT count(*) AS n FROM task_executions "
                                "WHERE status = 'COMPLETED'")[0]["n"]
        self.assertEqual(ended, numbers.start)


if __name__ == "__main__":
    main()
