"""The database as another program reads it: by SQL, past the product."""

import atexit
import json
import os
import sqlite3

from harness.postgres import PostgresServer


def as_json(value):
    """A JSON column: SQLite answers its text, PostgreSQL its value."""
    return json.loads(value) if isinstance(value, str) else value


class SqliteStore:
    engine = "sqlite"

    def __init__(self, directory):
        self._path = os.path.join(directory, "esteira.db")
        self.url = f"sqlite:{self._path}"

    def rows(self, sql, patience_seconds=30):
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True,
                                     timeout=patience_seconds)
        try:
            connection.row_factory = sqlite3.Row
            return [dict(row) for row in connection.execute(sql)]
        finally:
            connection.close()

    def execute(self, sql):
        """Changes what is stored. Checkpoints are the product's."""
        connection = sqlite3.connect(self._path, timeout=30)
        try:
            connection.execute("PRAGMA wal_autocheckpoint = 0")
            with connection:
                connection.execute(sql)
        finally:
            connection.close()

    def rows_now(self, sql):
        """The rows, or none where a frozen process holds the whole file."""
        try:
            return self.rows(sql, patience_seconds=0)
        except sqlite3.OperationalError:
            return []

    def execute(self, sql):
        connection = sqlite3.connect(self._path, timeout=30)
        try:
            with connection:
                connection.execute(sql)
        finally:
            connection.close()

    def dump(self):
        """All that is stored, as it lies on the disk."""
        everything = b""
        for end in ("", "-wal"):
            if os.path.exists(self._path + end):
                with open(self._path + end, "rb") as file:
                    everything += file.read()
        return everything

    def crash(self):
        raise AssertionError("an embedded database has no server to stop")


class PostgresStore:
    """A database of its own on a server that the tests of a file share."""

    engine = "postgresql"
    server = None
    _databases = 0

    def __init__(self, _directory):
        if PostgresStore.server is None:
            PostgresStore.server = PostgresServer()
            atexit.register(self.server.close)
        self.server.start()  # the test before may have left it stopped
        PostgresStore._databases += 1
        self.database = f"e2e_{self._databases}"
        self.server.create_database(self.database)
        self.url = self.server.url(self.database)

    def rows(self, sql):
        text = self.server.psql(self.database, f"SELECT row_to_json(q) FROM ({sql}) q")
        return [json.loads(line) for line in text.splitlines()]

    def execute(self, sql):
        self.server.psql(self.database, sql)

    def rows_now(self, sql):
        return self.rows(sql)

    def execute(self, sql):
        self.server.psql(self.database, sql)

    def dump(self):
        """All that is stored, as a backup would hold it."""
        return self.server.dump(self.database)

    def crash(self):
        """Stops the server as a crash would, and starts it again."""
        self.server.stop_immediately()
        self.server.start()


STORES = {store.engine: store for store in (SqliteStore, PostgresStore)}
