"""PostgreSQL only: connections that are cut while tasks run, and a pool in transaction mode."""

from harness.account import Account
from harness.case import EndToEnd, main
from harness.ledger import Ledger
from harness.postgres import PgBouncer
from harness.processes import wait_until

TASKS = 5_000
CUTS = 25
WORKERS = 2
_CUT = ("SELECT count(pg_terminate_backend(pid)) AS n FROM pg_stat_activity "
        "WHERE datname = current_database() AND pid <> pg_backend_pid()")


class Connections(EndToEnd):
    def test_cut_connections_lose_nothing_and_need_no_restart(self):
        ledger = Ledger(work_seconds=(0, 0.02))
        self.addCleanup(ledger.close)
        self.product.configure("[processors.http_request]\nallow_private_addresses = true\n")
        self.product.import_tasks(ledger.task(number) for number in range(TASKS))
        workers = [self.product.start("worker", "--types", "HTTP_REQUEST", "--max-crashes", 1000)
                   for _ in range(WORKERS)]
        cut = 0
        for i in range(1, CUTS + 1):
            wait_until(lambda: ledger.begun() >= i * TASKS * 0.95 / CUTS, "work goes on",
                       pause=0.005)
            cut += self.store.rows(_CUT)[0]["n"]
        wait_until(lambda: self.status_counts() == {"COMPLETED": TASKS}, "all are done", pause=0.2)
        self.assertGreaterEqual(cut, CUTS * WORKERS)
        account = Account(self.store, ledger, range(TASKS), {})
        print(f"{cut} connections cut: {account.figures()}", flush=True)
        self.assertEqual(account.faults, [])
        for worker in workers:
            self.assertTrue(worker.running(), worker.last_output())
            self.assertEqual(worker.terminate(), 0, worker.last_output())

    def test_everything_goes_through_a_pool_in_transaction_mode(self):
        pool = PgBouncer(self.store.server, self.store.database)
        self.addCleanup(pool.close)
        direct, self.product = self.product, self.pooled_product(pool.url())
        self.product.import_tasks({"type": "NOOP", "payload": {"number": number}}
                                  for number in range(TASKS))
        workers = [self.product.start("worker", "--drain") for _ in range(WORKERS)]
        for worker in workers:
            self.assertEqual(worker.wait(), 0, worker.last_output())
        self.assertEqual(self.status_counts(), {"COMPLETED": TASKS})
        self.assertEqual(self.ended_rows(), TASKS)
        self.assertEqual(self.product.json("stats")["by_status"],
                         direct.json("stats")["by_status"])

    def pooled_product(self, url):
        pooled = type(self.product)(self.product.binary, self.directory, url)
        self.addCleanup(pooled.stop_all)
        return pooled


if __name__ == "__main__":
    main()
