"""POST /tasks/bulk, GET /operations/{id} and `esteira task bulk`: one change of many tasks."""

import re

from harness.api import ApiCase
from harness.case import EndToEnd, main
from harness.processes import wait_until

FAR = "2100-01-01T00:00:00Z"
TASKS = 5_000


class Bulk(ApiCase):
    def import_later(self, count, **fields):
        self.product.import_tasks({"type": "NOOP", "payload": number, "scheduled_for": FAR, **fields}
                                  for number in range(count))

    def bulk(self, action, **filters):
        """The operation's id, and how many tasks it found."""
        status, headers, answer = self.call("POST", "/api/v1/tasks/bulk",
                                            {"action": action, "filter": filters})
        self.assertEqual(status, 202, answer)
        self.assertEqual(set(answer), {"operation_id", "matched"})
        return answer["operation_id"], answer["matched"]

    def operation(self, operation_id):
        status, _, operation = self.call("GET", f"/api/v1/operations/{operation_id}")
        self.assertEqual(status, 200, operation)
        return operation

    def ended(self, operation_id):
        return wait_until(lambda: (lambda seen: seen["status"] != "RUNNING" and seen)(
            self.operation(operation_id)), f"operation {operation_id} ends")

    def last_audit_entry(self):
        return self.call("GET", "/api/v1/audit?limit=1")[2]["items"][0]

    def listen_again(self):
        """The server was killed; another is started."""
        self.serve = self.product.start("serve", "--listen", "127.0.0.1:0", *self.SERVE_OPTIONS)
        found = wait_until(lambda: re.search(r"http://127\.0\.0\.1:(\d+)/", self.serve.output()),
                           "serve tells its address")
        self.port = int(found[1])
        wait_until(lambda: self.call("GET", "/readyz")[0] == 200, "serve is ready")

    def test_five_thousand_are_cancelled_while_the_progress_only_grows(self):
        self.import_later(TASKS, tags=["old"])
        kept = self.later()["task_id"]
        operation_id, matched = self.bulk("cancel", tag="old", status="PENDING", type="NOOP")
        self.assertEqual(matched, TASKS)
        seen = [self.operation(operation_id)]
        while seen[-1]["status"] == "RUNNING":
            seen.append(self.operation(operation_id))
        for name in ("done", "applied", "skipped", "updated_at"):
            values = [one[name] for one in seen]
            self.assertEqual(values, sorted(values), name)
        last = seen[-1]
        self.assertEqual(
            (last["status"], last["action"], last["done"], last["matched"], last["applied"],
             last["skipped"], last["error_message"]),
            ("COMPLETED", "cancel", TASKS, TASKS, TASKS, 0, None))
        self.assertEqual(last["filter"], {"tag": "old", "status": "PENDING", "type": "NOOP"})
        self.assertTrue(last["created_at"] <= last["completed_at"] == last["updated_at"])
        self.assertEqual(self.status_counts(), {"CANCELLED": TASKS, "PENDING": 1})
        self.assertEqual(self.show(kept)["status"], "PENDING")
        entry = self.last_audit_entry()
        self.assertEqual((entry["action"], entry["target"], entry["after"]),
                         ("task.bulk_cancel", str(operation_id),
                          {"filter": last["filter"], "matched": TASKS}))

    def test_retry_and_delete(self):
        self.import_later(3)
        self.ended(self.bulk("cancel")[0])
        running = self.ended(self.bulk("retry", status="CANCELLED")[0])
        self.assertEqual((running["applied"], running["skipped"]), (3, 0))
        # A person's retry is due at once.
        wait_until(lambda: self.status_counts() == {"COMPLETED": 3}, "the retried tasks ran")
        later = self.later()["task_id"]
        gone = self.ended(self.bulk("delete", status="COMPLETED")[0])
        self.assertEqual((gone["matched"], gone["applied"]), (3, 3))
        self.assertEqual([row["task_id"] for row in self.store.rows("SELECT task_id FROM tasks")],
                         [later])
        self.assertEqual(self.last_audit_entry()["action"], "task.bulk_delete")

    def test_one_that_fits_nothing_is_completed_at_once(self):
        operation_id, matched = self.bulk("delete", type="NOBODY")
        self.assertEqual(matched, 0)
        self.assertEqual(self.operation(operation_id)["status"], "COMPLETED")

    def test_a_wrong_call_is_refused_and_changes_nothing(self):
        self.later()
        problem = self.refused(400, "POST", "/api/v1/tasks/bulk",
                               {"action": "explode", "more": 1,
                                "filter": {"status": "NOPE", "created_after": "x", "oops": 1,
                                           "tag": None}})
        self.assertEqual({error["pointer"] for error in problem["errors"]},
                         {"/action", "/more", "/filter/status", "/filter/created_after",
                          "/filter/oops", "/filter/tag"})
        for body in ({"action": "delete"}, {"action": "delete", "filter": None},
                     {"action": "delete", "filter": []}, {"filter": {}}, {}, [], "{"):
            self.refused(400, "POST", "/api/v1/tasks/bulk", body)
        self.assertEqual(self.store.rows("SELECT * FROM task_operations"), [])
        for name in ("77", "x", "-1", "9" * 40):
            self.refused(404, "GET", f"/api/v1/operations/{name}")

    def test_a_server_that_is_killed_in_the_middle_is_taken_up_exactly(self):
        tasks = 10_000
        self.import_later(tasks)
        # Cancelled, retried, cancelled, … until the server is killed in the middle of one.
        for round_number in range(1, 21):
            operation_id, matched = self.bulk("cancel", type="NOOP")
            self.assertEqual(matched, tasks)
            seen = wait_until(lambda: (lambda one: one["done"] > 0 and one)(
                self.operation(operation_id)), "the operation is on its way", pause=0)
            if seen["status"] == "RUNNING":
                break
            self.call("POST", "/api/v1/types/NOOP/pause")
            self.ended(self.bulk("retry")[0])
        self.assertEqual(self.serve.kill(), -9)
        stood = self.store.rows("SELECT status, done FROM task_operations "
                                f"WHERE operation_id = {operation_id}")[0]
        self.assertEqual(stood["status"], "RUNNING", "killed in the middle")
        cancelled = self.status_counts()["CANCELLED"]
        self.assertEqual(cancelled, stood["done"], "the batches and the progress are one")
        self.assertTrue(0 < cancelled < tasks, cancelled)
        self.listen_again()
        ended = self.ended(operation_id)
        self.assertEqual((ended["status"], ended["done"], ended["applied"], ended["skipped"]),
                         ("COMPLETED", tasks, tasks, 0))
        self.assertEqual(self.status_counts(), {"CANCELLED": tasks})
        self.assertEqual(self.ended_rows(), tasks * round_number, "each task ended once a round")
        self.assertEqual(self.call("GET", "/api/v1/stats")[2]["by_status"]["CANCELLED"], tasks)


