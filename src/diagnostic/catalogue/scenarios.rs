//! E09: scenarios.

use super::entries;

entries! {
    E0901 "assumption that cannot come true" {
        explanation: "\
A scenario assumes something of a step or goal that can never happen there: a
failure of a `verify` that it does not have, an answer to a question that
nobody asks, more failed attempts than it makes. The scenario would test
something else than it says.

Correct the line, or the plan.",
        wrong: "\
goal g {
  step connect { run \"./connect\"; retry 2; idempotent }
}
scenario \"the network is down\" {
  given connect fails 4 times
  expect goal failed
}
",
        mended: "\
goal g {
  step connect { run \"./connect\"; retry 2; idempotent }
}
scenario \"the network is down\" {
  given connect fails
  expect goal failed
}
",
    };
    E0902 "expectation that can never hold" {
        explanation: "\
A scenario expects what can never be, whatever it assumes: a fallback that the
step does not have, a step before one that it waits for, two ends of one step.
A scenario without any expectation holds whatever happens, and so tests
nothing.

Correct the line, or the plan.",
        wrong: "\
goal g {
  step build { run \"./build\" }
  step test { depends build; run \"./test\" }
}
scenario \"in order\" {
  expect test before build
}
",
        mended: "\
goal g {
  step build { run \"./build\" }
  step test { depends build; run \"./test\" }
}
scenario \"in order\" {
  expect test after build
}
",
    };
    E0903 "expectation that does not hold" {
        explanation: "\
`goalc test` has played the scenario, and something that it expects did not come
of it. The message says what came instead; `goalc test -v` shows all that
happened, with the times.

Correct the plan, where the scenario shows a fault of it; or the scenario.",
        wrong: "\
goal g {
  step backup { run \"./backup\" }
  step migrate { run \"./migrate\" }
}
scenario \"safe\" {
  expect migrate after backup
}
",
        mended: "\
goal g {
  step backup { run \"./backup\" }
  step migrate { depends backup; run \"./migrate\" }
}
scenario \"safe\" {
  expect migrate after backup
}
",
    }.played();
}
