"""2,000 slow clients at once, in the three ways that slowhttptest knows, beside a good one."""

import resource

from harness.api import ApiCase
from harness.case import main
from harness.processes import wait_until
from harness.slow import CONNECTIONS, Needs, SlowClients, good_answers_beside, open_files

# What a shell gives to a program that asks for nothing: less than there are connections.
FILES_AT_START = 1024
MEMORY_KIB_PER_CONNECTION = 64
# What the server's threads open of the database once they are all needed.
POOL_FILES = 50
PAGE = 20
PAYLOAD_BYTES = 700


class Slow(ApiCase):
    SERVE_OPTIONS = ("--no-worker",)

    def setUp(self):
        _, self.most = resource.getrlimit(resource.RLIMIT_NOFILE)
        self.assertGreater(self.most, 2 * CONNECTIONS, "ulimit -Hn is too low for this test")
        resource.setrlimit(resource.RLIMIT_NOFILE, (FILES_AT_START, self.most))
        super().setUp()
        resource.setrlimit(resource.RLIMIT_NOFILE, (self.most, self.most))
        self.product.run("type", "set", "NOOP")
        for _ in range(PAGE):
            self.later(payload="x" * PAYLOAD_BYTES)

    def outlast(self, mode, path, **until):
        """Lets the slow clients go on to their end, or until the good one has had enough answers."""
        needs = Needs(self.serve.pid)
        before = Needs(self.serve.pid).look()
        slow = SlowClients(mode, self.port, path, self.directory)
        self.addCleanup(slow.stop)
        good, while_they_stood = good_answers_beside(self.port, self.serve.pid, slow, needs, **until)
        slow.stop()
        self.assertEqual(good.wrong, [])
        self.assertGreater(while_they_stood, 0, (slow.counts(), needs.files))
        self.assertEqual(needs.threads, before.threads)
        growth_kib = needs.memory_kib - before.memory_kib
        self.assertLessEqual(growth_kib, MEMORY_KIB_PER_CONNECTION * CONNECTIONS)
        wait_until(lambda: open_files(self.serve.pid) <= before.files + POOL_FILES,
                   "the server has let go of them all")
        self.assertEqual(self.call("GET", "/readyz")[0], 200)
        print(f"slow {mode}: {CONNECTIONS} connections, {needs.files} files at most; "
              f"{good.answers()} good answers, {while_they_stood} while most of them stood, "
              f"{good.sent_away} sent away, 0 wrong; {growth_kib / CONNECTIONS:.1f} KiB each, "
              f"{needs.threads} threads as before", flush=True)
        return slow

    def outlast_all(self, mode, path):
        slow = self.outlast(mode, path)
        counts = slow.counts()
        self.assertEqual((counts["connected"] + counts["closed"], counts["error"]),
                         (CONNECTIONS, 0))
        self.assertTrue(slow.all_cut())

    def test_slow_headers(self):
        self.outlast_all("headers", "/healthz")

    def test_slow_bodies(self):
        self.outlast_all("body", "/api/v1/tasks")

    def test_slow_readers(self):
        # The kernel takes what they are answered: to the server they are idle, which they may be
        # for longer than this test lasts.
        self.outlast("read", f"/api/v1/tasks?limit={PAGE}", standing=CONNECTIONS, enough=100)


if __name__ == "__main__":
    main()
