"""The frame of a test: a fresh directory and database, and nothing left behind."""

import argparse
import os
import shutil
import sys
import tempfile
import unittest

from harness.product import Product
from harness.store import STORES

OPTIONS = argparse.Namespace()


class EndToEnd(unittest.TestCase):
    def setUp(self):
        self.directory = tempfile.mkdtemp(prefix="esteira-e2e-")
        self.addCleanup(shutil.rmtree, self.directory, ignore_errors=True)
        self.store = STORES[OPTIONS.engine](self.directory)
        self.product = Product(OPTIONS.binary, self.directory, self.store.url)
        self.addCleanup(self.product.stop_all)
        self.product.run("migrate", "up")

    def status_counts(self):
        return {row["status"]: row["n"]
                for row in self.store.rows("SELECT status, count(*) AS n FROM tasks GROUP BY 1")}

    def ended_rows(self):
        """How many attempts have ended."""
        return self.store.rows("SELECT count(*) AS n FROM task_executions")[0]["n"]

    def status_of(self, task_id):
        return self.product.show(task_id)["status"]

    def row_statuses(self, task_id):
        return [row["status"] for row in self.product.executions(task_id)]


def main(add_options=None):
    """Runs the file's tests on one engine: FILE --engine sqlite|postgresql [--binary PATH] …"""
    parser = argparse.ArgumentParser()
    parser.add_argument("--engine", choices=sorted(STORES), required=True)
    parser.add_argument("--binary", default=os.environ.get("ESTEIRA_BINARY"))
    if add_options:
        add_options(parser)
    _, rest = parser.parse_known_args(namespace=OPTIONS)
    if not OPTIONS.binary:
        parser.error("name the program with --binary or ESTEIRA_BINARY")
    OPTIONS.binary = os.path.abspath(OPTIONS.binary)
    unittest.main(argv=[sys.argv[0], *rest], verbosity=2)
