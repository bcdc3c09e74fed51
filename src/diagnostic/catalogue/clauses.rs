//! E05: clauses that say too much, too little, or the wrong thing.

use super::entries;

entries! {
    E0501 "clause written twice" {
        explanation: "\
This clause says one thing about its step or goal, and it is there twice.
Whether the first or the last counts should not be a matter of taste.

Keep one. Clauses that add up (`depends`, `env`, `lock`, `output`, `fallback`
and others) may stand as often as you like.",
        wrong: "\
goal g {
  step a {
    run \"true\"
    timeout 5s
    timeout 6s
  }
}
",
        mended: "\
goal g {
  step a {
    run \"true\"
    timeout 6s
  }
}
",
    };
    E0502 "not exactly one action" {
        explanation: "\
A step does one thing: `run`, `manual` or `await`. With none there is nothing
to do; with two it would not be clear what a retry repeats, or which of them
failed.

Add the action, or make a second step that depends on the first. Several
commands fit into one script: `run \"\"\"…\"\"\"`.",
        wrong: "\
goal g {
  step a { run \"true\" }
  step b { depends a }
}
",
        mended: "\
goal g {
  step a { run \"true\" }
  step b { depends a; run \"true\" }
}
",
    };
    E0503 "known word in the wrong place" {
        explanation: "\
The word is one of the language, but not here: some clauses belong to a goal
only, some to a step, some to either. `parallel`, for one, says how many steps
run at once; a single step has nothing to say about that.

Move it to where the message says that it belongs.",
        wrong: "\
goal g {
  step a {
    run \"true\"
    parallel 3
  }
}
",
        mended: "\
goal g {
  parallel 3
  step a {
    run \"true\"
  }
}
",
    };
    E0504 "value that the clause cannot take" {
        explanation: "\
The value is of the right type, but makes no sense here: a zero or negative
number of steps at once, a regular expression that is none, more of a resource
than there is. A run would fail on it, or never end.

Write a value that the message allows.",
        wrong: "\
goal g {
  parallel 0
  step a { run \"true\" }
}
",
        mended: "\
goal g {
  parallel 1
  step a { run \"true\" }
}
",
    };
    E0506 "goal's value in a script of another shell" {
        explanation: "\
A value reaches a script through an environment variable, and `${name}` is how
the shells of the sh family read one. Another interpreter reads it in another
way, or takes it as plain text. Pasting the value into the script instead
would let it become code.

Bind it with `env { NAME = name }`, and read that variable as the script's
language does. A `'…'` string leaves `${…}` alone.",
        wrong: "\
goal g {
  param name: string = \"x\"
  step a {
    run \"print('${name}')\"
    shell \"python3\", \"-c\"
  }
}
",
        mended: "\
goal g {
  param name: string = \"x\"
  step a {
    run \"import os; print(os.environ['NAME'])\"
    shell \"python3\", \"-c\"
    env { NAME = name }
  }
}
",
    };
    E0507 "what the place where a step runs cannot keep" {
        explanation: "\
The step is to run on a cluster, because its `executor` or `--executor` says so,
and asks for something that is one machine's: a pipe does not reach from one
node to another, and a service is waited for at an address that only its own
machine knows.

Write `executor local` in the step, so that it runs where goalc does; for a
pipe in both steps. Or let the writer write a file, and the reader read that.",
        wrong: "\
goal g {
  step database {
    executor slurm
    service
    ready { tcp \"localhost:5432\" }
    run \"./database\"
  }
  step load { depends database; run \"./load\" }
}
",
        mended: "\
goal g {
  step database {
    executor local
    service
    ready { tcp \"localhost:5432\" }
    run \"./database\"
  }
  step load { depends database; run \"./load\" }
}
",
    };
}
