"""Sign-ins of people, and keys that may call only so often."""

from harness.api import ApiCase
from harness.case import main
from harness.processes import wait_until

STATS = ("GET", "/api/v1/stats")
PAUSE = ("POST", "/api/v1/types/NOOP/pause")


class Session(ApiCase):
    SERVE_OPTIONS = ("--no-worker",)

    def setUp(self):
        super().setUp()
        self.key = self.new_key("admin")
        self.own = f"http://127.0.0.1:{self.port}"

    def new_key(self, scope, *more):
        key = self.product.json("key", "create", "--name", "ana", "--scope", scope, *more)
        wait_until(lambda: self.call(*STATS, headers=self.bearer(key))[0] != 401, "it is known")
        return key

    def bearer(self, key):
        return {"Authorization": f"Bearer {key['secret']}"}

    def sign_in(self, key=None, **headers):
        """The cookie, as a browser sends it back."""
        status, answer_headers, session = self.call(
            "POST", "/api/v1/session", {"key": (key or self.key)["secret"]}, headers)
        self.assertEqual((status, session["key_id"]), (201, (key or self.key)["key_id"]))
        return {"Cookie": answer_headers["Set-Cookie"].partition(";")[0]}

    def status(self, call, *headers):
        merged = {name: value for some in headers for name, value in some.items()}
        return self.call(*call, headers=merged)[0]

    def trail(self):
        return [(entry["action"], entry["actor"]) for entry in self.call(
            "GET", "/api/v1/audit", headers=self.bearer(self.key))[2]["items"]]

    def test_a_cookie_stands_for_the_key_until_the_sign_out(self):
        self.assertEqual(self.status(STATS), 401)
        cookie = self.sign_in()
        self.assertEqual(self.status(STATS, cookie), 200)
        self.assertEqual(self.status(("DELETE", "/api/v1/session"), cookie), 204)
        self.assertEqual(self.status(STATS, cookie), 401)
        self.assertEqual(self.status(("DELETE", "/api/v1/session"), cookie), 204)
        who = f"key:{self.key['key_id']}"
        self.assertEqual(self.trail()[:2], [("session.close", who), ("session.open", who)])

    def test_a_session_that_was_long_unseen_is_signed_out_without_a_wait_for_itself(self):
        cookie = self.sign_in()
        column, back = {"sqlite": ("seen_at_us", "120000000"),
                        "postgresql": ("seen_at", "interval '2 minutes'")}[self.store.engine]
        self.store.execute(f"UPDATE sessions SET {column} = {column} - {back}")
        self.CALL_SECONDS = 4  # less than the database's wait for a lock
        self.assertEqual(self.status(("DELETE", "/api/v1/session"), cookie), 204)
        self.assertEqual(self.status(STATS, cookie), 401)

    def test_the_cookie_is_out_of_reach_of_scripts_and_of_other_sites(self):
        _, headers, _ = self.call("POST", "/api/v1/session", {"key": self.key["secret"]})
        cookie = headers["Set-Cookie"]
        for part in ("HttpOnly", "SameSite=Strict", "Path=/"):
            self.assertIn(part, cookie)
        self.assertNotIn(self.key["secret"], cookie)
        value = cookie.partition("=")[2].partition(";")[0]
        for rows in (self.store.rows("SELECT * FROM sessions"),
                     self.store.rows("SELECT * FROM audit_log")):
            self.assertNotIn(value, str(rows))

    def test_it_changes_things_from_its_own_pages_only(self):
        cookie = self.sign_in()
        self.assertEqual(self.status(PAUSE, cookie), 403)
        for page in ({"Origin": "http://evil.example"}, {"Origin": "null"},
                     {"Sec-Fetch-Site": "cross-site"}, {"Sec-Fetch-Site": "same-site"},
                     {"Sec-Fetch-Site": "none"}, {"Origin": self.own + "0"}):
            self.assertEqual(self.status(PAUSE, cookie, page), 403, page)
        for page in ({"Origin": self.own}, {"Sec-Fetch-Site": "same-origin"}):
            self.assertEqual(self.status(PAUSE, cookie, page), 200, page)
        # A program that shows its key has no pages.
        self.assertEqual(self.status(PAUSE, self.bearer(self.key)), 200)

    def test_it_has_its_keys_scopes_and_ends_with_it(self):
        reader = self.new_key("tasks:read")
        cookie = self.sign_in(reader)
        self.assertEqual(self.status(STATS, cookie), 200)
        self.assertEqual(self.status(PAUSE, cookie, {"Origin": self.own}), 403)
        self.product.run("key", "revoke", reader["key_id"])
        wait_until(lambda: self.status(STATS, cookie) == 401, "the session ends with its key")

    def test_a_new_sign_in_ends_the_old_session_and_takes_no_planted_one(self):
        planted = {"Cookie": "esteira=" + "x" * 43}
        first = self.sign_in(**planted)
        self.assertNotEqual(first, planted)
        self.assertEqual(self.status(STATS, planted), 401)
        second = self.sign_in(**first)
        self.assertEqual(self.status(STATS, first), 401)
        self.assertEqual(self.status(STATS, second), 200)

    def test_it_lasts_over_a_restart_and_is_found_among_other_cookies(self):
        cookie = self.sign_in()
        self.serve.terminate()
        self.start_serve()
        self.assertEqual(self.status(STATS, {"Cookie": f"a=b; {cookie['Cookie']}; c=d"}), 200)
        for wrong in ("esteira", "esteira=", "esteira=x", "=", ";;", "a", "__Host-" + cookie["Cookie"]):
            self.assertEqual(self.status(STATS, {"Cookie": wrong}), 401, wrong)

    def test_guesses_are_slowed_down(self):
        for _ in range(10):
            self.refused(401, "POST", "/api/v1/session", {"key": "esk_x"})
        _, headers, _ = self.call("POST", "/api/v1/session", {"key": self.key["secret"]})
        self.assertTrue(1 <= int(headers["Retry-After"]) <= 6)
        self.refused(429, "POST", "/api/v1/session", {"key": self.key["secret"]})

    def test_a_key_may_call_as_often_as_its_rate_and_others_are_not_held_up(self):
        slow = self.new_key("admin", "--rate", "5/h")
        shown = self.bearer(slow)
        statuses = [self.status(STATS, shown) for _ in range(10)]
        self.assertEqual(sorted(set(statuses)), [200, 429])
        self.assertLessEqual(statuses.count(200), 5)
        self.assertEqual(statuses, sorted(statuses))
        status, headers, problem = self.call(*STATS, headers=shown)
        self.assertEqual((status, problem["detail"]), (429, "this key may call 5/h"))
        self.assertTrue(1 <= int(headers["Retry-After"]) <= 720)
        self.assertEqual(self.status(STATS, self.bearer(self.key)), 200)
        self.assertIn("5/h", self.product.run("key", "list"))

    def test_a_rate_that_is_none_is_refused(self):
        for rate in ("", "5", "0/s", "5/d", "x/s", "2000000/s"):
            self.refused_as(self.key, {"name": "n", "scopes": ["work"], "rate": rate})
        self.product.run("key", "create", "--name", "n", "--scope", "work", "--rate", "5", status=2)

    def refused_as(self, key, body):
        problem = self.refused(400, "POST", "/api/v1/keys", body, self.bearer(key))
        self.assertEqual(problem["errors"][0]["pointer"], "/rate")


if __name__ == "__main__":
    main()
