"""SQLite only: several processes on one file at the same time."""

from harness.case import EndToEnd, main
from harness.processes import wait_until

TASKS = 20_000
WORKERS = 2


class Sharing(EndToEnd):
    def test_two_workers_and_the_command_line_write_one_file(self):
        self.product.import_tasks({"type": "NOOP", "payload": {"number": number}}
                                  for number in range(TASKS))
        workers = [self.product.start("worker", "--types", "NOOP", "--poll-milliseconds", 20)
                   for _ in range(WORKERS)]
        ended = self.write_until_drained()
        for worker in workers:
            self.assertEqual(worker.terminate(), 0, worker.last_output())
        completed, cancelled = TASKS + ended["created"], ended["cancelled"]
        self.assertEqual(self.status_counts(), {"COMPLETED": completed, "CANCELLED": cancelled})
        self.assertEqual(self.ended_rows(), completed + cancelled)
        self.assertEqual(self.store.rows("PRAGMA integrity_check"), [{"integrity_check": "ok"}])

    def write_until_drained(self):
        ended = {"created": 0, "cancelled": 0}

        def write():
            self.product.create("NOOP", {"by": "hand"})
            ended["created"] += 1
            later = self.product.create("NOOP", {}, "--scheduled-for", "+1h")
            self.product.run("task", "cancel", later)
            ended["cancelled"] += 1
            self.product.run("type", "set", "NOOP", "--description", f"turn {ended['created']}")
            counts = self.status_counts()
            return ended["created"] >= 20 and set(counts) == {"COMPLETED", "CANCELLED"}

        wait_until(write, "all are done", pause=0)
        return ended


if __name__ == "__main__":
    main()
