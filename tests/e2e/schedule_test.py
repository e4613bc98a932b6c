"""Schedules: set by the command line and over HTTP, told alike by both, and making their tasks."""

import json

from harness.api import ApiCase
from harness.case import main
from harness.processes import wait_until

PATH = "/api/v1/schedules/every-second"
EVERY_SECOND = {"cron": "* * * * * *", "type": "NOOP", "payload": {"n": 1}}


class Schedules(ApiCase):
    def set(self, path=PATH, **fields):
        status, _, schedule = self.call("PUT", path, {**EVERY_SECOND, **fields})
        self.assertIn(status, (200, 201), schedule)
        return schedule

    def runs(self):
        # Microseconds on one engine and a time on the other: only their order counts here.
        return self.store.rows("SELECT schedule, task_id FROM task_schedule_runs")

    def actions(self):
        return [one["action"] for one in self.call("GET", "/api/v1/audit")[2]["items"]]

    def test_tasks_are_made_and_run(self):
        self.set()
        wait_until(lambda: self.status_counts().get("COMPLETED", 0) >= 4, "some have been done")
        self.call("POST", f"{PATH}/pause")
        schedule = self.call("GET", PATH)[2]
        self.assertEqual((schedule["paused"], schedule["next_at"]), (True, None))
        runs = self.runs()
        ids = {run["task_id"] for run in runs}
        self.assertNotIn(None, ids)
        self.assertEqual(len(ids), len(runs))
        tasks = self.call("GET", "/api/v1/tasks?limit=1000")[2]["items"]
        self.assertEqual({task["task_id"] for task in tasks}, ids)
        self.assertEqual({json.dumps(task["payload"]) for task in tasks}, {'{"n": 1}'})
        self.assertEqual(schedule["last_task_id"], max(ids))

    def test_both_ways_tell_the_same(self):
        self.product.run("schedule", "set", "mine", "--cron", "0 9 * * 1-5", "--timezone",
                         "America/Sao_Paulo", "--type", "NOOP", "--payload", '{"a": 1}',
                         "--overlap", "skip", "--missed", "all")
        shown = self.call("GET", "/api/v1/schedules/mine")[2]
        self.assertEqual(self.product.json("schedule", "show", "mine"), shown)
        self.assertEqual(self.product.json("schedule", "list"), [shown])
        self.assertEqual(self.call("GET", "/api/v1/schedules")[2]["items"], [shown])
        preview = self.call("GET", "/api/v1/schedules/mine/preview?count=7")[2]["items"]
        self.assertEqual(self.product.json("schedule", "preview", "mine", "--count", 7), preview)
        self.assertEqual(len(preview), 7)
        self.assertEqual(preview[0]["nominal_at"], shown["next_at"])
        for instant in preview:
            self.assertRegex(instant["local"], r"T09:00:00-03:00$")
        self.assertIn("America/Sao_Paulo", self.product.run("schedule", "list"))
        self.assertIn("T09:00:00-03:00", self.product.run("schedule", "preview", "mine"))

    def test_it_is_edited_live(self):
        first = self.set(cron="0 0 1 1 *")
        self.assertEqual(self.runs(), [])
        changed = self.set(cron="* * * * * *")
        self.assertEqual(changed["created_at"], first["created_at"])
        wait_until(self.runs, "the new rule is followed")
        status, _, _ = self.call("DELETE", PATH)
        self.assertEqual(status, 204)
        self.refused(404, "GET", PATH)
        made = len(self.runs())
        self.assertGreater(made, 0)
        self.assertEqual(self.store.rows("SELECT count(*) AS n FROM tasks")[0]["n"], made)

    def test_one_is_made_by_hand(self):
        self.set(cron="0 0 1 1 *")
        status, _, task = self.call("POST", f"{PATH}/run")
        self.assertEqual((status, task["type"], task["payload"]), (201, "NOOP", {"n": 1}))
        self.assertEqual(self.call("GET", PATH)[2]["last_task_id"], task["task_id"])
        self.assertEqual(self.product.json("schedule", "run", "every-second")["type"], "NOOP")
        self.assertEqual(self.runs(), [])

    def test_deeds_are_in_the_audit_trail(self):
        self.set(cron="0 0 1 1 *")
        for verb in ("run", "pause", "resume"):
            self.call("POST", f"{PATH}/{verb}")
        self.call("DELETE", PATH)
        self.assertEqual(self.actions()[::-1],
                         ["schedule.set", "schedule.run", "schedule.pause", "schedule.resume",
                          "schedule.delete"])
        self.product.run("schedule", "set", "mine", "--cron", "@daily", "--type", "NOOP")
        for verb in ("run", "pause", "resume", "delete"):
            self.product.run("schedule", verb, "mine")
        self.assertEqual(self.actions()[4::-1],
                         ["schedule.set", "schedule.run", "schedule.pause", "schedule.resume",
                          "schedule.delete"])
        entry = self.call("GET", "/api/v1/audit")[2]["items"][4]
        self.assertEqual(entry["target"], "mine")
        self.assertNotIn('{"n"', json.dumps(entry))

    def test_wrong_wishes_change_nothing(self):
        kept = self.set(cron="0 0 1 1 *")
        for status, fields in ((422, {"cron": "0 0 31 2 *"}), (422, {"cron": "* " * 100}),
                               (422, {"cron": "0-59/0 * * * *"}), (422, {"timezone": "../UTC"}),
                               (422, {"type": "NOBODY"}), (400, {"type": "no body"}),
                               (400, {"cron": "*" * 256}), (400, {"missed": "some"}),
                               (400, {"overlap": 1}), (400, {"missed_max": 0}),
                               (400, {"of_no_use": 1}), (400, {"tags": ["x" * 65]})):
            problem = self.refused(status, "PUT", PATH, fields)
            self.assertTrue(problem["errors"] if "errors" in problem else problem["detail"])
        now = self.call("GET", PATH)[2]
        self.assertEqual({**now, "lag_seconds": 0}, {**kept, "lag_seconds": 0})
        self.refused(422, "PUT", "/api/v1/schedules/new", {"cron": "@daily"})
        self.refused(400, "PUT", "/api/v1/schedules/a%20b", EVERY_SECOND)
        self.refused(404, "POST", "/api/v1/schedules/nobody/run")
        self.refused(400, "GET", f"{PATH}/preview?count=0")
        self.product.run("schedule", "set", "x", "--cron", "61 * * * *", "--type", "NOOP", status=2)
        self.product.run("schedule", "set", "x", "--type", "NOOP", status=2)
        self.product.run("schedule", "show", "nobody", status=3)


