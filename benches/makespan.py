#!/usr/bin/env python3
"""How near to the best known order goalc runs steps of very different lengths. Needs what compare.py installs.

    makespan.py [--goalc PATH] [--graphs N] [--steps N] [--jobs N] [--slower N]

Makes graphs whose steps sleep, most of them for a moment and a few for long. Works out how long list scheduling by the
critical path takes (the step with the longest way to the end first), and runs the same graph by goalc that knows
estimates, by goalc that knows only an earlier run, by ninja and by make. Prints each one's time beside that of the list.
"""
import argparse
import heapq
import importlib.util
import os
import pathlib
import random
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent


def compare():
    spec = importlib.util.spec_from_file_location("compare", ROOT / "benches/compare.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def skewed(seed, steps, slower):
    """What each step waits for, and how long it sleeps, in milliseconds."""
    chance = random.Random(seed)
    needs = [sorted(chance.sample(range(max(0, i - 40), i), min(i, chance.choice([0, 1, 1, 2])))) for i in range(steps)]
    lengths = [chance.choice([600, 1200]) if chance.random() < 0.08 else chance.randrange(20, 120) for _ in range(steps)]
    return needs, [length * slower for length in lengths]


def list_schedule(needs, lengths, jobs):
    """The makespan in milliseconds where the step with the longest way to the end goes first."""
    users = [[] for _ in needs]
    for step, its in enumerate(needs):
        for need in its:
            users[need].append(step)
    way = [0] * len(needs)
    for step in reversed(range(len(needs))):
        way[step] = lengths[step] + max((way[user] for user in users[step]), default=0)
    waits = [len(its) for its in needs]
    ready = [(-way[step], step) for step, count in enumerate(waits) if count == 0]
    heapq.heapify(ready)
    running, now = [], 0
    while ready or running:
        while ready and len(running) < jobs:
            step = heapq.heappop(ready)[1]
            heapq.heappush(running, (now + lengths[step], step))
        now, step = heapq.heappop(running)
        for user in users[step]:
            waits[user] -= 1
            if waits[user] == 0:
                heapq.heappush(ready, (-way[user], user))
    return now


def write(folder, needs, lengths):
    names = [f"s{i}" for i in range(len(needs))]
    plans = {"estimates": "", "history": ""}
    rules, builds = "", ""
    for i, its in enumerate(needs):
        depends = f" depends {', '.join(names[n] for n in its)};" if its else ""
        seconds = lengths[i] / 1000
        for plan in plans:
            estimate = f" estimate {lengths[i]}ms;" if plan == "estimates" else ""
            plans[plan] += f'  step {names[i]} {{{depends}{estimate} run ["sleep", "{seconds}"]; idempotent }}\n'
        words = " ".join(names[n] for n in its)
        rules += f"{names[i]}: {words}\n\t@sleep {seconds}\n"
        builds += f"build {names[i]}: r {words}\n  t = {seconds}\n"
    for plan, steps in plans.items():
        (folder / f"{plan}.goal").write_text(f"goal {plan} {{\n{steps}}}\n")
    (folder / "Makefile").write_text(f".PHONY: all {' '.join(names)}\nall: {' '.join(names)}\n{rules}")
    (folder / "build.ninja").write_text(f"rule r\n  command = sleep $t\n{builds}")


def timed(command, folder):
    begun = time.monotonic()
    env = dict(os.environ, GOALC_STATE_DIR=str(folder / "state"))
    subprocess.run(command, cwd=folder, env=env, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    return (time.monotonic() - begun) * 1000


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goalc", default=str(ROOT / "target/release/goalc"))
    parser.add_argument("--graphs", type=int, default=4)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("--jobs", type=int, default=6)
    parser.add_argument("--slower", type=int, default=4, help="how much longer steps take than 20 to 120 ms")
    options = parser.parse_args()
    goalc, jobs = os.path.abspath(options.goalc), str(options.jobs)
    tools = compare().install(["ninja", "make"])
    print("| graph | list, seconds | goalc, estimates | goalc, history | ninja | make |\n| --- | --- | --- | --- | --- | --- |")
    for seed in range(options.graphs):
        needs, lengths = skewed(seed, options.steps, options.slower)
        bound = list_schedule(needs, lengths, options.jobs)
        with tempfile.TemporaryDirectory() as name:
            folder = pathlib.Path(name)
            write(folder, needs, lengths)
            run = [goalc, "run", "-j", jobs]
            taken = [timed([*run, "estimates.goal"], folder)]
            timed([*run, "history.goal"], folder)
            taken.append(timed([*run, "history.goal"], folder))
            for tool, arguments in (("ninja", []), ("make", ["all"])):
                taken.append(timed([tools[tool], f"-j{jobs}", *arguments], folder) if tool in tools else None)
        ratios = " | ".join(f"{each / bound:.3f}" if each else "" for each in taken)
        print(f"| {seed} | {bound / 1000:.2f} | {ratios} |", flush=True)


if __name__ == "__main__":
    main()
