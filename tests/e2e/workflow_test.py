"""Tasks that depend on each other, and batches: made by the command line and over HTTP, run by
workers that are killed in between."""

from harness.api import ApiCase
from harness.case import main
from harness.processes import wait_until

WAITS = {"type": "NOOP", "payload": {}, "scheduled_for": "+1h"}


class Workflows(ApiCase):
    SERVE_OPTIONS = (*ApiCase.SERVE_OPTIONS, "--lease-seconds", 3)

    def made(self, **fields):
        status, _, task = self.call("POST", "/api/v1/tasks",
                                    {"type": "NOOP", "payload": {}, **fields})
        self.assertEqual(status, 201, task)
        return task["task_id"]

    def status(self, task_id):
        return self.call("GET", f"/api/v1/tasks/{task_id}")[2]["status"]

    def batch(self, batch_id):
        return self.call("GET", f"/api/v1/batches/{batch_id}")[2]

    def due(self, task_id):
        self.assertEqual(self.call("PATCH", f"/api/v1/tasks/{task_id}", {"scheduled_for": None})[0],
                         200)

    def test_a_diamond_of_one_call_runs_in_its_order(self):
        tasks = [{"type": "NOOP", "payload": {}, "ref": "end", "depends_on": ["left", "right"]},
                 {"type": "NOOP", "payload": {}, "ref": "left", "depends_on": ["begin"]},
                 {"type": "NOOP", "payload": {}, "ref": "right", "depends_on": ["begin"]},
                 {**WAITS, "ref": "begin"}]
        ids = self.call("POST", "/api/v1/tasks/batch", {"tasks": tasks})[2]["task_ids"]
        end, left, right, begin = ids
        shown = self.call("GET", f"/api/v1/tasks/{end}")[2]
        self.assertEqual((shown["status"], shown["depends_on"]), ("PENDING", [left, right]))
        self.due(begin)
        wait_until(lambda: self.status(end) == "COMPLETED", "the end is reached")
        began = {task_id: self.call("GET", f"/api/v1/tasks/{task_id}")[2] for task_id in ids}
        for parent, child in ((begin, left), (begin, right), (left, end), (right, end)):
            self.assertLessEqual(began[parent]["completed_at"], began[child]["started_at"])

    def test_what_can_not_be_is_refused_by_its_place(self):
        def refused(tasks, pointer, words):
            status, _, problem = self.call("POST", "/api/v1/tasks/batch", {"tasks": tasks})
            self.assertEqual(status, 400, problem)
            self.assertEqual(problem["errors"][0]["pointer"], f"/tasks{pointer}")
            self.assertIn(words, problem["errors"][0]["message"])

        noop = {"type": "NOOP", "payload": {}}
        refused([{**noop, "ref": "a", "depends_on": ["b"]}, {**noop, "ref": "b", "depends_on": ["a"]}],
                "/0/depends_on", "circle: a, b, a")
        refused([{**noop, "ref": "a", "depends_on": ["a"]}], "/0/depends_on", "circle: a, a")
        refused([noop, {**noop, "depends_on": ["x"]}], "/1/depends_on/0", "no task of the call")
        refused([{**noop, "ref": "a"}, {**noop, "ref": "a"}], "/1/ref", "two tasks")
        refused([noop, {**noop, "depends_on": [987654321]}], "/1/depends_on/0", "no task 987654321")
        for wrong in (["a"], [987654321], [0], [1.5]):
            status, _, problem = self.call("POST", "/api/v1/tasks", {**noop, "depends_on": wrong})
            self.assertEqual((status, problem["errors"][0]["pointer"]), (400, "/depends_on/0"))
        self.assertEqual(self.status_counts(), {})

    def test_a_parent_that_is_cancelled_ends_what_needs_it_and_no_more(self):
        parent = self.made(**{**WAITS, "batch_id": "b"})
        strict = self.made(depends_on=[parent], batch_id="b")
        deeper = self.made(depends_on=[strict], batch_id="b")
        tolerant = self.made(depends_on=[parent], dependency_rule="ended", batch_id="b")
        forgiving = self.made(depends_on=[parent], on_parent_failure="run", batch_id="b")
        self.call("POST", f"/api/v1/tasks/{parent}/cancel")
        wait_until(lambda: self.status(deeper) == "CANCELLED", "it reaches the last")
        self.assertEqual(self.status(strict), "CANCELLED")
        shown = self.call("GET", f"/api/v1/tasks/{deeper}")[2]
        self.assertEqual(shown["error_message"], "a task that it depends on did not complete")
        for task_id in (tolerant, forgiving):
            wait_until(lambda: self.status(task_id) == "COMPLETED", "it runs nonetheless")
        late = self.made(depends_on=[parent])
        wait_until(lambda: self.status(late) == "CANCELLED", "one that comes later learns of it")
        # Whole, again: those that were cancelled wait and run.
        status, _, change = self.call("POST", "/api/v1/batches/b/retry")
        self.assertEqual((status, change["applied"]), (200, 3))
        wait_until(lambda: self.batch("b")["completed"] == 5, "all have completed")

    def test_a_batch_by_the_command_line(self):
        made = self.product.json("batch", "create", "night", "--finish-type", "NOOP",
                                 "--finish-payload", '{"report": 1}')
        parent = self.product.json("task", "create", "NOOP", "--batch-id", "night",
                                   "--scheduled-for", "+1h")["task_id"]
        child = self.product.json("task", "create", "NOOP", "--batch-id", "night", "--depends-on",
                                  parent)
        self.assertEqual((child["depends_on"], child["batch_id"]), ([parent], "night"))
        listed = self.product.json("task", "list", "--batch-id", "night")
        self.assertEqual([task["task_id"] for task in listed], [child["task_id"], parent])
        self.assertIn("pending", self.product.run("batch", "show", "night"))
        self.product.run("batch", "close", "night")
        self.assertEqual(self.status(made["finish_task_id"]), "PENDING")
        self.due(parent)
        wait_until(lambda: self.status(made["finish_task_id"]) == "COMPLETED", "it finishes")
        shown = self.product.json("batch", "show", "night")
        self.assertEqual((shown["completed"], shown["pending"]), (2, 0))
        self.assertEqual(shown, self.batch("night"))
        done = self.product.json("batch", "retry", "night")
        self.assertEqual(done["applied"], 0)
        done = self.product.json("batch", "cancel", "night")
        self.assertEqual((done["applied"], done["requested"]), (0, 0))
        actions = [one["action"] for one in self.call("GET", "/api/v1/audit")[2]["items"]]
        for action in ("batch.create", "batch.close", "batch.retry", "batch.cancel"):
            self.assertIn(action, actions)

    def test_kills_in_the_middle_lose_no_task_of_a_large_workflow(self):
        """400 trees of a root, two leaves and a join, their workers killed meanwhile."""
        noop = {"type": "NOOP", "payload": {}, "batch_id": "trees"}
        self.call("POST", "/api/v1/batches", {"batch_id": "trees",
                                              "finish": {"type": "NOOP", "payload": {}}})
        tasks = []
        for tree in range(400):
            tasks += [{**noop, "ref": f"root{tree}"},
                      {**noop, "ref": f"left{tree}", "depends_on": [f"root{tree}"]},
                      {**noop, "ref": f"right{tree}", "depends_on": [f"root{tree}"]},
                      {**noop, "depends_on": [f"left{tree}", f"right{tree}"]}]
        status, _, answer = self.call("POST", "/api/v1/tasks/batch", {"tasks": tasks})
        self.assertEqual(status, 201, answer)
        self.call("POST", "/api/v1/batches/trees/close")
        for kill in range(1, 6):
            wait_until(lambda: self.batch("trees")["completed"] >= kill * 100, "some have ended")
            self.serve.kill()
            self.start_serve()
        wait_until(lambda: self.batch("trees")["finished_at"], "the batch finishes", 120)
        batch = self.batch("trees")
        self.assertEqual((batch["completed"], batch["total"]), (1600, 1600))
        finish = batch["finish_task_id"]
        wait_until(lambda: self.status(finish) == "COMPLETED", "its finish task runs")
        for table in ("task_dependencies", "task_blocked", "task_ends"):
            wait_until(lambda: self.store.rows(f"SELECT count(*) AS n FROM {table}")[0]["n"] == 0,
                       f"{table} is empty")
        early = self.store.rows(
            "SELECT count(*) AS n FROM task_executions e JOIN task_executions f"
            f" ON f.task_id = {finish} WHERE e.task_id <> {finish}"
            " AND e.status = 'COMPLETED' AND e.completed_at > f.started_at")
        self.assertEqual(early[0]["n"], 0)


if __name__ == "__main__":
    main()
