"""What the retention exports: the same as was shown before, whole files, and never a task that is gone and
in none of them.

--kills N: how many programs are killed while they export (default: 12).
"""

import json
import os
import random
import stat
import subprocess
import time

from harness.case import OPTIONS, EndToEnd, main
from harness.processes import wait_until

TASKS = 400
ROUND = ("prune", "--completed-older", "0s", "--failed-older", "0s", "--export")


def lines_of(path):
    text = subprocess.run(["zstd", "-dc", path], check=True, capture_output=True).stdout
    return [json.loads(line) for line in text.splitlines()]


class Export(EndToEnd):
    def setUp(self):
        super().setUp()
        self.folder = os.path.join(self.directory, "history")
        os.mkdir(self.folder)

    def files(self):
        return [os.path.join(self.folder, name) for name in sorted(os.listdir(self.folder))
                if not name.startswith(".")]

    def exported(self):
        return [task for path in self.files() for task in lines_of(path)]

    def make(self, count):
        path = os.path.join(self.directory, "tasks.ndjson")
        with open(path, "w", encoding="utf-8") as file:
            for number in range(count):
                file.write(json.dumps({"type": "NOOP", "payload": {"number": number, "text": "é" * 40},
                                       "tags": ["even"] if number % 2 == 0 else []}) + "\n")
        self.product.run("task", "import", path)
        self.product.run("worker", "--drain")

    def prune(self):
        return json.loads(self.product.run(*ROUND, self.folder, "--json"))

    def test_a_line_is_what_was_shown_of_its_task_and_its_attempts(self):
        self.make(5)
        ids = [row["task_id"] for row in self.store.rows("SELECT task_id FROM tasks")]
        before = {task_id: (self.product.show(task_id), self.product.executions(task_id))
                  for task_id in ids}
        self.assertEqual(self.prune()["pruned"], 5)
        path, = self.files()
        self.assertEqual(stat.S_IMODE(os.stat(path).st_mode) & 0o007, 0)
        self.assertEqual(sorted(task["task_id"] for task in lines_of(path)), sorted(ids))
        for task in lines_of(path):
            shown, executions = before[task["task_id"]]
            self.assertEqual(task["executions"], executions)
            self.assertEqual({key: task[key] for key in shown}, shown)
        self.assertEqual(self.status_counts(), {})

    def test_a_program_that_is_killed_while_it_exports_loses_no_task(self):
        chance = random.Random(20260402)
        ids, cut, done = set(), 0, 0
        for _ in range(OPTIONS.kills):
            self.make(100)
            before = {row["task_id"] for row in self.store.rows("SELECT task_id FROM tasks")}
            ids |= before
            program = self.product.start(*ROUND, self.folder)
            moment = time.time() + chance.uniform(0, 0.1)
            wait_until(lambda moment=moment: time.time() >= moment, "its moment", pause=0.001)
            program.kill()
            left = {row["task_id"] for row in self.store.rows("SELECT task_id FROM tasks")}
            cut, done = cut + (left == before), done + (left != before)
            kept = {task["task_id"] for task in self.exported()}  # every file is whole
            self.assertEqual(ids - left - kept, set())
        print(f"{OPTIONS.kills} programs killed: {cut} before their commit, {done} after it")
        self.prune()
        self.assertEqual({task["task_id"] for task in self.exported()}, ids)
        self.assertEqual(self.status_counts(), {})

    def test_a_disk_that_is_full_stops_the_retention_and_deletes_nothing(self):
        self.make(TASKS)
        made = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "tmpfs", self.folder],
                              capture_output=True, check=False)
        if made.returncode != 0:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", self.folder], check=False)
        program = self.product.start(*ROUND, self.folder)
        self.assertEqual(program.wait(), 1)
        self.assertIn("No space left", program.output())
        self.assertEqual(os.listdir(self.folder), [])
        self.assertEqual(self.status_counts(), {"COMPLETED": TASKS})
        subprocess.run(["mount", "-o", "remount,size=16m", self.folder], check=True)
        self.assertEqual(self.prune()["pruned"], TASKS)
        self.assertEqual(len(self.exported()), TASKS)


def options(parser):
    parser.add_argument("--kills", type=int, default=12)


if __name__ == "__main__":
    main(options)
