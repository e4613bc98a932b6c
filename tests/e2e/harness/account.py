"""Compares what the ledger saw with what the database says."""

import collections

from harness.store import as_json

# How an attempt may end without its task's end when only machines fail.
EXCUSES = ("EXPIRED", "INTERRUPTED")

_TASKS = "SELECT task_id, status, attempt, retries, payload FROM tasks WHERE type = 'HTTP_REQUEST'"
_ROWS = ("SELECT e.task_id, e.attempt, e.status, e.ends_task, e.result FROM task_executions e "
         "JOIN tasks t ON t.task_id = e.task_id WHERE t.type = 'HTTP_REQUEST'")


class Account:
    """`numbers`: the pieces of work that were ordered, one task each. `seen`: rows of
    task_executions, (task_id, attempt) -> status, as they stood at some moment before."""

    def __init__(self, store, ledger, numbers, seen):
        self.faults = []
        self.lost = self.stuck = self.stale = self.duplicates = self.explained = 0
        self._tasks = {row["task_id"]: row for row in store.rows(_TASKS)}
        self._rows = {(row["task_id"], row["attempt"]): row for row in store.rows(_ROWS)}
        self._entries = ledger.entries()
        self._attempts = collections.defaultdict(set)
        for task_id, attempt in self._rows:
            self._attempts[task_id].add(attempt)
        self._check_orders(numbers)
        for task in self._tasks.values():
            self._check_task(task)
        self._check_entries()
        self._check_history(seen)

    def _fault(self, text):
        self.faults.append(text)

    def _check_orders(self, numbers):
        held = collections.Counter(as_json(task["payload"])["body"]["number"]
                                   for task in self._tasks.values())
        for number in numbers:
            if held[number] != 1:
                self.lost += 1
                self._fault(f"work {number} has {held[number]} tasks")
        for number in set(numbers) - {entry.number for entry in self._entries}:
            self.lost += 1
            self._fault(f"work {number} was never done")

    def _check_task(self, task):
        task_id = task["task_id"]
        last = task["attempt"]
        if task["status"] != "COMPLETED":
            self.stuck += 1
            self._fault(f"task {task_id} is {task['status']}")
            return
        if self._attempts[task_id] != set(range(1, last + 1)):
            self._fault(f"task {task_id} claims {last} attempts, and has rows of "
                        f"{sorted(self._attempts[task_id])}")
        if task["retries"] != 0:
            self._fault(f"task {task_id} has used {task['retries']} retries")
        for attempt in sorted(self._attempts[task_id]):
            row = self._rows[(task_id, attempt)]
            if attempt == last:
                self._check_end(task_id, row)
            elif row["status"] not in EXCUSES or row["ends_task"]:
                self.stale += row["status"] == "COMPLETED"
                self._fault(f"task {task_id}: attempt {attempt} of {last} is {row['status']}")

    def _check_end(self, task_id, row):
        """The accepted result is the one that the accepted attempt was given."""
        if row["status"] != "COMPLETED" or not row["ends_task"]:
            self._fault(f"task {task_id}: its last attempt is {row['status']}")
            return
        result = as_json(row["result"])["body"]
        execution = result["execution"]
        entry = self._entries[execution] if execution < len(self._entries) else None
        if entry is None or (entry.task_id, entry.attempt) != (task_id, row["attempt"]):
            self.stale += 1
            self._fault(f"task {task_id}: attempt {row['attempt']} took the result of {entry}")

    def _check_entries(self):
        done = collections.Counter()
        last = {task["task_id"]: task["attempt"] for task in self._tasks.values()}
        for entry in self._entries:
            key = (entry.task_id, entry.attempt)
            done[key] += 1
            row = self._rows.get(key)
            if entry.attempt > last.get(entry.task_id, 0):
                self.stale += 1
                self._fault(f"task {key[0]}: attempt {key[1]} was done after the accepted end")
            if row is None:
                self._fault(f"task {key[0]}: attempt {key[1]} was done and has no row")
                continue
            if done[key] > 1:
                self._fault(f"task {key[0]}: attempt {key[1]} was done {done[key]} times")
                self.duplicates += 1
            elif row["status"] != "COMPLETED":
                self.duplicates += 1
                self.explained += row["status"] in EXCUSES

    def _check_history(self, seen):
        for key, status in seen.items():
            row = self._rows.get(key)
            if row is None or row["status"] != status:
                self.stale += 1
                self._fault(f"task {key[0]}: the row of attempt {key[1]} was {status} and is "
                            f"{row['status'] if row else 'gone'}")

    def figures(self):
        return (f"lost {self.lost}, stale accepted {self.stale}, stuck {self.stuck}, "
                f"duplicates {self.duplicates} ({self.explained} explained)")


def snapshot(store):
    """The ended attempts of now: rows that may never change."""
    return {(row["task_id"], row["attempt"]): row["status"]
            for row in store.rows("SELECT task_id, attempt, status FROM task_executions")}
