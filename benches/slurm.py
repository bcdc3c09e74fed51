#!/usr/bin/env python3
"""How many short steps a second a Slurm cluster takes from goalc: a job each, and in shared allocations. Standard library
only; needs a cluster (scripts/slurm/up starts one on this machine, then: . $SLURM_DIR/env).

    slurm.py [--goalc PATH] [--steps N] [--alone N] [--jobs N]

All run a plan of independent steps `true`: N of them in shared allocations (`batch = 1`) and on this machine, fewer with
a job each (`batch = 0`). Beside them, what Slurm takes for as many jobs by itself, one `sbatch` after the other. Prints a
table.
"""
import argparse
import os
import pathlib
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def run(goalc, steps, jobs, settings, *arguments):
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        text = "".join(f'  step s{n} {{ run "true" }}\n' for n in range(steps))
        (folder / "plan.goal").write_text(f"goal many {{\n{text}}}\n")
        (folder / "goal.toml").write_text(f"[executor.slurm]\n{settings}\n")
        command = [goalc, "run", "plan.goal", "-q", "-j", str(jobs), *arguments]
        began = time.monotonic()
        subprocess.run(command, cwd=folder, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        return time.monotonic() - began


def by_hand(steps):
    """From the first submission to the end of the last job."""
    began = time.monotonic()
    for _ in range(steps):
        command = ["sbatch", "-J", "by-hand", "-o", "/dev/null", "-D", "/", "--wrap", "true"]
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    while subprocess.run(["squeue", "-h", "-n", "by-hand"], check=True, capture_output=True).stdout:
        time.sleep(0.1)
    return time.monotonic() - began


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--goalc", default=str(ROOT / "target/release/goalc"))
    parser.add_argument("--steps", type=int, default=2000)
    parser.add_argument("--alone", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=100)
    given = parser.parse_args()
    goalc = os.path.abspath(given.goalc)
    slurm = ("--executor", "slurm")
    rows = [
        ("`sbatch` by hand", given.alone, by_hand(given.alone)),
        ("goalc, a job each", given.alone, run(goalc, given.alone, given.jobs, "batch = 0", *slurm)),
        ("goalc, shared allocations", given.steps, run(goalc, given.steps, given.jobs, "batch = 1", *slurm)),
        ("goalc, one step on the idle cluster", 1, run(goalc, 1, 1, "batch = 8", *slurm)),
        ("goalc, this machine, 2 at once", given.steps, run(goalc, given.steps, 2, "batch = 1")),
    ]
    print("| | steps | seconds | steps a second |\n| --- | --- | --- | --- |")
    for name, steps, seconds in rows:
        print(f"| {name} | {steps} | {seconds:.1f} | {steps / seconds:.0f} |")


main()
