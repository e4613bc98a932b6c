"""PATCH /tasks/{id} and `esteira task edit`: a waiting task becomes another."""

import hashlib

from harness.api import ApiCase
from harness.case import main
from harness.processes import wait_until


def sha256_of(text):
    return {"sha256": hashlib.sha256(text.encode()).hexdigest()}


class Edit(ApiCase):
    def patch(self, task_id, **fields):
        status, _, task = self.call("PATCH", f"/api/v1/tasks/{task_id}", fields)
        self.assertEqual(status, 200, task)
        return task

    def refused_edit(self, status, task_id, body):
        return self.refused(status, "PATCH", f"/api/v1/tasks/{task_id}", body)

    def last_audit_entry(self):
        return self.call("GET", "/api/v1/audit?limit=1")[2]["items"][0]

    def result_of(self, task_id):
        wait_until(lambda: self.show(task_id)["status"] == "COMPLETED", "the task is done")
        return self.show(task_id)["result"]

    def test_each_field_is_changed_and_the_others_stay(self):
        task = self.later(priority=1, tags=["a"], unique_key="k")
        for change in ({"priority": 7}, {"payload": {"b": [1, None]}},
                       {"scheduled_for": "2101-02-03T04:05:06Z"}, {"tags": ["x", "y"]},
                       {"tags": []}, {"payload": None}):
            edited = self.patch(task["task_id"], **change)
            self.assertEqual(self.show(task["task_id"]), edited)
            self.assertTrue(edited["updated_at"])
            self.assertEqual(edited, {**task, **change, "updated_at": edited["updated_at"]})
            task = edited
        self.assertEqual(self.store.rows("SELECT * FROM task_tags"), [])

    def test_a_task_that_is_made_due_runs_with_its_new_payload(self):
        task = self.later()
        edited = self.patch(task["task_id"], payload={"new": True}, scheduled_for=None)
        self.assertIsNone(edited["scheduled_for"])
        self.assertEqual(self.result_of(task["task_id"]), {"new": True})

    def test_the_trail_has_what_was_and_what_is_and_no_payload(self):
        task = self.later(priority=1, tags=["a"], payload={"secret": "s3cret"})
        self.patch(task["task_id"], priority=2, payload={"secret": "n3w"}, tags=["a"])
        entry = self.last_audit_entry()
        self.assertEqual((entry["action"], entry["target"], entry["actor"]),
                         ("task.edit", str(task["task_id"]), "loopback"))
        self.assertEqual(entry["before"],
                         {"priority": 1, "payload": sha256_of('{"secret":"s3cret"}')})
        self.assertEqual(entry["after"], {"priority": 2, "payload": sha256_of('{"secret":"n3w"}')})

    def test_what_does_not_wait_is_409(self):
        ended = self.create()["task_id"]
        self.result_of(ended)
        cancelled = self.later()["task_id"]
        self.call("POST", f"/api/v1/tasks/{cancelled}/cancel")
        for task_id in (ended, cancelled):
            before = self.show(task_id)
            problem = self.refused_edit(409, task_id, {"priority": 1})
            self.assertTrue(problem["type"].endswith("/wrong-status"))
            self.assertEqual(self.show(task_id), before)

    def test_what_is_not_there_is_404(self):
        for task_id in (77, "x", -1, "9" * 40):
            self.refused_edit(404, task_id, {"priority": 1})

    def test_a_wrong_body_is_400_and_changes_nothing(self):
        task = self.later()
        problem = self.refused_edit(400, task["task_id"],
                                    {"priority": "x", "status": "FAILED", "tags": [1],
                                     "scheduled_for": "tomorrow"})
        self.assertEqual({error["pointer"] for error in problem["errors"]},
                         {"/priority", "/status", "/tags/0", "/scheduled_for"})
        for body in ({}, [], 1, "{", {"priority": None}, {"tags": None}, {"priority": 40_000},
                     {"tags": [""]}, {"tags": ["x"] * 17}, {"unique_key": "k"},
                     {"max_retries": 1}, {"scheduled_for": "1066-10-14T00:00:00Z"}):
            self.refused_edit(400, task["task_id"], body)
        self.assertEqual(self.show(task["task_id"]), task)

    def test_a_payload_that_the_type_refuses_is_422(self):
        self.product.run("type", "set", "PICKY", "--schema", '{"required": ["id"]}')
        task = self.later(type="PICKY", payload={"id": 1})
        problem = self.refused_edit(422, task["task_id"], {"payload": {}})
        self.assertTrue(problem["type"].endswith("/payload-refused"))
        self.assertTrue(problem["errors"][0]["pointer"].startswith("/payload"))
        self.assertEqual(self.show(task["task_id"]), task)
        request = self.later(type="HTTP_REQUEST", payload={"url": "https://example.com"})
        problem = self.refused_edit(422, request["task_id"], {"payload": {"url": "no address"}})
        self.assertTrue(problem["type"].endswith("/payload-refused"))

    def test_a_payload_over_the_limit_is_413(self):
        task_id = self.later()["task_id"]
        self.refused_edit(413, task_id, {"payload": "x" * (1024 * 1024 - 1)})
        self.patch(task_id, payload="x" * (1024 * 1024 - 2))

    def test_the_command_line_edits_alike(self):
        task_id = self.later(tags=["a"])["task_id"]
        edited = self.product.json("task", "edit", task_id, "--priority", 4, "--payload", "[2]",
                                   "--tag", "b", "--tag", "c",
                                   "--scheduled-for", "2102-01-01T00:00:00Z")
        self.assertEqual(edited, self.show(task_id))
        self.assertEqual((edited["priority"], edited["payload"], edited["tags"]),
                         (4, [2], ["b", "c"]))
        self.assertEqual(edited["scheduled_for"], "2102-01-01T00:00:00Z")
        entry = self.last_audit_entry()
        self.assertEqual((entry["action"], entry["before"]["tags"], entry["after"]["tags"]),
                         ("task.edit", ["a"], ["b", "c"]))
        self.assertEqual(self.product.json("task", "edit", task_id, "--no-tags")["tags"], [])
        self.product.run("task", "edit", task_id, status=2)
        self.product.run("task", "edit", task_id, "--tag", "x", "--no-tags", status=2)
        self.product.run("task", "edit", task_id, "--scheduled-for", "soon", status=2)
        self.product.run("task", "edit", 4242, "--priority", 1, status=3)
        self.product.run("task", "edit", task_id, "--scheduled-for", "now")
        self.assertEqual(self.result_of(task_id), [2])
        self.product.run("task", "edit", task_id, "--priority", 1, status=1)


if __name__ == "__main__":
    main()
