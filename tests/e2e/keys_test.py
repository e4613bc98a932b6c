"""Keys over HTTP: who may ask what, and what the audit trail says of it."""

import http.client

from harness.api import ApiCase
from harness.case import main
from harness.processes import wait_until

SCOPES = ("tasks:read", "tasks:write", "work", "metrics", "admin")
# Every route and the scope that it needs; None: open to all.
ROUTES = (
    ("GET", "/healthz", None), ("GET", "/readyz", None), ("GET", "/openapi.json", None),
    ("GET", "/docs", None), ("GET", "/docs/style.css", None),
    ("POST", "/api/v1/tasks", "tasks:write"), ("POST", "/api/v1/tasks/batch", "tasks:write"),
    ("GET", "/api/v1/tasks", "tasks:read"), ("GET", "/api/v1/tasks/1", "tasks:read"),
    ("GET", "/api/v1/tasks/1/executions", "tasks:read"),
    ("GET", "/api/v1/tasks/1/log", "tasks:read"),
    ("POST", "/api/v1/tasks/1/cancel", "tasks:write"),
    ("POST", "/api/v1/tasks/1/retry", "tasks:write"), ("DELETE", "/api/v1/tasks/1", "tasks:write"),
    ("PATCH", "/api/v1/tasks/1", "tasks:write"), ("POST", "/api/v1/tasks/bulk", "tasks:write"),
    ("GET", "/api/v1/operations/1", "tasks:write"),
    ("GET", "/api/v1/types", "tasks:read"), ("GET", "/api/v1/types/NOOP", "tasks:read"),
    ("PUT", "/api/v1/types/NOOP", "admin"), ("POST", "/api/v1/types/NOOP/pause", "admin"),
    ("POST", "/api/v1/types/NOOP/resume", "admin"),
    ("POST", "/api/v1/batches", "tasks:write"), ("GET", "/api/v1/batches/x", "tasks:read"),
    ("POST", "/api/v1/batches/x/close", "tasks:write"),
    ("POST", "/api/v1/batches/x/cancel", "tasks:write"),
    ("POST", "/api/v1/batches/x/retry", "tasks:write"),
    ("GET", "/api/v1/schedules", "tasks:read"), ("GET", "/api/v1/schedules/x", "tasks:read"),
    ("PUT", "/api/v1/schedules/x", "admin"), ("DELETE", "/api/v1/schedules/x", "admin"),
    ("POST", "/api/v1/schedules/x/run", "admin"), ("POST", "/api/v1/schedules/x/pause", "admin"),
    ("POST", "/api/v1/schedules/x/resume", "admin"),
    ("GET", "/api/v1/schedules/x/preview", "tasks:read"),
    ("GET", "/api/v1/stats", "tasks:read"), ("GET", "/api/v1/workers", "tasks:read"),
    ("GET", "/api/v1/events?last_event_id=x", "tasks:read"),
    ("POST", "/api/v1/workers", "work"), ("DELETE", "/api/v1/workers/x", "work"),
    ("POST", "/api/v1/workers/x/quiet", "admin"), ("POST", "/api/v1/workers/x/stop", "admin"),
    ("POST", "/api/v1/work/claim", "work"), ("POST", "/api/v1/work/heartbeat", "work"),
    ("POST", "/api/v1/work/report", "work"),
    ("POST", "/api/v1/session", None), ("DELETE", "/api/v1/session", None),
    ("GET", "/api/v1/keys", "admin"), ("POST", "/api/v1/keys", "admin"),
    ("DELETE", "/api/v1/keys/x", "admin"), ("GET", "/api/v1/audit", "admin"),
)


