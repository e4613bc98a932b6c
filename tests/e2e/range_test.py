"""Ranges of ids on PostgreSQL, by the program: made by who runs, dropped by `prune` with all that is in them.
"""

import json

from harness.case import EndToEnd, main
from harness.processes import wait_until

WIDTH = 100
FIRST = 10_000_000


class Ranges(EndToEnd):
    def count(self, relation):
        return self.store.rows(f"SELECT count(*) AS n FROM esteira.{relation}")[0]["n"]

    def run_tasks(self, count):
        self.product.import_tasks([{"type": "NOOP", "payload": {"n": n}, "tags": ["t"]}
                                   for n in range(count)])
        wait_until(lambda: self.status_counts().keys() == {"COMPLETED"}, "all tasks have ended")

    def age(self, days):
        """Whatever there is was made and ended so much earlier."""
        earlier = f"- interval '{days} days'"
        self.store.execute(f"UPDATE esteira.task_requests SET created_at = created_at {earlier}")
        self.store.execute("UPDATE esteira.task_executions SET started_at = started_at "
                           f"{earlier}, completed_at = completed_at {earlier}")

    def test_old_ranges_are_dropped_and_work_goes_on(self):
        self.store.execute(f"UPDATE esteira.meta SET value = {WIDTH} WHERE key = 'range_width'")
        self.store.execute(f"SELECT setval('esteira.task_ids', {FIRST - 1})")
        worker = self.product.start("worker")
        wait_until(lambda: self.count("task_ranges") == 2, "the next range is made")
        self.run_tasks(WIDTH)
        wait_until(lambda: self.count("task_ranges") == 3, "and the one after it")
        self.run_tasks(5)
        self.assertEqual(self.count(f"task_requests_{FIRST + WIDTH}"), WIDTH)
        self.assertEqual(self.count("task_requests_rest"), 0)
        # Its own retention must not come first.
        self.assertEqual(worker.terminate(), 0)
        self.age(91)
        pruned = json.loads(self.product.run("prune", "--json"))
        self.assertEqual(pruned["pruned"], WIDTH + 5)
        self.assertEqual(pruned["dropped"], WIDTH)
        self.assertEqual(self.status_counts(), {})
        for table in ("task_requests", "task_executions", "task_tags"):
            self.assertEqual(self.count(table), 0)
        self.product.start("worker")
        self.run_tasks(3)
        self.assertEqual(self.status_counts(), {"COMPLETED": 3})


if __name__ == "__main__":
    main()
