//! E02: names that mean nothing, or two things.

use super::entries;

entries! {
    E0201 "unknown step or goal" {
        explanation: "\
`depends`, `after`, `stdin from` and the like name a step or goal that does
not exist in this goal or the ones around it. Without it the order in which
steps run would not be the one you meant.

Check the spelling. A step of a sub-goal is named by its path, as
`database.migrate`.",
        wrong: "\
goal g {
  step build { run \"true\" }
  step test {
    depends biuld
    run \"true\"
  }
}
",
        mended: "\
goal g {
  step build { run \"true\" }
  step test {
    depends build
    run \"true\"
  }
}
",
    };
    E0202 "unknown name or function" {
        explanation: "\
No param, let, step or `foreach` name of this goal or the ones around it is
called so, and no function. A name is looked up in its own goal first, then
outwards; a mounted file sees only its own params.

Check the spelling, or declare it with `param` or `let`. In a script, a plain
`${name}` that the goal does not know is left to the shell; `${a.b}` is not,
as no shell knows it.",
        wrong: "\
goal g {
  param target: string = \"staging\"
  step a { run [\"echo\", target] }
  step b { run [\"echo\", \"${targte}\"] }
}
",
        mended: "\
goal g {
  param target: string = \"staging\"
  step a { run [\"echo\", target] }
  step b { run [\"echo\", \"${target}\"] }
}
",
    };
    E0203 "duplicate name" {
        explanation: "\
Two things of one goal have the same name. Steps, goals, params and lets share
one name space, so that a name always means one thing. Two names that would
become the same variable in a script (`my-x` and `my_x`) count as the same.

Rename one of them, and what names it.",
        wrong: "\
goal g {
  step a { run \"true\" }
  step a { run \"false\" }
}
",
        mended: "\
goal g {
  step a { run \"true\" }
  step b { run \"false\" }
}
",
    };
    E0204 "unknown output" {
        explanation: "\
The step is there, but it declares no output of this name. Outputs are
declared so that a value that never comes is found before anything runs, and
not in the middle of the run.

Check the spelling, or add `output NAME: TYPE` to the step. Every step also
has `status`, and a step with fallbacks has `via`.",
        wrong: "\
goal g {
  step build {
    run \"echo digest=1 >> \\\"$GOAL_OUTPUT\\\"\"
    output digest: string
  }
  step push {
    depends build
    run [\"push\", build.digset]
  }
}
",
        mended: "\
goal g {
  step build {
    run \"echo digest=1 >> \\\"$GOAL_OUTPUT\\\"\"
    output digest: string
  }
  step push {
    depends build
    run [\"push\", build.digest]
  }
}
",
    };
    E0205 "output without depends" {
        explanation: "\
A step uses another step's output, but does not depend on it, directly or
through others. The two could run in any order, so the value might not be
there yet. goalc does not add the dependency by itself: what runs before what
is always written down.

Add the `depends` that the help offers.",
        wrong: "\
goal g {
  step build {
    run \"echo digest=1 >> \\\"$GOAL_OUTPUT\\\"\"
    output digest: string
  }
  step push {
    run [\"push\", build.digest]
  }
}
",
        mended: "\
goal g {
  step build {
    run \"echo digest=1 >> \\\"$GOAL_OUTPUT\\\"\"
    output digest: string
  }
  step push {
    depends build
    run [\"push\", build.digest]
  }
}
",
    };
}