class Downtime(ApiCase):
    SERVE_OPTIONS = ("--no-worker",)

    def test_what_was_missed_is_made_up_as_the_policy_says(self):
        for policy in ("skip", "one", "all"):
            self.product.run("schedule", "set", policy, "--cron", "*/5 * * * * *", "--type", "NOOP",
                             "--missed", policy)
        self.assertEqual(self.serve.terminate(), 0)
        # As if nobody had looked for an hour.
        hour = "- 3600000000" if self.store.engine == "sqlite" else "- interval '1 hour'"
        us = "_us" if self.store.engine == "sqlite" else ""
        table = "task_schedules" if self.store.engine == "sqlite" else "esteira.task_schedules"
        runs = table.replace("schedules", "schedule_runs")
        self.store.execute(f"DELETE FROM {runs}")
        self.store.execute(f"UPDATE {table} SET handled_until{us} = handled_until{us} {hour}, "
                           f"look_at{us} = look_at{us} {hour}")
        self.start_serve()

        def made():
            rows = self.store.rows("SELECT schedule, count(*) AS n FROM task_schedule_runs "
                                   "GROUP BY schedule")
            return {row["schedule"]: row["n"] for row in rows}
        wait_until(lambda: len(made()) == 3, "each has moved on")
        for policy in ("skip", "one", "all"):
            self.product.run("schedule", "pause", policy)
        counts = made()
        # All: as many as missed_max lets be; the others what is on time, and with it one.
        self.assertGreaterEqual(counts["all"], 100)
        self.assertLess(counts["skip"], 100)
        self.assertLess(counts["one"], 100)


if __name__ == "__main__":
    main()
