"""Two programs that both think that they make the tasks of a schedule, killed around its ticks: no
nominal time is missed, none is done twice.

--kills N: around how many ticks (default: 20; what is promised was shown with 500).
"""

import math
import random
import time

from harness.case import OPTIONS, EndToEnd, main
from harness.processes import wait_until

NAME = "tick"
SECOND_US = 1_000_000
# Around a tick, in seconds: before it, while its tasks are made, and after.
BEFORE, AFTER = 0.03, 0.07


class SchedulesUnderFire(EndToEnd):
    def start(self):
        return self.product.start("serve", "--no-worker", "--listen", "127.0.0.1:0")

    def runs(self):
        """[(nominal second, task id)], in order."""
        sqlite = self.store.engine == "sqlite"
        seconds = f"nominal_at_us / {SECOND_US}" if sqlite else "extract(epoch FROM nominal_at)::bigint"
        rows = self.store.rows(f"SELECT {seconds} AS second, task_id FROM task_schedule_runs "
                               "ORDER BY 1")
        return [(row["second"], row["task_id"]) for row in rows]

    def clock(self):
        """The database's, which is this machine's."""
        return time.time()

    def test_no_nominal_time_is_missed_and_none_is_done_twice(self):
        chance = random.Random(20260301)
        programs = [self.start(), self.start()]
        for program in programs:
            wait_until(lambda program=program: " runs." in program.output(), "it has started")
        self.product.run("schedule", "set", NAME, "--cron", "* * * * * *", "--type", "NOOP",
                         "--missed", "all", "--missed-window", "1h", "--missed-max", "1000")
        wait_until(self.runs, "the first tick")
        tick = 0
        for number in range(OPTIONS.kills):
            tick = max(tick + 1, math.ceil(self.clock() + BEFORE))  # each tick once
            moment = tick + chance.uniform(-BEFORE, AFTER)
            wait_until(lambda moment=moment: self.clock() >= moment, "the tick", pause=0.001)
            # Every fourth time both: then somebody has to make up what nobody was there for.
            both = number % 4 == 3
            for place in ((0, 1) if both else (number % 2,)):
                self.assertEqual(programs[place].kill(), -9)
                programs[place] = self.start()
        last = int(self.clock()) + 1
        wait_until(lambda: self.runs()[-1][0] >= last, "the ticks go on")
        for program in programs:
            self.assertEqual(program.terminate(), 0, program.last_output())
        self.judge()

    def judge(self):
        runs = self.runs()
        seconds = [second for second, _ in runs]
        expected = list(range(seconds[0], seconds[-1] + 1))
        missed = sorted(set(expected) - set(seconds))
        ids = [task_id for _, task_id in runs]
        tasks = [row["task_id"] for row in self.store.rows("SELECT task_id FROM tasks")]
        doubled = len(tasks) - len(set(seconds))
        print(f"kills at {OPTIONS.kills} ticks of {len(expected)}: {len(missed)} missed, "
              f"{doubled} doubled")
        self.assertGreaterEqual(len(expected), OPTIONS.kills)
        self.assertEqual(missed, [])
        self.assertEqual(doubled, 0)
        self.assertEqual(sorted(ids), sorted(tasks))
        self.assertEqual(len(set(ids)), len(ids))


def options(parser):
    parser.add_argument("--kills", type=int, default=20)


if __name__ == "__main__":
    main(options)
