"""Commands for COMMAND_RUN tasks that the test can watch and hold."""

import os

from harness.processes import is_alive

# Written aside and moved, so that a reader never sees half of it.
_BEGIN = """name="$ESTEIRA_TASK_ID-$ESTEIRA_ATTEMPT"
echo "$$ $child" > "{folder}/.$name"
mv "{folder}/.$name" "{folder}/$name"
"""
_WAIT = 'while [ ! -e "{gate}" ]; do sleep 0.05; done\n'

SCRIPTS = {
    # Runs until the gate is open.
    "wait": "child=\n" + _BEGIN + _WAIT + "echo '{{\"waited\": true}}'\n",
    # Ignores SIGTERM, and has a child that does too.
    "cling": "trap '' TERM\nsleep 1000 &\nchild=$!\n" + _BEGIN + _WAIT,
    # Kills its worker, as a processor that crashes does.
    "murder": "child=\n" + _BEGIN + "kill -9 $PPID\n",
    "pass": "child=\n" + _BEGIN + "echo '{{\"passed\": true}}'\n",
}


class Commands:
    def __init__(self, product):
        self._folder = os.path.join(product.directory, "begun")
        self._gate = os.path.join(product.directory, "gate")
        os.mkdir(self._folder)
        settings = ""
        for name, script in SCRIPTS.items():
            path = os.path.join(product.directory, f"{name}.sh")
            with open(path, "w", encoding="ascii") as file:
                file.write(script.format(folder=self._folder, gate=self._gate))
            settings += (f"[processors.command_run.commands.{name}]\nprogram = '/bin/sh'\n"
                         f"arguments = ['{path}']\ngrace_milliseconds = 300\n")
        product.configure(settings)

    def open_gate(self):
        with open(self._gate, "w", encoding="ascii"):
            pass

    def begun(self, task_id=None):
        """The (task_id, attempt) pairs whose command has begun."""
        pairs = [tuple(map(int, name.split("-"))) for name in os.listdir(self._folder)
                 if not name.startswith(".")]
        return sorted(pair for pair in pairs if task_id in (None, pair[0]))

    def alive(self):
        """The processes of all commands, and their children, that still run."""
        pids = []
        for name in os.listdir(self._folder):
            with open(os.path.join(self._folder, name), encoding="ascii") as file:
                pids += [int(pid) for pid in file.read().split()]
        return [pid for pid in pids if is_alive(pid)]
