#!/usr/bin/env python3
"""How near the dry-run's makespan is to that of the run itself. Standard library only.

    forecast.py [--goalc PATH] [--unit SECONDS]

Five plans of steps that sleep exactly as long as their estimate, each forecast and run with one, two and
four jobs. Prints for each the forecast, what the run took by its own record, their ratio, and the bound
that no schedule can be below; ends with 1 where a run is more than 5 % off or below its bound.
"""
import argparse
import datetime
import json
import os
import pathlib
import random
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parent.parent
JOBS = [1, 2, 4]


def step(name, seconds, before=()):
    depends = f"depends {', '.join(before)}; " if before else ""
    return f'  step {name} {{ {depends}run "sleep {seconds:.3f}"; estimate {round(seconds * 1000)}ms }}\n'


def plans(unit):
    """Name and steps: a diamond, a chain, a fan, layers, and one that is drawn."""
    yield "diamond", (
        step("a", 2 * unit) + step("b", 5 * unit, ["a"]) + step("c", unit, ["a"]) + step("d", 3 * unit, ["b", "c"])
    )
    yield "chain", "".join(step(f"s{i}", unit, [f"s{i - 1}"] if i else []) for i in range(8))
    yield "fan", "".join(step(f"s{i}", (1 + i % 4) * unit) for i in range(12)) + step(
        "last", unit, [f"s{i}" for i in range(12)]
    )
    layers = ""
    for layer in range(3):
        before = [f"l{layer - 1}x{i}" for i in range(4)] if layer else []
        layers += "".join(step(f"l{layer}x{i}", (1 + i) * unit, before) for i in range(4))
    yield "layers", layers
    dice = random.Random(5)
    drawn = ""
    for i in range(20):
        before = sorted(dice.sample(range(i), min(i, dice.randrange(3))))
        drawn += step(f"s{i}", dice.uniform(0.5, 4) * unit, [f"s{b}" for b in before])
    yield "drawn", drawn


def call(goalc, folder, *arguments):
    env = dict(os.environ, GOALC_STATE_DIR=str(folder / "state"))
    done = subprocess.run(
        [goalc, "run", "plan.goal", "--format", "json", *arguments],
        cwd=folder, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, check=True,
    )
    return json.loads(done.stdout)


def took(run):
    """From the first start to the last end."""
    moment = lambda text: datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))
    starts = min(moment(step["started"]) for step in run["steps"])
    return (max(moment(step["ended"]) for step in run["steps"]) - starts).total_seconds()


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goalc", default=str(ROOT / "target/release/goalc"))
    parser.add_argument("--unit", type=float, default=1.0, help="seconds that the shortest step sleeps")
    options = parser.parse_args()
    goalc, off = os.path.abspath(options.goalc), 0
    print("plan     jobs  forecast  run      ratio  bound")
    for name, steps in plans(options.unit):
        for jobs in JOBS:
            with tempfile.TemporaryDirectory() as folder:
                folder = pathlib.Path(folder)
                (folder / "plan.goal").write_text(f"goal {name} {{\n{steps}}}\n")
                view = call(goalc, folder, "--dry-run", "-j", str(jobs))
                real = took(call(goalc, folder, "-j", str(jobs)))
            forecast, bound = view["makespan"], view["lower_bound"]
            wrong = abs(real / forecast - 1) > 0.05 or forecast < bound or real < bound
            off += wrong
            mark = "  <--" if wrong else ""
            print(f"{name:8} {jobs:4}  {forecast:7.3f}  {real:7.3f}  {real / forecast:.3f}  {bound:7.3f}{mark}")
    sys.exit(bool(off))


if __name__ == "__main__":
    main()
