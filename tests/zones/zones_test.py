"""Cron rules at every change of every IANA zone's clocks from 1970 to 2037, beside an oracle.

Usage: zones_test.py PROGRAM. The oracle is Python's zoneinfo and the rule as docs/schedules.md has it:
where the hour is fixed, each local time happens once, the first time that it is shown, or where a gap
skips it at the first instant after the gap; where the hour begins with "*", at every instant whose local
time fits.
"""

import collections
import concurrent.futures
import datetime
import os
import struct
import subprocess
import sys
import unittest
import zoneinfo

UTC = datetime.timezone.utc
EPOCH = datetime.datetime(1970, 1, 1)
BEGIN = int(datetime.datetime(1970, 1, 1, tzinfo=UTC).timestamp())
END = int(datetime.datetime(2038, 1, 1, tzinfo=UTC).timestamp())
MINUTE, HOUR, DAY = 60, 3600, 86400
# Whatever a machine was set to, and what is no zone: not offered.
NO_ZONES = {"localtime", "Factory"}
PROGRAM = sys.argv.pop(1) if len(sys.argv) > 1 else None


def file_of(name):
    for folder in zoneinfo.TZPATH:
        path = os.path.join(folder, name)
        if os.path.isfile(path):
            with open(path, "rb") as file:
                return file.read()
    raise FileNotFoundError(name)


def changes_of(data):
    """The instants of a TZif file (RFC 8536) at which its local time type changes."""
    def header(at):
        return struct.unpack(">6l", data[at + 20:at + 44])

    isut, isstd, leap, times, types, chars = header(0)
    at = 44 + times * 5 + types * 6 + chars + leap * 8 + isstd + isut
    times = header(at)[3]
    return struct.unpack(f">{times}q", data[at + 44:at + 44 + 8 * times])


def offset_at(zone, instant):
    return int(datetime.datetime.fromtimestamp(instant, zone).utcoffset().total_seconds())


def local_text(seconds):
    return EPOCH + datetime.timedelta(seconds=seconds)


