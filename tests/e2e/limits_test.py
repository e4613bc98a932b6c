"""Limits, rates and order hold while workers are killed, as the history shows: never more at once
than a type and a flow allow, no faster than the rate, one after the other where that is asked for."""

import datetime
import random

from harness.case import OPTIONS, EndToEnd, main
from harness.ledger import Ledger
from harness.processes import wait_until

TASKS = 250
KILLS = 12
WORKERS = 8
AT_ONCE = 5
CUSTOMERS = 12


def time_of(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


class Limits(EndToEnd):
    def setUp(self):
        super().setUp()
        drawn = random.SystemRandom().getrandbits(32)
        self.seed = drawn if OPTIONS.seed is None else OPTIONS.seed
        print(f"SEED={self.seed}", flush=True)
        self.random = random.Random(self.seed)
        self.ledger = Ledger(work_seconds=(0.01, 0.06), seed=self.seed)
        self.addCleanup(self.ledger.close)
        self.product.configure("[processors.http_request]\nallow_private_addresses = true\n")
        self.workers = []

    def start_worker(self):
        return self.product.start("worker", "--types", "HTTP_REQUEST", "--concurrency", 4,
                                  "--lease-seconds", 1, "--max-crashes", 1000,
                                  "--poll-milliseconds", 100)

    def task(self, number):
        task = self.ledger.task(number)
        task["payload"]["body"]["customer"] = number % CUSTOMERS
        return task

    def ended(self):
        return self.store.rows("SELECT count(*) AS n FROM task_executions "
                               "WHERE status = 'COMPLETED'")[0]["n"]

    def run_through(self, *policy):
        """All tasks to their end, under blows."""
        self.product.run("type", "set", "HTTP_REQUEST", *policy)
        self.product.import_tasks(self.task(number) for number in range(OPTIONS.tasks))
        self.workers = [self.start_worker() for _ in range(WORKERS)]
        for i in range(OPTIONS.kills):
            share = (i + self.random.random()) / OPTIONS.kills * 0.95
            wait_until(lambda: self.ended() >= int(share * OPTIONS.tasks), "work goes on",
                       seconds=120)
            victim = self.random.randrange(WORKERS)
            self.workers[victim].kill()
            self.workers[victim] = self.start_worker()
        wait_until(lambda: self.ended() >= OPTIONS.tasks, "the end", seconds=300)
        for worker in self.workers:
            self.assertEqual(worker.terminate(), 0, worker.last_output())

    def spans(self):
        """When each attempt that a lease covered to its end did its work, by the ledger's clock: the
        place of its task in the order of creation, its customer, and from when to when."""
        ids = {row["task_id"]: place for place, row in
               enumerate(self.store.rows("SELECT task_id FROM tasks ORDER BY task_id"))}
        covered = {(row["task_id"], row["attempt"]) for row in self.store.rows(
            "SELECT task_id, attempt FROM task_executions WHERE status = 'COMPLETED'")}
        return [(ids[task_id], ids[task_id] % CUSTOMERS, begin, end)
                for (task_id, attempt), (begin, end) in self.ledger.spans().items()
                if (task_id, attempt) in covered]

    @staticmethod
    def most_at_once(spans):
        edges = sorted([(begin, 1) for *_, begin, _ in spans] + [(end, -1) for *_, end in spans])
        most = now = 0
        for _, step in edges:
            now += step
            most = max(most, now)
        return most

    def check_nothing_is_left(self):
        self.assertEqual(self.status_counts(), {"COMPLETED": OPTIONS.tasks})
        for table in ("task_slots", "task_queued", "task_leases"):
            self.assertEqual(self.store.rows(f"SELECT * FROM {table}"), [], table)

    def test_no_more_at_once_than_allowed_and_in_order(self):
        self.run_through("--concurrency", AT_ONCE, "--flow-key", "/body/customer",
                         "--flow-concurrency", 1, "--flow-ordered", "on")
        spans = self.spans()
        self.assertEqual(len(spans), OPTIONS.tasks)
        most = self.most_at_once(spans)
        self.assertLessEqual(most, AT_ONCE)
        overtaken = 0
        for customer in range(CUSTOMERS):
            own = sorted((span for span in spans if span[1] == customer), key=lambda span: span[2])
            self.assertLessEqual(self.most_at_once(own), 1)
            places = [place for place, *_ in own]
            overtaken += sum(later < earlier for earlier, later in zip(places, places[1:]))
        self.assertEqual(overtaken, 0)
        self.check_nothing_is_left()
        crashed = self.ended_rows() - OPTIONS.tasks
        print(f"{OPTIONS.tasks} tasks, {OPTIONS.kills} kills, {crashed} attempts lost with them: "
              f"at most {most} of {AT_ONCE} at once, 0 overtaken, 0 slots left", flush=True)

    def test_no_faster_than_the_rate(self):
        self.product.run("type", "set", "NOOP", "--rate", "40/s burst 5")
        self.product.import_tasks({"type": "NOOP", "payload": n} for n in range(120))
        workers = [self.product.start("worker", "--types", "NOOP", "--poll-milliseconds", 200)
                   for _ in range(3)]
        wait_until(lambda: self.ended() >= 120, "the end", seconds=60)
        for worker in workers:
            self.assertEqual(worker.terminate(), 0)
        starts = sorted(time_of(row["started_at"]) for row in
                        self.store.rows("SELECT started_at FROM task_executions"))
        # Over any stretch: the burst, and what the stretch brings.
        for i, first in enumerate(starts):
            for k in range(i, len(starts)):
                seconds = (starts[k] - first).total_seconds()
                # What was claimed together starts a little apart.
                self.assertLessEqual(k - i + 1, 5 + 40 * (seconds + 0.25) + 1)
        self.assertGreaterEqual((starts[-1] - starts[0]).total_seconds(), (120 - 5) / 40 - 0.5)


def add_options(parser):
    parser.add_argument("--tasks", type=int, default=TASKS)
    parser.add_argument("--kills", type=int, default=KILLS)
    parser.add_argument("--seed", type=int, help="repeats what was drawn, though not its timing")


if __name__ == "__main__":
    main(add_options)
