//! W07: plans that run, but likely not as meant.

use super::entries;

entries! {
    W0701 "retry without idempotent" {
        explanation: "\
The step is tried again after a failure, but nothing says that doing it twice
is safe. A first attempt that failed half way may already have sent the mail
or charged the card.

If it is safe to repeat, write `idempotent`; then it is also rerun without
asking after a crash. If not, remove the `retry`, or split off the part that
is safe.",
        wrong: "\
goal g {
  step a {
    run \"true\"
    retry 3
  }
}
",
        mended: "\
goal g {
  step a {
    run \"true\"
    retry 3
    idempotent
  }
}
",
    };
    W0703 "redundant depends" {
        explanation: "\
The step depends on this one through another step anyway. The extra name
changes nothing, but it must be kept right when the plan changes, and it makes
the graph harder to read.

Remove it.",
        wrong: "\
goal g {
  step a { run \"true\" }
  step b { depends a; run \"true\" }
  step c { depends a, b; run \"true\" }
}
",
        mended: "\
goal g {
  step a { run \"true\" }
  step b { depends a; run \"true\" }
  step c { depends b; run \"true\" }
}
",
    };
    W0705 "deadline below the critical path" {
        explanation: "\
By the plan's own estimates its longest chain of steps takes longer than the
deadline allows, however many steps run at once. Such a run is stopped before
it can achieve its goal.

Raise the `deadline`, correct the estimates, or let more of the chain run side
by side. `goalc run --dry-run` shows the critical path.",
        wrong: "\
goal g {
  deadline 10m
  step a { run \"true\"; estimate 6m }
  step b { depends a; run \"true\"; estimate 7m }
}
",
        mended: "\
goal g {
  deadline 20m
  step a { run \"true\"; estimate 6m }
  step b { depends a; run \"true\"; estimate 7m }
}
",
    };
    W0706 "unused name" {
        explanation: "\
A name is declared, but nothing in the plan uses it. Often a name is misspelt
where it should have been used, or a script was changed and its input
forgotten. Who sets such a param would wait in vain for its effect.

Use it, or remove it.",
        wrong: "\
goal g {
  param region: string = \"east\"
  step a { run \"./deploy\" }
}
",
        mended: "\
goal g {
  param region: string = \"east\"
  step a { run \"./deploy \\\"${region}\\\"\" }
}
",
    };
    W0707 "script does not parse" {
        explanation: "\
The shell would refuse this script: something that was opened is not closed,
as a quote, an `if` or a `do`. The step would fail as soon as it starts,
perhaps after an hour of other steps. Or `${…}` holds a call of one of the
language's functions, which no shell can expand: bind it by a `let`.

Close it. For a script in another language, name its interpreter with `shell`.
Scripts for sh, dash, ash and bash are read, and only what all of them would
refuse is reported.",
        wrong: "\
goal g {
  step a {
    run \"if true; then echo yes\"
  }
}
",
        mended: "\
goal g {
  step a {
    run \"if true; then echo yes; fi\"
  }
}
",
    };
    W0708 "secret in an argv" {
        explanation: "\
A secret is given as an argument of a program. Other users of the machine can
read the arguments of any process, as with `ps`, as long as it runs; masking
in logs does not help there.

Give it in the environment with `env { NAME = secret }`, if the program can
read it from there, or let a script write it to the program's standard input.",
        wrong: "\
goal g {
  param token: secret = env(\"TOKEN\", \"\")
  step a {
    run [\"login\", \"--token\", token]
  }
}
",
        mended: "\
goal g {
  param token: secret = env(\"TOKEN\", \"\")
  step a {
    run [\"login\"]
    env { LOGIN_TOKEN = token }
  }
}
",
    };
    W0709 "names that look alike" {
        explanation: "\
Two names look the same but are written with letters of different scripts,
such as Latin `scope` and Cyrillic `ѕсоре`. A reader cannot tell which of them
is meant, and neither can a reviewer.

Write both with letters of one script, or give one of them another name.",
        wrong: "\
goal g {
  step scope { run \"true\" }
  step ѕсоре { run \"true\" }
}
",
        mended: "\
goal g {
  step scope { run \"true\" }
  step reach { run \"true\" }
}
",
    };
    W0710 "rollback that cannot undo a step" {
        explanation: "\
Under `on failure rollback` this step has neither a `rollback` nor a
`snapshot`. When all others are undone it stays as it is, and what is left is
a state that never was before.

Say how to undo it, or what to save: `rollback { run … }`, `snapshot \"path\"`.
Left out are steps that are `idempotent`, as a new run makes them good, that
have `reads` and no `writes`, and those that only wait or ask a person.",
        wrong: "\
goal g {
  on failure rollback
  step a { run \"./prepare\"; rollback { run \"./prepare --undo\" } }
  step b {
    depends a
    run \"./deploy\"
  }
}
",
        mended: "\
goal g {
  on failure rollback
  step a { run \"./prepare\"; rollback { run \"./prepare --undo\" } }
  step b {
    depends a
    run \"./deploy\"
    rollback { run \"./deploy --undo\" }
  }
}
",
    };
    W0711 "join of conditions that exclude each other" {
        explanation: "\
The step depends on steps whose `when` can never hold together. One of them is
always skipped, and what depends on a skipped step is skipped too: this step
never runs.

If it should follow whichever of them ran, write `depends a?, b?`: the `?`
takes skipped for done.",
        wrong: "\
goal g {
  param target: \"staging\" | \"production\" = \"staging\"
  step a { when target == \"staging\"; run \"true\" }
  step b { when target == \"production\"; run \"true\" }
  step c { depends a, b; run \"true\" }
}
",
        mended: "\
goal g {
  param target: \"staging\" | \"production\" = \"staging\"
  step a { when target == \"staging\"; run \"true\" }
  step b { when target == \"production\"; run \"true\" }
  step c { depends a?, b?; run \"true\" }
}
",
    };
    W0712 "value in single quotes" {
        explanation: "\
In a script `${name}` is the shell's own expansion of a variable, and between
single quotes it expands nothing: the script would see the text `${name}` and
not the value. So it is in a here-document whose end word is quoted.

Use double quotes, or close the single ones around it: `'a '\"${name}\"' b'`.
What gives its argument to a shell of its own, as `sh -c '…'`, `eval` and
`trap`, is left out: that shell expands it.",
        wrong: "\
goal g {
  param version: string = \"1.0\"
  step a {
    run \"echo 'version ${version}'\"
  }
}
",
        mended: "\
goal g {
  param version: string = \"1.0\"
  step a {
    run \"echo \\\"version ${version}\\\"\"
  }
}
",
    };
    W0717 "unknown code in an allow" {
        explanation: "\
A comment `# goalc: allow(…)` names something that is no code of advice, so it
allows nothing, and what it was to silence is still reported. Codes with `E`
are errors and cannot be allowed.

Write the code as it is reported. `goalc explain` lists all of them.",
        wrong: "\
goal g {
  # goalc: allow(W703)
  step a { run \"true\" }
}
",
        mended: "\
goal g {
  # goalc: allow(W0703)
  step a { run \"true\" }
}
",
    };
    W0718 "assumption that was not used" {
        explanation: "\
`goalc test` has played the scenario, and what a `given` assumes never came up:
its step did not run, nobody was asked, or it was done before all the failures
that were assumed. Who reads the scenario takes it for a test of that case, and
it is none.

Take the line out, or correct what keeps it from coming up.",
        wrong: "\
goal g {
  step connect { run \"./connect\" }
  step load { depends connect; run \"./load\" }
}
scenario \"slow\" {
  given connect fails
  given load takes 2h
  expect goal failed
}
",
        mended: "\
goal g {
  step connect { run \"./connect\" }
  step load { depends connect; run \"./load\" }
}
scenario \"slow\" {
  given load takes 2h
  expect goal achieved
}
",
    }.played();
    W0719 "output that decides and is not said" {
        explanation: "\
In a scenario a step gives what its `given … gives` says. Of an output that
nothing is said of it is taken that it is empty: `\"\"`, `0`, `false`, `[]`. Here
such an output decides what runs at all, so that the scenario may test less
than it seems to.

Say what the step gives.",
        wrong: "\
goal g {
  step scan { run \"./scan\"; output found: bool }
  step repair { depends scan; when scan.found; run \"./repair\" }
}
scenario \"repairs\" {
  expect goal achieved
}
",
        mended: "\
goal g {
  step scan { run \"./scan\"; output found: bool }
  step repair { depends scan; when scan.found; run \"./repair\" }
}
scenario \"repairs\" {
  given scan gives found = true
  expect repair succeeded
}
",
    }.played();
    W0720 "secret in the plan" {
        explanation: "\
A `secret` has its value written out where it is declared, or bound in a mount.
goalc hides it wherever it shows, but whoever reads the file, its history or a
compiled plan has it.

Take it from the caller's environment with `env(\"NAME\")`, or leave the default
out: then it must be given, by `-p`, by `GOAL_PARAM_NAME` or at the terminal. An
empty text is no secret.",
        wrong: "\
goal g {
  param token: secret = \"hunter2hunter2\"
  step a {
    env { TOKEN = token }
    run \"./push\"
  }
}
",
        mended: "\
goal g {
  param token: secret = env(\"TOKEN\", \"\")
  step a {
    env { TOKEN = token }
    run \"./push\"
  }
}
",
    };
}