class Rule:
    """Seconds, minutes and hours as sets; every day."""

    def __init__(self, second, minutes, hours, text):
        self.second, self.minutes, self.hours = second, minutes, hours
        self.text = text

    def elapsed(self, zone, begin, end):
        """Every instant whose local time fits; the seconds between are passed over where no clock changes."""
        found = []
        instant = begin + 1
        while instant <= end:
            offset = offset_at(zone, instant)
            step = (self.second - (instant + offset)) % MINUTE
            if step == 0:
                shown = instant + offset
                if shown // MINUTE % 60 in self.minutes and shown // HOUR % 24 in self.hours:
                    found.append(instant)
                step = 1
            elif offset_at(zone, instant + step) != offset:
                step = 1
            instant += step
        return found

    def once(self, zone, begin, end):
        found = set()
        first_day = local_text(begin - 2 * DAY).replace(hour=0, minute=0, second=0)
        for day in range((end - begin) // DAY + 5):
            for hour in self.hours:
                for minute in self.minutes:
                    local = first_day + datetime.timedelta(days=day, hours=hour, minutes=minute,
                                                           seconds=self.second)
                    instant = first_instant(zone, local)
                    if begin < instant <= end:
                        found.add(instant)
        return sorted(found)


def first_instant(zone, local):
    """When a local time is first shown; of one in a gap the gap's end."""
    first = int(local.replace(tzinfo=zone, fold=0).timestamp())
    shown = datetime.datetime.fromtimestamp(first, zone).replace(tzinfo=None)
    if shown == local:
        return first
    # In a gap the two readings lie on either side of its end.
    other = int(local.replace(tzinfo=zone, fold=1).timestamp())
    low, high = min(first, other) - 1, max(first, other)
    before = offset_at(zone, low)
    while high - low > 1:
        middle = (low + high) // 2
        if offset_at(zone, middle) == before:
            low = middle
        else:
            high = middle
    return high


def questions_of(zone, changes):
    """(rule, begin, end) around each change."""
    for change in changes:
        before, after = offset_at(zone, change - 1), offset_at(zone, change)
        if before == after:
            continue
        # The middle of the local times that are skipped or repeated.
        middle = local_text(change + (before + after) // 2)
        lower = local_text(change + min(before, after))
        hour, minute = middle.hour, middle.minute
        next_hour = (hour + 1) % 24
        rules = [
            Rule(0, {minute}, {hour}, f"{minute} {hour} * * *"),
            Rule(17, {minute}, {hour}, f"17 {minute} {hour} * * *"),
            Rule(0, {0, 20, 40}, {hour, next_hour}, f"*/20 {hour},{next_hour} * * *"),
            Rule(0, {lower.minute}, {lower.hour}, f"{lower.minute} {lower.hour} * * *"),
        ]
        for rule in rules:
            yield rule, change - 30 * HOUR, change + 30 * HOUR


def elapsed_questions_of(zone, changes):
    for change in changes:
        if offset_at(zone, change - 1) == offset_at(zone, change):
            continue
        for rule in (Rule(0, set(range(0, 60, 15)), set(range(24)), "*/15 * * * *"),
                     Rule(30, {0, 30}, set(range(0, 24, 2)), "30 */30 */2 * * *")):
            yield rule, change - 90 * MINUTE, change + 150 * MINUTE


def check_zone(name):
    """(questions, changes, mismatches) of a zone."""
    zone = zoneinfo.ZoneInfo(name)
    changes = [at for at in changes_of(file_of(name)) if BEGIN <= at < END]
    asked, expected = [], []
    for rule, begin, end in questions_of(zone, changes):
        asked.append(f"{name}|{rule.text}|{begin}|{end}")
        expected.append(rule.once(zone, begin, end))
    for rule, begin, end in elapsed_questions_of(zone, changes):
        asked.append(f"{name}|{rule.text}|{begin}|{end}")
        expected.append(rule.elapsed(zone, begin, end))
    # Where no clock changes there is something to ask too.
    asked.append(f"{name}|0 12 * * *|{BEGIN}|{BEGIN + 2 * DAY}")
    noon = Rule(0, {0}, {12}, "")
    expected.append(noon.once(zone, BEGIN, BEGIN + 2 * DAY))
    answers = subprocess.run([PROGRAM], input="\n".join(asked) + "\n", text=True,
                             capture_output=True, check=True).stdout.splitlines()
    wrong = []
    for question, answer, right in zip(asked, answers, expected, strict=True):
        if answer.split() != [str(instant) for instant in right]:
            wrong.append(f"{question}: answered {answer}, expected {right}")
    return len(asked), len(changes), wrong


class Zones(unittest.TestCase):
    def test_every_zone_keeps_the_rule_at_every_change_of_its_clocks(self):
        names = sorted(zoneinfo.available_timezones() - NO_ZONES)
        self.assertGreater(len(names), 400, "the system's time zones are missing")
        # Many names share a file.
        files = collections.defaultdict(list)
        for name in names:
            files[file_of(name)].append(name)
        chosen = [group[0] for group in files.values()]
        asked = changed = 0
        wrong = []
        with concurrent.futures.ProcessPoolExecutor() as pool:
            for questions, changes, mismatches in pool.map(check_zone, chosen, chunksize=4):
                asked += questions
                changed += changes
                wrong += mismatches
        print(f"{len(names)} names, {len(chosen)} zones, {changed} changes, {asked} questions, "
              f"{len(wrong)} mismatches")
        self.assertGreater(changed, 10_000)
        self.assertEqual(wrong[:20], [])

    def test_every_name_is_known(self):
        names = sorted(zoneinfo.available_timezones() - NO_ZONES)
        lines = "".join(f"{name}|0 0 * * *|0|{DAY}\n" for name in names)
        answers = subprocess.run([PROGRAM], input=lines, text=True, capture_output=True,
                                 check=True).stdout.splitlines()
        self.assertEqual([(name, answer) for name, answer in zip(names, answers, strict=True)
                          if answer.startswith("error")], [])

    def test_the_known_places(self):
        """So that the oracle itself is held to something: New York, Lord Howe, Apia."""
        def utc(text):
            return int(datetime.datetime.fromisoformat(text).timestamp())

        new_york = zoneinfo.ZoneInfo("America/New_York")
        self.assertEqual(first_instant(new_york, datetime.datetime(2026, 3, 8, 2, 30)),
                         utc("2026-03-08T07:00:00+00:00"))
        self.assertEqual(first_instant(new_york, datetime.datetime(2026, 11, 1, 1, 30)),
                         utc("2026-11-01T05:30:00+00:00"))
        self.assertEqual(first_instant(zoneinfo.ZoneInfo("Australia/Lord_Howe"),
                                       datetime.datetime(2026, 10, 4, 2, 15)),
                         utc("2026-10-04T02:30:00+11:00"))
        self.assertEqual(first_instant(zoneinfo.ZoneInfo("Pacific/Apia"),
                                       datetime.datetime(2011, 12, 30, 9, 0)),
                         utc("2011-12-31T00:00:00+14:00"))


if __name__ == "__main__":
    unittest.main()
