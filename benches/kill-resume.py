#!/usr/bin/env python3
"""Kills goalc at random moments and resumes, again and again. Standard library only.

    kill-resume.py [--goalc PATH] [--kills N] [--seed N] [--steps N] [-v]

Each of a plan's steps appends its name to a file. goalc gets SIGKILL at a random moment, then
`goalc show` says which steps it recorded as succeeded, then it is resumed, until the plan is done;
then a new run begins, until there were as many kills as asked for. What must hold:

    a step recorded as succeeded did happen, and never happens again;
    a resume always works, and the plan is achieved in the end;
    a step starts only after all that it depends on was recorded as succeeded.
"""
import argparse
import collections
import json
import os
import pathlib
import random
import signal
import subprocess
import sys
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
WIDTH = 10


def plan(steps):
    """Layers of ten; each step depends on two of the layer above."""
    parts = ["goal many {\n  parallel 4\n"]
    for i in range(steps):
        above = sorted(dependencies(i))
        depends = f"depends {', '.join(f's{d}' for d in above)}; " if above else ""
        parts.append(f'  step s{i} {{ {depends}run "echo s{i} >> log"; idempotent }}\n')
    return "".join(parts) + "}\n"


def dependencies(i):
    layer, place = divmod(i, WIDTH)
    if layer == 0:
        return set()
    return {(layer - 1) * WIDTH + place, (layer - 1) * WIDTH + (place + 1) % WIDTH}


class Trial:
    """One plan in a folder of its own, from its first start to its end."""

    def __init__(self, goalc, folder, steps):
        self.goalc, self.folder, self.steps = goalc, pathlib.Path(folder), steps
        self.wrong, self.kept = [], {}
        (self.folder / "many.goal").write_text(plan(steps))

    def environment(self):
        return dict(os.environ, GOALC_STATE_DIR=str(self.folder / "state"), NO_COLOR="1")

    def call(self, *arguments):
        return subprocess.run(
            [self.goalc, *arguments], cwd=self.folder, env=self.environment(),
            stdin=subprocess.DEVNULL, capture_output=True, timeout=120,
        )

    def happened(self):
        log = self.folder / "log"
        return log.read_text().split() if log.exists() else []

    def run_until(self, seconds):
        """Starts or resumes; kills after so many seconds (None: never). True: it ended by itself."""
        command = ["run", "many.goal"] if self.newest() is None else ["resume"]
        errors = tempfile.TemporaryFile()
        process = subprocess.Popen(
            [self.goalc, *command], cwd=self.folder, env=self.environment(),
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=errors,
        )
        try:
            code = process.wait(seconds if seconds is not None else 300)
        except subprocess.TimeoutExpired:
            process.send_signal(signal.SIGKILL)
            code = process.wait()
            if code == -signal.SIGKILL:
                return False
        if code != 0:
            errors.seek(0)
            said = errors.read().decode(errors="replace")[-400:]
            self.wrong.append(f"{' '.join(command)}: exit code {code}: {said}")
        return True

    def newest(self):
        """The run's name, or None where none was recorded before the kill."""
        if not (self.folder / "state").exists():
            return None
        shown = self.call("runs", "--format", "json")
        if shown.returncode != 0:
            self.wrong.append(f"runs: exit code {shown.returncode}: {shown.stderr[-400:]!r}")
            return None
        runs = json.loads(shown.stdout)["runs"]
        return runs[0]["run"] if runs else None

    def look(self):
        """Compares what is recorded with what happened."""
        if self.newest() is None:
            return
        shown = self.call("show", "--format", "json")
        if not shown.stdout:
            self.wrong.append(f"show: exit code {shown.returncode}: {shown.stderr[-400:]!r}")
            return
        status = {step["id"]: step["status"] for step in json.loads(shown.stdout)["steps"]}
        times = collections.Counter(self.happened())
        for name, count in self.kept.items():
            if times[name] != count:
                self.wrong.append(f"{name} was recorded as succeeded, and ran again")
            if status.get(name) != "succeeded":
                self.wrong.append(f"{name} was recorded as succeeded, and is {status.get(name)} now")
        for name, word in status.items():
            if word == "succeeded":
                self.kept[name] = times[name]
                if not times[name]:
                    self.wrong.append(f"{name} is recorded as succeeded, and did not happen")
        for name in times:
            early = [d for d in dependencies(int(name[1:])) if status.get(f"s{d}") != "succeeded"]
            if early:
                self.wrong.append(f"{name} ran before s{early[0]} was recorded as succeeded")

    def finish(self):
        if len(self.kept) != self.steps:
            self.wrong.append(f"{len(self.kept)} of {self.steps} steps are recorded as succeeded at the end")


def measure(goalc, steps):
    """What is wrong with a run that no one kills, and how long it takes."""
    with tempfile.TemporaryDirectory() as folder:
        trial = Trial(goalc, folder, steps)
        begun = time.monotonic()
        trial.run_until(None)
        taken = time.monotonic() - begun
        trial.look()
        trial.finish()
    return trial.wrong, taken


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goalc", default=str(ROOT / "target/release/goalc"))
    parser.add_argument("--kills", type=int, default=100)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--steps", type=int, default=200)
    parser.add_argument("-v", action="store_true", help="say each kill")
    options = parser.parse_args()
    goalc, chance = os.path.abspath(options.goalc), random.Random(options.seed)
    kills = runs = again = 0
    wrong, whole = measure(goalc, options.steps)
    while (kills < options.kills or not runs) and not wrong:
        runs += 1
        with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
            trial = Trial(goalc, folder, options.steps)
            ended = False
            while not ended and not trial.wrong:
                # Mostly early: opening, locking and the first records are where most can go wrong.
                seconds = chance.choice([0.05, 0.2, 0.2, 1.0]) * chance.random() * whole
                ended = trial.run_until(seconds if kills < options.kills else None)
                kills += not ended
                trial.look()
                if options.v:
                    print(f"run {runs}, kill {kills}: after {seconds:.3f} s, {len(trial.kept)} succeeded")
            if not trial.wrong:
                trial.finish()
            again += len(trial.happened()) - len(set(trial.happened()))
            wrong += trial.wrong
    print(f"{kills} kills in {runs} runs of {options.steps} steps (seed {options.seed})")
    print(f"{again} steps that were not recorded as succeeded ran again, as they may")
    for line in wrong[:20]:
        print(f"  {line}")
    print("nothing ran again that was recorded as succeeded" if not wrong else f"{len(wrong)} findings")
    sys.exit(1 if wrong else 0)


if __name__ == "__main__":
    main()