class Keys(ApiCase):
    SERVE_OPTIONS = ("--no-worker",)

    def new_key(self, *scopes, more=()):
        """Made by another process: the server knows it a moment later."""
        key = self.product.json("key", "create", "--name", "test", "--scope", ",".join(scopes),
                                *more)
        if not more:
            wait_until(lambda: self.ask(key["secret"], "GET", "/api/v1/stats")[0] != 401,
                       "the server knows the key")
        return key

    def as_key(self, secret):
        return {"Authorization": f"Bearer {secret}"} if secret else {}

    def ask(self, secret, method, path, body=None):
        return self.call(method, path, body, self.as_key(secret))

    def test_every_route_answers_those_whose_scope_allows_it_and_nobody_else(self):
        secrets = {scope: self.new_key(scope)["secret"] for scope in SCOPES}
        revoked = self.new_key("admin")
        self.product.run("key", "revoke", revoked["key_id"])
        short = self.new_key("admin", more=("--expires-in", "1s"))
        for key in (revoked, short):
            wait_until(lambda key=key: self.ask(key["secret"], "GET", "/api/v1/stats")[0] == 401,
                       "the server refuses the key")
        nobody = {"none": None, "revoked": revoked["secret"], "expired": short["secret"],
                  "made up": revoked["secret"][:-1] + "x", "malformed": "esk_x"}
        wrong = []
        for method, path, need in ROUTES:
            for who, secret in {**secrets, **nobody}.items():
                status = self.ask(secret, method, path)[0]
                if need is None:
                    good = status not in (401, 403)
                elif who in nobody:
                    good = status == 401
                elif who in (need, "admin"):
                    good = status not in (401, 403)
                else:
                    good = status == 403
                if not good:
                    wrong.append((method, path, who, status))
        self.assertEqual(wrong, [])

    def test_the_table_above_is_the_whole_of_it(self):
        """What has no row is not answered: a route that was added shows here."""
        secret = self.new_key("admin")["secret"]
        paths = {path for _, path, _ in ROUTES}
        for path in sorted(paths):
            for method in ("GET", "POST", "PUT", "PATCH", "DELETE"):
                known = any((method, path) == row[:2] for row in ROUTES)
                status = self.ask(secret, method, path)[0]
                # Another route's {…} may stand for a path's last word: then there is no such thing.
                good = status != 405 if known else status in (404, 405)
                self.assertTrue(good, (method, path, status))

    def test_every_operation_that_is_described_has_a_row_with_its_scope(self):
        described = self.description()
        rows = {}
        for method, path, need in ROUTES:
            rows[str(described.operation(method, path.partition("?")[0]))] = need
        self.assertEqual(rows, {str(operation): operation.said.get("x-scope")
                                for operation in described.operations})

    def test_the_first_key_closes_the_door_at_once(self):
        self.assertEqual(self.call("GET", "/api/v1/tasks")[0], 200)
        secret = self.new_key("tasks:read")["secret"]
        wait_until(lambda: self.call("GET", "/api/v1/tasks")[0] == 401, "a key is needed now")
        self.assertEqual(self.ask(secret, "GET", "/api/v1/tasks")[0], 200)
        problem = self.refused(401, "GET", "/api/v1/tasks")
        self.assertNotIn("esk_", str(problem).replace("esk_…", ""))

    def test_a_server_that_only_strangers_ask_learns_of_its_first_key(self):
        secret = self.product.json("key", "create", "--name", "n", "--scope", "tasks:read")["secret"]
        stranger = {"Host": "tasks.example.com", "Authorization": f"Bearer {secret}"}
        wait_until(lambda: self.call("GET", "/api/v1/stats", None, stranger)[0] == 200,
                   "the key is known")

    def test_a_key_made_over_http_works_and_ends_when_it_is_revoked(self):
        admin = self.new_key("admin")["secret"]
        status, _, made = self.ask(admin, "POST", "/api/v1/keys",
                                   {"name": "app", "scopes": ["tasks:read", "tasks:write"]})
        self.assertEqual((status, made["scopes"]), (201, ["tasks:read", "tasks:write"]))
        self.assertEqual(self.ask(made["secret"], "GET", "/api/v1/tasks")[0], 200)
        _, _, page = self.ask(admin, "GET", "/api/v1/keys")
        self.assertEqual({key["name"] for key in page["items"]}, {"test", "app"})
        self.assertNotIn("secret", page["items"][0])
        self.assertEqual(self.ask(admin, "DELETE", f"/api/v1/keys/{made['key_id']}")[0], 204)
        self.assertEqual(self.ask(made["secret"], "GET", "/api/v1/tasks")[0], 401)
        self.assertEqual(self.ask(admin, "DELETE", "/api/v1/keys/nobody")[0], 404)
        for body in ({}, {"name": "x"}, {"name": "x", "scopes": ["all"]}, {"name": "x", "scopes": []},
                     {"name": "x", "scopes": ["work"], "more": 1}):
            self.assertEqual(self.ask(admin, "POST", "/api/v1/keys", body)[0], 400, body)

    def test_what_a_key_changes_is_in_the_audit_trail(self):
        admin = self.new_key("admin")
        secret = admin["secret"]
        _, _, task = self.ask(secret, "POST", "/api/v1/tasks",
                              {"type": "NOOP", "payload": {"private": "x"},
                               "scheduled_for": "2100-01-01T00:00:00Z"})
        self.ask(secret, "POST", f"/api/v1/tasks/{task['task_id']}/cancel")
        self.ask(secret, "POST", "/api/v1/types/NOOP/pause")
        self.ask(secret, "PUT", "/api/v1/types/MINE", {"max_retries": 7})
        self.ask(secret, "POST", f"/api/v1/tasks/{task['task_id']}/cancel")  # refused: no entry
        _, _, page = self.ask(secret, "GET", "/api/v1/audit?limit=3")
        self.assertEqual([entry["action"] for entry in page["items"]],
                         ["type.set", "type.pause", "task.cancel"])
        for entry in page["items"]:
            self.assertEqual(entry["actor"], f"key:{admin['key_id']}")
            self.assertEqual(entry["address"], "127.0.0.1")
        self.assertEqual(page["items"][2]["target"], str(task["task_id"]))
        self.assertNotIn("private", str(page))
        _, _, rest = self.ask(secret, "GET", f"/api/v1/audit?cursor={page['next_cursor']}")
        self.assertEqual([entry["action"] for entry in rest["items"]], ["key.create"])
        self.product.run("audit", "verify")

    def test_a_type_is_set_by_the_names_under_which_it_is_shown(self):
        status, _, made = self.call("PUT", "/api/v1/types/MINE", {
            "description": "d", "max_retries": 2, "timeout_seconds": 9,
            "back_off": {"base_seconds": 1, "factor": 3, "cap_seconds": 60, "jitter": False},
            "retention": {"completed_seconds": 60}, "payload_schema": {"required": ["id"]}})
        self.assertEqual((status, made["max_retries"], made["timeout_seconds"]), (201, 2, 9))
        self.assertEqual(made["back_off"], {"base_seconds": 1, "factor": 3, "cap_seconds": 60,
                                            "jitter": False})
        self.assertEqual(made["payload_schema"], {"required": ["id"]})
        status, _, changed = self.call("PUT", "/api/v1/types/MINE", {"payload_schema": None})
        self.assertEqual((status, changed["payload_schema"], changed["max_retries"]), (200, None, 2))
        self.assertEqual(self.call("GET", "/api/v1/types/MINE")[2], changed)
        problem = self.refused(400, "PUT", "/api/v1/types/MINE",
                               {"max_retries": "x", "back_off": {"no": 1}, "more": 1})
        self.assertEqual({error["pointer"] for error in problem["errors"]},
                         {"/max_retries", "/back_off/no", "/more"})

    def test_with_a_key_other_addresses_can_be_listened_on(self):
        self.product.run("serve", "--listen", "0.0.0.0:0", status=2)
        secret = self.new_key("tasks:read")["secret"]
        other = self.product.start("serve", "--no-worker", "--listen", "0.0.0.0:0", "--json")
        wait_until(lambda: "listen" in other.output(), "it listens")
        port = int(other.output().split("0.0.0.0:")[1].split('"')[0])
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=30)
        connection.request("GET", "/api/v1/stats", headers={"Host": "tasks.example",
                                                            **self.as_key(secret)})
        self.assertEqual(connection.getresponse().status, 200)
        connection.close()


if __name__ == "__main__":
    main()
