"""The account that the other tests rely on finds each offence."""

import unittest

from harness.account import Account
from harness.ledger import Entry

TASK = {"task_id": 1, "status": "COMPLETED", "attempt": 2, "retries": 0,
        "payload": {"body": {"number": 0}}}
ENTRIES = [Entry(execution=0, number=0, task_id=1, attempt=1),
           Entry(execution=1, number=0, task_id=1, attempt=2)]


def make_row(attempt, status, execution=None):
    return {"task_id": 1, "attempt": attempt, "status": status,
            "ends_task": status == "COMPLETED", "result": {"body": {"execution": execution}}}


EXPIRED = make_row(1, "EXPIRED")
COMPLETED = make_row(2, "COMPLETED", execution=1)


class Store:
    def __init__(self, tasks, rows):
        self._tasks, self._rows = tasks, rows

    def rows(self, sql):
        return self._tasks if "payload" in sql else self._rows


class Book:
    def __init__(self, entries):
        self._entries = entries

    def entries(self):
        return self._entries


def reckon(tasks=(TASK,), rows=(EXPIRED, COMPLETED), entries=tuple(ENTRIES), seen=None):
    return Account(Store(tasks, rows), Book(entries), [0], seen or {})


class Bites(unittest.TestCase):
    def test_a_clean_account_has_one_explained_duplicate(self):
        account = reckon()
        self.assertEqual(account.faults, [])
        self.assertEqual(account.figures(),
                         "lost 0, stale accepted 0, stuck 0, duplicates 1 (1 explained)")

    def test_a_lost_task_is_found(self):
        self.assertGreater(reckon(tasks=(), rows=(), entries=()).lost, 0)

    def test_a_task_that_never_ended_is_found(self):
        self.assertEqual(reckon(tasks=({**TASK, "status": "PENDING"},)).stuck, 1)

    def test_the_result_of_an_earlier_attempt_is_found(self):
        self.assertEqual(reckon(rows=(EXPIRED, make_row(2, "COMPLETED", execution=0))).stale, 1)

    def test_a_second_end_is_found(self):
        self.assertEqual(reckon(rows=(make_row(1, "COMPLETED", execution=0), COMPLETED)).stale, 1)

    def test_an_end_that_was_overtaken_is_found(self):
        account = reckon(tasks=({**TASK, "attempt": 1},),
                         rows=(make_row(1, "COMPLETED", execution=0),))
        self.assertEqual(account.stale, 1)

    def test_a_row_that_changed_is_found(self):
        self.assertEqual(reckon(seen={(1, 1): "INTERRUPTED"}).stale, 1)

    def test_an_attempt_without_a_row_is_found(self):
        self.assertNotEqual(reckon(rows=(COMPLETED,)).faults, [])

    def test_an_attempt_that_was_done_twice_is_not_explained(self):
        account = reckon(entries=(*ENTRIES, Entry(execution=2, number=0, task_id=1, attempt=2)))
        self.assertGreater(account.duplicates, account.explained)
        self.assertNotEqual(account.faults, [])


if __name__ == "__main__":
    unittest.main()
