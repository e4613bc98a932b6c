"""Bad usage is answered with status 2 and words; --help with 0.

    usage_test.py ESTEIRA_SIM
"""
import subprocess
import sys


def main(program):
    bad = [["--seeds"], ["--seed", "x"], ["--seeds", "0"], ["--mistake", "none-such"], ["--loud"],
           ["--seed", "-1"]]
    for arguments in bad:
        done = subprocess.run([program, *arguments], capture_output=True, text=True, check=False)
        if done.returncode != 2 or not done.stderr.startswith("esteira-sim: ") or done.stdout:
            sys.exit(f"{arguments}: status {done.returncode}, {done.stderr!r}")
    done = subprocess.run([program, "--help"], capture_output=True, text=True, check=False)
    if done.returncode != 0 or "--mistake" not in done.stdout:
        sys.exit(f"--help: status {done.returncode}")


main(*sys.argv[1:])