class CommandLine(EndToEnd):
    def setUp(self):
        super().setUp()
        self.product.import_tasks({"type": "NOOP", "payload": number, "scheduled_for": FAR}
                                  for number in range(1_200))

    def test_it_does_all_by_itself_when_it_shall_wait(self):
        operation = self.product.json("task", "bulk", "cancel", "--type", "NOOP", "--wait")
        self.assertEqual((operation["status"], operation["applied"]), ("COMPLETED", 1_200))
        self.assertEqual(self.status_counts(), {"CANCELLED": 1_200})
        text = self.product.run("task", "bulk", "delete", "--status", "CANCELLED",
                                "--created-before", FAR, "--wait")
        self.assertIn("COMPLETED", text)
        self.assertEqual(self.status_counts(), {})

    def test_what_it_starts_is_done_by_a_server_without_a_worker(self):
        operation = self.product.json("task", "bulk", "cancel", "--all")
        self.assertEqual((operation["status"], operation["matched"], operation["done"]),
                         ("RUNNING", 1_200, 0))
        self.product.start("serve", "--no-worker", "--listen", "127.0.0.1:0")
        wait_until(lambda: self.status_counts() == {"CANCELLED": 1_200}, "the server has done it")

    def test_what_is_not_said_clearly_is_refused(self):
        for arguments in ((), ("explode", "--all"), ("delete",), ("delete", "--all", "--tag", "x"),
                          ("delete", "--status", "NOPE"), ("delete", "--created-after", "x")):
            self.product.run("task", "bulk", *arguments, status=2)
        self.assertEqual(self.status_counts(), {"PENDING": 1_200})
        self.assertEqual(self.store.rows("SELECT * FROM task_operations"), [])


if __name__ == "__main__":
    main()
