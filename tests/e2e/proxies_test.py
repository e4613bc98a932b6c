"""Malformed and doubtful messages through reverse proxies that share their connections to the server
among all clients: nobody gets another's answer, and nothing gets past a proxy's own rules."""

import http.client
import json
import threading

from harness.api import JSON, ApiCase
from harness.case import main
from harness.malformed import malformed_messages, smuggling_messages
from harness.proxies import Proxy
from harness.store import as_json
from harness.wire import exchange, statuses

# What the proxies refuse: where it takes effect it was smuggled past them.
SMUGGLED = b"POST /api/v1/types/NOOP/pause HTTP/1.1\r\nHost: localhost\r\nContent-Length: 0\r\n\r\n"
# Ends the connection for a proxy that has understood all that stands before it.
LAST = b"GET /healthz HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
# What a proxy answers itself while it makes a new connection to the server.
BY_PROXY = (502, 503, 504)


class Attack(threading.Thread):
    """Sends each message through one proxy, and after each what others ask at the same time."""

    def __init__(self, proxy, messages):
        super().__init__(daemon=True)
        self.passed = 0  # messages that the server has answered
        self.desynchronised = []
        self.canaries = []
        self.sent_again = 0
        self.fault = None
        self.proxy = proxy
        self._messages = messages

    def run(self):
        try:
            for number, message in enumerate(self._messages):
                received = exchange(self.proxy.port, message, then=SMUGGLED + LAST)
                self.passed += b"esteira-request-id:" in received.lower()
                for _ in range(2):  # one for each connection that was left behind
                    self._look_up(f"{self.proxy.name.upper()}_{number}", message)
                self._create(f"{self.proxy.name}-{number}", message)
        except Exception as error:  # told by the test, which waits for it
            self.fault = repr(error)

    def _look_up(self, name, message):
        status, answer = self._ask("GET", f"/api/v1/types/{name}", None)
        if status != 404 or not answer["detail"].endswith(f"'{name}'"):
            self.desynchronised.append((message[:300], status, answer))

    def _create(self, name, message):
        status, answer = self._ask("POST", "/api/v1/tasks", {"type": "NOOP", "payload": name})
        self.canaries.append(name)
        if status != 201 or answer["payload"] != name:
            self.desynchronised.append((message[:300], status, answer))

    def _ask(self, method, path, body):
        while True:
            connection = http.client.HTTPConnection("127.0.0.1", self.proxy.port, timeout=30)
            connection.request(method, path, body and json.dumps(body), JSON if body else {})
            answer = connection.getresponse()
            data = answer.read()
            connection.close()
            if answer.status not in BY_PROXY:
                return answer.status, json.loads(data)
            self.sent_again += 1


class Proxies(ApiCase):
    SERVE_OPTIONS = ("--no-worker",)

    def setUp(self):
        super().setUp()
        self.product.run("type", "set", "NOOP")

    def trail(self):
        return self.store.rows("SELECT count(*) AS n FROM audit_log")[0]["n"]

    def start_proxy(self, name):
        proxy = Proxy(name, self.port)
        self.addCleanup(proxy.close)
        return proxy

    def test_nobody_gets_past_a_proxy_or_anothers_answer(self):
        messages = [*malformed_messages(), *smuggling_messages(SMUGGLED)]
        self.assertGreaterEqual(len(messages), 100)
        trail = self.trail()
        attacks = [Attack(self.start_proxy(name), messages) for name in ("nginx", "haproxy")]
        for attack in attacks:
            self.assertIn(b" 403 ", exchange(attack.proxy.port, SMUGGLED), "the proxy has its rule")
            attack.start()
        for attack in attacks:
            attack.join()
        for attack in attacks:
            self.assertIsNone(attack.fault)
            self.assertTrue(attack.proxy.running())
            self.assertEqual(attack.desynchronised, [])
            # An attack that no proxy lets through would prove nothing.
            self.assertGreater(attack.passed, 10)
        self.assertTrue(self.serve.running(), self.serve.last_output())
        self.assertFalse(self.call("GET", "/api/v1/types/NOOP")[2]["paused"])
        self.assertEqual(self.trail(), trail)
        kept = [as_json(row["payload"]) for row in self.store.rows("SELECT payload FROM tasks")]
        for attack in attacks:
            self.assertEqual([kept.count(canary) for canary in attack.canaries],
                             [1] * len(messages))
        passed = ", ".join(f"{attack.passed} passed {attack.proxy.name}" for attack in attacks)
        print(f"proxies: {len(messages)} messages × {len(attacks)} proxies: 0 desynchronised "
              f"({passed})", flush=True)

    def test_what_is_smuggled_would_be_seen(self):
        trail = self.trail()
        self.assertEqual(statuses(exchange(self.port, SMUGGLED + LAST)), [200, 200])
        self.assertTrue(self.call("GET", "/api/v1/types/NOOP")[2]["paused"])
        self.assertEqual(self.trail(), trail + 1)


if __name__ == "__main__":
    main()
