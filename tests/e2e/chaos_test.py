"""Many kills of workers, and crashes of the database, while 10,000 tasks run: nothing is lost,
nothing stale is accepted, nothing stays behind. Counted by a ledger outside the product."""

import random
import time

from harness.account import Account, snapshot
from harness.case import OPTIONS, EndToEnd, main
from harness.ledger import Ledger
from harness.processes import wait_until

TASKS = 10_000
KILLS = 50
CRASHES = 10
WORKERS = 4
LEASE_SECONDS = 2
# How often the maintenance looks for ended leases, at most.
SCAN_SECONDS = 1
# What a busy machine may add before a quiet store counts as stuck.
SLACK_SECONDS = 30
# The exit status of a program that finds no database at its start.
UNREACHABLE = 4


class Chaos(EndToEnd):
    def setUp(self):
        super().setUp()
        drawn = random.SystemRandom().getrandbits(32)
        self.seed = drawn if OPTIONS.seed is None else OPTIONS.seed
        print(f"SEED={self.seed}", flush=True)
        self.random = random.Random(self.seed)
        self.tasks, self.kills = OPTIONS.tasks, OPTIONS.kills
        self.crashes = OPTIONS.crashes if self.store.engine == "postgresql" else 0
        self.ledger = Ledger(work_seconds=(0.005, 0.05), seed=self.seed)
        self.addCleanup(self.ledger.close)
        self.product.configure("[processors.http_request]\nallow_private_addresses = true\n")
        self.workers = []
        self.seen = {}

    def start_worker(self):
        return self.product.start("worker", "--types", "HTTP_REQUEST", "--concurrency", 10,
                                  "--lease-seconds", LEASE_SECONDS, "--max-crashes", 1000)

    def do_harm(self, kind):
        if kind == "crash":
            self.store.crash()
            return
        victim = self.random.randrange(WORKERS)
        self.workers[victim].kill()
        self.workers[victim] = self.start_worker()

    def supervise(self):
        """As a service manager does. A worker ends by itself only where the database was away
        during its start."""
        for i, worker in enumerate(self.workers):
            if worker.running():
                continue
            ended = (worker.wait(), " runs." in worker.output())
            self.assertEqual(ended, (UNREACHABLE, False), worker.last_output())
            self.workers[i] = self.start_worker()

    def wait_for_share(self, share):
        def is_reached():
            self.supervise()
            return self.ledger.begun() >= int(share * self.tasks * 0.95)

        wait_until(is_reached, f"work goes on to {share:.0%}", seconds=120, pause=0.005)

    def completed(self):
        return self.store.rows("SELECT count(*) AS n FROM task_executions "
                               "WHERE status = 'COMPLETED'")[0]["n"]

    def wait_for_quiet(self):
        """Until all is done, or nothing has moved for a lease and two scans."""
        patience = LEASE_SECONDS + 2 * SCAN_SECONDS + SLACK_SECONDS
        moved, moved_at = None, time.monotonic()

        def is_quiet():
            nonlocal moved, moved_at
            self.supervise()
            done = self.completed()
            if (done, len(self.ledger.entries())) != moved:
                moved, moved_at = (done, len(self.ledger.entries())), time.monotonic()
            return done >= self.tasks or time.monotonic() - moved_at > patience

        wait_until(is_quiet, "the end", seconds=600, pause=0.2)

    def test_kills_and_crashes_lose_nothing(self):
        self.product.import_tasks(self.ledger.task(number) for number in range(self.tasks))
        harm = ["kill"] * self.kills + ["crash"] * self.crashes
        self.random.shuffle(harm)
        self.workers = [self.start_worker() for _ in range(WORKERS)]
        # Spread over the work, not over time: each blow finds tasks running.
        for i, kind in enumerate(harm):
            self.wait_for_share((i + self.random.random()) / len(harm))
            self.do_harm(kind)
            if i % 10 == 9:
                self.seen.update(snapshot(self.store))
        self.wait_for_quiet()
        for worker in self.workers:
            self.assertEqual(worker.terminate(), 0, worker.last_output())
        self.reckon()

    def reckon(self):
        account = Account(self.store, self.ledger, range(self.tasks), self.seen)
        print(f"{self.tasks} tasks, {self.kills} kills, {self.crashes} database stops: "
              f"{account.figures()}", flush=True)
        self.assertEqual(account.faults[:20], [], f"{len(account.faults)} faults, SEED={self.seed}")
        self.assertEqual(account.duplicates, account.explained)
        self.assertEqual(self.store.rows("SELECT * FROM task_leases"), [])
        by_status = self.product.json("stats")["by_status"]
        self.assertEqual({name: n for name, n in by_status.items() if n}, self.status_counts())
        self.check_command_line()

    def check_command_line(self):
        """The command line says of the tasks with the longest history what SQL says."""
        worst = self.store.rows("SELECT task_id, max(attempt) AS attempt FROM task_executions "
                                "GROUP BY task_id ORDER BY 2 DESC, 1 LIMIT 10")
        for row in worst:
            executions = self.product.executions(row["task_id"])
            self.assertEqual([e["attempt"] for e in executions],
                             list(range(1, row["attempt"] + 1)))
            shown = self.product.show(row["task_id"])
            self.assertEqual((shown["status"], shown["attempt"], shown["retries"]),
                             ("COMPLETED", row["attempt"], 0))
            self.assertEqual(shown["crashes"],
                             sum(e["status"] == "EXPIRED" for e in executions))


def add_options(parser):
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--crashes", type=int, default=CRASHES, help="of PostgreSQL")
    parser.add_argument("--seed", type=int, help="repeats what was drawn, though not its timing")


if __name__ == "__main__":
    main(add_options)
