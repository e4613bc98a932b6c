"""Calls that are sent again: `Idempotency-Key` on every POST, and one transaction for a deed, its
audit entry and its answer."""

import concurrent.futures

from harness.api import ApiCase
from harness.case import main
from harness.processes import wait_until

ONCE = {"Idempotency-Key": "once"}


class Repeat(ApiCase):
    SERVE_OPTIONS = ("--no-worker",)

    def twice(self, method, path, body=None, headers=None):
        """The answers of the same call sent two times."""
        sent = {**ONCE, **(headers or {})}
        return self.call(method, path, body, sent), self.call(method, path, body, sent)

    def trail(self, action):
        _, _, page = self.call("GET", "/api/v1/audit")
        return [entry for entry in page["items"] if entry["action"] == action]

    def test_a_batch_that_is_sent_again_makes_nothing_more(self):
        body = {"tasks": [{"type": "NOOP", "payload": number} for number in range(30)]}
        first, again = self.twice("POST", "/api/v1/tasks/batch", body)
        self.assertEqual((first[0], again[0]), (201, 200))
        self.assertEqual(first[2], again[2])
        self.assertEqual(self.status_counts(), {"PENDING": 30})
        problem = self.refused(422, "POST", "/api/v1/tasks/batch", {"tasks": body["tasks"][:1]},
                               ONCE)
        self.assertTrue(problem["type"].endswith("/idempotency-mismatch"))

    def test_a_cancel_whose_answer_was_lost_is_answered_as_the_first_was(self):
        task_id = self.later()["task_id"]
        first, again = self.twice("POST", f"/api/v1/tasks/{task_id}/cancel")
        self.assertEqual((first[0], again[0], first[2]), (200, 200, again[2]))
        self.assertEqual(len(self.trail("task.cancel")), 1)
        # Without a key the second cancel finds that there is nothing to cancel.
        self.refused(409, "POST", f"/api/v1/tasks/{task_id}/cancel")

    def test_a_retry_does_not_happen_twice(self):
        task_id = self.later()["task_id"]
        self.call("POST", f"/api/v1/tasks/{task_id}/cancel")
        first, again = self.twice("POST", f"/api/v1/tasks/{task_id}/retry")
        self.assertEqual((first[0], again[0]), (200, 200))
        self.call("POST", f"/api/v1/tasks/{task_id}/cancel")
        third = self.call("POST", f"/api/v1/tasks/{task_id}/retry", None, ONCE)
        self.assertEqual(third[2], first[2])
        self.assertEqual(self.show(task_id)["status"], "CANCELLED")

    def test_a_type_is_paused_once(self):
        first, again = self.twice("POST", "/api/v1/types/NOOP/pause")
        self.assertEqual(first[2], again[2])
        self.assertEqual(len(self.trail("type.pause")), 1)

    def test_a_refusal_is_not_kept(self):
        task_id = self.later()["task_id"]
        self.refused(409, "POST", f"/api/v1/tasks/{task_id}/retry", None, ONCE)
        self.call("POST", f"/api/v1/tasks/{task_id}/cancel")
        self.assertEqual(self.call("POST", f"/api/v1/tasks/{task_id}/retry", None, ONCE)[0], 200)

    def test_a_key_is_made_once_and_its_secret_shown_once(self):
        admin = self.product.json("key", "create", "--name", "root", "--scope", "admin")
        bearer = {"Authorization": f"Bearer {admin['secret']}"}
        wait_until(lambda: self.call("GET", "/api/v1/keys")[0] == 401, "the key is known")
        first, again = self.twice("POST", "/api/v1/keys", {"name": "n", "scopes": ["work"]}, bearer)
        self.assertEqual((first[0], again[0]), (201, 200))
        self.assertIn("secret", first[2])
        self.assertEqual(again[2], {name: value for name, value in first[2].items()
                                    if name != "secret"})
        self.assertNotIn(first[2]["secret"], str(self.store.rows("SELECT body FROM kept_answers")))
        # Another caller's key of the same name is another key.
        other = self.product.json("key", "create", "--name", "other", "--scope", "admin")
        theirs = {"Authorization": f"Bearer {other['secret']}", **ONCE}
        wait_until(lambda: self.call("GET", "/api/v1/keys", None, theirs)[0] == 200, "it is known")
        made = self.call("POST", "/api/v1/keys", {"name": "n", "scopes": ["work"]}, theirs)
        self.assertEqual(made[0], 201)
        self.assertNotEqual(made[2]["key_id"], first[2]["key_id"])

    def test_a_key_that_is_none_is_refused(self):
        for key in ("", "x" * 256):
            self.refused(400, "POST", "/api/v1/types/NOOP/pause", None, {"Idempotency-Key": key})

    def test_many_at_once_with_the_same_key_do_it_once(self):
        body = {"tasks": [{"type": "NOOP", "payload": 1}] * 10}

        def post(number):
            while True:
                answer = self.call("POST", "/api/v1/tasks/batch", body,
                                   {"Idempotency-Key": f"key-{number % 10}"})
                if answer[0] != 409:
                    return answer
                self.assertTrue(answer[2]["type"].endswith("/idempotency-in-flight"))
                self.assertTrue(answer[1]["Retry-After"])

        with concurrent.futures.ThreadPoolExecutor(16) as threads:
            answers = list(threads.map(post, range(160)))
        self.assertEqual({answer[0] for answer in answers}, {200, 201})
        self.assertEqual(sum(answer[0] == 201 for answer in answers), 10)
        self.assertEqual(self.status_counts(), {"PENDING": 100})

    def test_what_cannot_be_written_down_does_not_happen(self):
        task_id = self.later()["task_id"]
        self.store.execute("ALTER TABLE audit_log RENAME TO elsewhere")
        for call in (("POST", f"/api/v1/tasks/{task_id}/cancel"), ("DELETE", f"/api/v1/tasks/{task_id}"),
                     ("POST", "/api/v1/types/NOOP/pause"),
                     ("POST", "/api/v1/keys", {"name": "n", "scopes": ["work"]})):
            self.assertGreaterEqual(self.call(*call)[0], 500, call)
        self.store.execute("ALTER TABLE elsewhere RENAME TO audit_log")
        self.assertEqual(self.show(task_id)["status"], "PENDING")
        self.assertFalse(self.call("GET", "/api/v1/types/NOOP")[2]["paused"])
        self.assertEqual(self.call("GET", "/api/v1/keys")[2]["items"], [])
        self.assertEqual(self.call("POST", f"/api/v1/tasks/{task_id}/cancel")[0], 200)
        self.assertEqual(len(self.trail("task.cancel")), 1)


if __name__ == "__main__":
    main()
