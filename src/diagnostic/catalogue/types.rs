//! E03: values of the wrong kind.

use super::entries;

entries! {
    E0301 "wrong type" {
        explanation: "\
A value is of another type than its place takes, a type's name is unknown, or
a function has too many or too few arguments. Types are checked before
anything runs: a `when` that compares a number with a text would otherwise be
false for ever, in silence.

Write a value of the type that the message names. `when`, `&&`, `||` and `!`
take a bool, `foreach … in` a list.",
        wrong: "\
goal g {
  param workers: int = 3
  step a {
    when workers
    run \"true\"
  }
}
",
        mended: "\
goal g {
  param workers: int = 3
  step a {
    when workers > 0
    run \"true\"
  }
}
",
    };
    E0302 "value outside what its param allows" {
        explanation: "\
The param's own default, or the value that a mount binds to it, is outside of
its `in a..b` or does not match its `matches`. A run that takes this value
would end before its first step. `a..b` holds both ends, and `matches` is
against the whole value.

Change the value, or what the param allows.",
        wrong: "\
goal g {
  param workers: int in 1..10 = 11
  step a { run [\"work\", \"${workers}\"] }
}
",
        mended: "\
goal g {
  param workers: int in 1..10 = 10
  step a { run [\"work\", \"${workers}\"] }
}
",
    };
}
