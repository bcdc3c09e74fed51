#!/usr/bin/env python3
"""How long goalc takes for many small steps, beside make, ninja and a bare loop. Standard library only.

    many-steps.py [--goalc PATH] [--steps N] [--rounds N] [--jobs N]

All run as many independent `true`s, in turn, so that what else the machine does hits all alike. goalc keeps
its journal meanwhile: at each change, and once more only at checkpoints and the end. The bare loop is a C program
that does nothing but posix_spawn and wait. Prints a table of the best times, the memory at most, and the ratios.
Tools that are not there are left out.
"""
import argparse
import os
import pathlib
import shutil
import subprocess
import tempfile
import time

ROOT = pathlib.Path(__file__).resolve().parent.parent
LOOP = r"""
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
extern char **environ;
int main(int argc, char **argv) {
    int steps = atoi(argv[1]), jobs = atoi(argv[2]), running = 0, status;
    char *words[] = {"true", 0};
    while (steps > 0 || running > 0) {
        if (steps > 0 && running < jobs) {
            pid_t pid;
            if (posix_spawn(&pid, argv[3], 0, 0, words, environ) != 0) return 1;
            steps--, running++;
        } else if (wait(&status) > 0) running--;
        else return 1;
    }
    return 0;
}
"""


def write_plans(folder, steps):
    names = [f"s{i}" for i in range(steps)]
    rules = "".join(f"{name}:\n\t@true\n" for name in names)
    goals = "".join(f'  step {name} {{ run ["true"]; idempotent }}\n' for name in names)
    targets = " ".join(names)
    (folder / "Makefile").write_text(f".PHONY: all {targets}\nall: {targets}\n{rules}")
    (folder / "build.ninja").write_text("rule t\n  command = true\n" + "".join(f"build {name}: t\n" for name in names))
    (folder / "realtime.goal").write_text(f"goal many {{\n{goals}}}\n")
    (folder / "checkpoints.goal").write_text(f"goal many {{\n  progress checkpoints\n{goals}}}\n")
    (folder / "loop.c").write_text(LOOP)


def timed(command, folder):
    """Seconds, and megabytes of the tool itself at most."""
    shutil.rmtree(folder / "state", ignore_errors=True)
    env = dict(os.environ, GOALC_STATE_DIR=str(folder / "state"))
    begun = time.monotonic()
    process = subprocess.Popen(command, cwd=folder, env=env, stdin=subprocess.DEVNULL,
                               stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    taken = time.monotonic() - begun
    if status != 0:
        raise SystemExit(f"{command[0]} failed")
    return taken, usage.ru_maxrss / 1024


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--goalc", default=str(ROOT / "target/release/goalc"))
    parser.add_argument("--steps", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--jobs", type=int, default=2)
    options = parser.parse_args()
    jobs, goalc = str(options.jobs), os.path.abspath(options.goalc)
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        write_plans(folder, options.steps)
        commands = {}
        if shutil.which("cc"):
            subprocess.run(["cc", "-O2", "-o", "loop", "loop.c"], cwd=folder, check=True)
            commands["bare loop"] = [str(folder / "loop"), str(options.steps), jobs, shutil.which("true")]
        if shutil.which("make"):
            commands["make"] = ["make", f"-j{jobs}", "all"]
        if shutil.which("ninja"):
            commands["ninja"] = ["ninja", f"-j{jobs}"]
        for progress in ("checkpoints", "realtime"):
            commands[f"goalc, {progress}"] = [goalc, "run", f"{progress}.goal", "-j", jobs]
        rounds = {tool: [] for tool in commands}
        for _ in range(options.rounds):
            for tool, command in commands.items():
                rounds[tool].append(timed(command, folder))
    best = {tool: min(taken for taken, _ in each) for tool, each in rounds.items()}
    print("| tool | seconds | peak MB | of the bare loop | of make |\n| --- | --- | --- | --- | --- |")
    for tool, each in rounds.items():
        ratios = [f"{best[tool] / best[peer]:.2f}" if peer in best else "" for peer in ("bare loop", "make")]
        print(f"| {tool} | {best[tool]:.2f} | {max(memory for _, memory in each):.0f} | {' | '.join(ratios)} |")


if __name__ == "__main__":
    main()
