"""A deliberate mistake is found, by the checks that are meant to find it, and its seed repeats.

    mistake_test.py ESTEIRA_SIM MISTAKE INVARIANT[,INVARIANT…] SEEDS
"""
import re
import subprocess
import sys


def run(*arguments):
    return subprocess.run(arguments, capture_output=True, text=True, check=False)


def main(program, mistake, invariants, seeds):
    done = run(program, "--mistake", mistake, "--from", "1", "--seeds", seeds)
    found = re.search(r"^VIOLATION (\S+) SEED=(\d+) ", done.stdout, re.MULTILINE)
    if done.returncode != 1 or not found:
        sys.exit(f"{mistake}: not found, status {done.returncode}\n{done.stdout[-2000:]}")
    invariant, seed = found.groups()
    if invariant not in invariants.split(","):
        sys.exit(f"{mistake}: broke {invariant} in seed {seed}, not {invariants}")
    alone = run(program, "--mistake", mistake, "--seed", seed)
    if alone.returncode != 1 or f"VIOLATION {invariant} SEED={seed} " not in alone.stdout:
        sys.exit(f"{mistake}: seed {seed} does not show it again\n{alone.stdout[-2000:]}")
    sound = run(program, "--seed", seed)
    if sound.returncode != 0:
        sys.exit(f"seed {seed} breaks a promise without the mistake too\n{sound.stdout[-2000:]}")
    print(f"{mistake}: {invariant}, seed {seed}")


main(*sys.argv[1:])
