"""A PostgreSQL server and a PgBouncer of the test's own, on loopback."""

import glob
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile

from harness.processes import Process, wait_until

# Servers refuse to run as root.
USER = "postgres" if os.geteuid() == 0 else None


def find_programs():
    folders = sorted(glob.glob("/usr/lib/postgresql/*/bin/initdb"))
    if not folders:
        raise AssertionError("these tests need PostgreSQL: install postgresql-15")
    return os.path.dirname(folders[-1])


def free_port():
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return listener.getsockname()[1]


def own_directory(prefix):
    directory = tempfile.mkdtemp(prefix=prefix)
    if USER:
        shutil.chown(directory, USER, USER)
    return directory


class PostgresServer:
    """Syncs its writes like a real one: the tests stop it in the middle of them."""

    def __init__(self):
        self._programs = find_programs()
        self._directory = own_directory("esteira-e2e-postgres-")
        self._data = os.path.join(self._directory, "data")
        self._log = os.path.join(self._directory, "server.log")
        self.password = secrets.token_hex(16)
        self.port = free_port()
        self._process = None
        self._initialise()

    def _initialise(self):
        password_file = os.path.join(self._directory, "password")
        with open(password_file, "w", encoding="ascii") as file:
            file.write(self.password)
        if USER:
            shutil.chown(password_file, USER, USER)
        setup = Process([f"{self._programs}/initdb", f"--pgdata={self._data}",
                         "--username=esteira", f"--pwfile={password_file}",
                         "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C.UTF-8",
                         "--no-sync"], self._log, user=USER, directory=self._directory)
        if setup.wait() != 0:
            raise AssertionError("initdb failed:\n" + setup.last_output())

    def start(self):
        """Does nothing where it runs."""
        if self._process is not None and self._process.running():
            return
        self._process = Process(
            [f"{self._programs}/postgres", "-D", self._data, "-p", str(self.port),
             "-k", self._directory, "-c", "listen_addresses=127.0.0.1",
             "-c", "max_connections=200"],
            self._log, user=USER, death_signal="QUIT", directory=self._directory)
        wait_until(self._answers, "PostgreSQL answers")

    def _answers(self):
        if not self._process.running():
            raise AssertionError("PostgreSQL ended at its start:\n" + self._process.last_output())
        ready = subprocess.run([f"{self._programs}/pg_isready", "--quiet", "--host=127.0.0.1",
                                f"--port={self.port}", "--username=esteira"], check=False)
        return ready.returncode == 0

    def stop_immediately(self):
        """As a crash: nothing is flushed, the next start recovers from the log."""
        self._process.signal(signal.SIGQUIT)
        self._process.wait()

    def url(self, database):
        return f"postgresql://esteira:{self.password}@127.0.0.1:{self.port}/{database}"

    def create_database(self, name):
        self.psql("postgres", f"CREATE DATABASE {name}")

    def psql(self, database, sql):
        done = subprocess.run(
            ["psql", "--no-psqlrc", "--quiet", "--tuples-only", "--no-align",
             "--set=ON_ERROR_STOP=1", f"--dbname={self.url(database)}", f"--command={sql}"],
            env={**os.environ, "PGOPTIONS": "-c search_path=esteira"},
            capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise AssertionError(f"psql: {done.stderr}")
        return done.stdout

    def dump(self, database):
        done = subprocess.run([f"{self._programs}/pg_dump", f"--dbname={self.url(database)}"],
                              capture_output=True, check=True)
        return done.stdout

    def close(self):
        if self._process is not None:
            self.stop_immediately()
        shutil.rmtree(self._directory, ignore_errors=True)


class PgBouncer:
    """Transaction pooling with fewer server connections than clients."""

    def __init__(self, server, database):
        self._directory = own_directory("esteira-e2e-pgbouncer-")
        self._port = free_port()
        self._database = database
        settings = os.path.join(self._directory, "pgbouncer.ini")
        with open(settings, "w", encoding="utf-8") as file:
            file.write(f"[databases]\n{database} = host=127.0.0.1 port={server.port} "
                       f"user=esteira password={server.password}\n"
                       "[pgbouncer]\npool_mode = transaction\nauth_type = any\n"
                       "default_pool_size = 2\nmax_client_conn = 200\n"
                       f"listen_addr = 127.0.0.1\nlisten_port = {self._port}\n"
                       "unix_socket_dir =\nlog_connections = 0\nlog_disconnections = 0\n")
        if USER:
            shutil.chown(settings, USER, USER)
        self._process = Process([shutil.which("pgbouncer") or "/usr/sbin/pgbouncer", settings],
                                os.path.join(self._directory, "log"), user=USER,
                                directory=self._directory)
        wait_until(self._answers, "PgBouncer answers")

    def _answers(self):
        if not self._process.running():
            raise AssertionError("PgBouncer ended at its start:\n" + self._process.last_output())
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self._port)) == 0

    def url(self):
        return f"postgresql://esteira@127.0.0.1:{self._port}/{self._database}"

    def close(self):
        self._process.kill()
        shutil.rmtree(self._directory, ignore_errors=True)
