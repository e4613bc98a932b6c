"""The program under test: its command line, and its long-running verbs."""

import json
import os
import subprocess

from harness.processes import PATIENCE_SECONDS, Process


class Product:
    def __init__(self, binary, directory, database):
        self.binary = binary
        self.directory = directory
        self.database = database
        self._processes = []
        self._environment = {name: value for name, value in os.environ.items()
                             if not name.startswith(("ESTEIRA_", "PG"))}
        self._environment["ESTEIRA_DATABASE_URL"] = database

    def configure(self, text):
        with open(os.path.join(self.directory, "esteira.toml"), "w", encoding="utf-8") as file:
            file.write(text)

    def run(self, *arguments, text=None, status=0):
        """Runs a verb to its end and answers its standard output."""
        done = subprocess.run([self.binary, *map(str, arguments)], input=text or "", text=True,
                              capture_output=True, cwd=self.directory, env=self._environment,
                              timeout=2 * PATIENCE_SECONDS, check=False)
        if done.returncode != status:
            raise AssertionError(f"esteira {' '.join(map(str, arguments))}: exit status "
                                 f"{done.returncode} instead of {status}\n{done.stdout[-2000:]}"
                                 f"{done.stderr[-2000:]}")
        return done.stdout

    def json(self, *arguments, text=None):
        return json.loads(self.run(*arguments, "--json", text=text))

    def create(self, task_type, payload, *options):
        """The new task's ID."""
        return self.json("task", "create", task_type, "--payload", json.dumps(payload),
                         *options)["task_id"]

    def import_tasks(self, tasks):
        self.run("task", "import", "-", text="".join(json.dumps(task) + "\n" for task in tasks))

    def show(self, task_id):
        return self.json("task", "show", task_id)

    def executions(self, task_id):
        """Oldest first."""
        return sorted(self.json("task", "executions", task_id), key=lambda row: row["attempt"])

    def start(self, verb, *options, database=None):
        """A verb that runs on, such as `worker`."""
        log = os.path.join(self.directory, f"{verb}-{len(self._processes)}.log")
        environment = dict(self._environment)
        if database:
            environment["ESTEIRA_DATABASE_URL"] = database
        process = Process([self.binary, verb, *map(str, options)], log,
                          directory=self.directory, environment=environment)
        self._processes.append(process)
        return process

    def stop_all(self):
        for process in self._processes:
            process.kill()
