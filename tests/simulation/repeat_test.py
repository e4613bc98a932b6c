"""The same seed prints the same trace digest, alone and in a row with others.

    repeat_test.py ESTEIRA_SIM FIRST COUNT
"""
import subprocess
import sys


def lines_of(*arguments):
    done = subprocess.run(arguments, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        sys.exit(f"{' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}")
    return done.stdout.splitlines()


def main(program, first, count):
    row = lines_of(program, "--from", first, "--seeds", count)
    if row != lines_of(program, "--from", first, "--seeds", count):
        sys.exit("the same seeds printed other lines the second time")
    if row[0] != f"FROM={first} SEEDS={count}":
        sys.exit(f"the first line is {row[0]!r}")
    for line in row[1:-1]:
        seed = line.split()[0]
        alone = lines_of(program, "--seed", seed)
        if alone[0] != f"SEED={seed}":
            sys.exit(f"the first line is {alone[0]!r}")
        if alone[1] != line:
            sys.exit(f"seed {seed} printed {alone[1]!r} alone and {line!r} in a row")
    if len({line.split()[1] for line in row[1:-1]}) != int(count):
        sys.exit("two seeds printed the same digest")


main(*sys.argv[1:])
