#!/usr/bin/env python3
"""How long goalc takes for many small steps, beside make. Standard library only.

    vs-make.py [--goalc PATH] [--steps N] [--rounds N] [--jobs N]

Both run as many independent `true`s, in turn, so that what else the machine does hits both alike.
goalc keeps its journal meanwhile, as it always does. Prints the median of each and their ratio.
"""
import argparse
import os
import pathlib
import shutil
import statistics
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def write_plans(folder, steps):
    names = [f"s{i}" for i in range(steps)]
    rules = "".join(f"{name}:\n\t@true\n" for name in names)
    goals = "".join(f'  step {name} {{ run ["true"]; idempotent }}\n' for name in names)
    targets = " ".join(names)
    (folder / "Makefile").write_text(f".PHONY: all {targets}\nall: {targets}\n{rules}")
    (folder / "many.goal").write_text(f"goal many {{\n{goals}}}\n")


def timed(command, folder):
    state = folder / "state"
    shutil.rmtree(state, ignore_errors=True)
    env = dict(os.environ, GOALC_STATE_DIR=str(state))
    begun = time.monotonic()
    subprocess.run(
        command, cwd=folder, env=env, check=True,
        stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )
    return time.monotonic() - begun


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goalc", default=str(ROOT / "target/release/goalc"))
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    if not shutil.which("make"):
        raise SystemExit("make is not installed")

    jobs = str(options.jobs)
    commands = {
        "make": ["make", f"-j{jobs}", "all"],
        "goalc": [os.path.abspath(options.goalc), "run", "many.goal", "-j", jobs],
    }
    times = {name: [] for name in commands}
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_plans(folder, options.steps)
        for _ in range(options.rounds):
            for tool, command in commands.items():
                times[tool].append(timed(command, folder))

    medians = {tool: statistics.median(taken) for tool, taken in times.items()}
    for tool, taken in times.items():
        rounds = " ".join(f"{seconds:.3f}" for seconds in taken)
        print(f"{tool:6} median {medians[tool]:.3f} s   ({rounds})")
    print(f"goalc takes {medians['goalc'] / medians['make']:.2f} times as long as make")


if __name__ == "__main__":
    main()
