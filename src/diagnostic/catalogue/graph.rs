//! E04: orders in which steps cannot run.

use super::entries;

entries! {
    E0401 "cycle" {
        explanation: "\
Each of these steps waits for another of them, so none could ever start. Goals
count too: a step that depends on a goal waits for all that it holds, and all
that a goal holds waits for what the goal depends on.

Remove one of the edges shown, or split a step in two. A cycle is reported
once, at its first edge in the file.",
        wrong: "\
goal g {
  step a {
    depends b
    run \"true\"
  }
  step b {
    depends a
    run \"true\"
  }
}
",
        mended: "\
goal g {
  step a {
    depends b
    run \"true\"
  }
  step b {
    run \"true\"
  }
}
",
    };
    E0403 "race" {
        explanation: "\
Two steps may run at once, and one writes files that the other reads or
writes: which comes first, and what is in the files, would be chance. A folder
(`out/`) means all that is in it. A value that only the run knows counts as any
name without `/`; a pattern that begins with one meets only itself.

Say which comes first with `depends` or `after`, or keep them apart with one
`lock` in both or with `when`s that never hold together; if they never touch
the same files, make their globs narrower.",
        wrong: "\
goal g {
  step a {
    run \"true\"
    writes \"out/app\"
  }
  step b {
    run \"true\"
    reads \"out/*\"
  }
}
",
        mended: "\
goal g {
  step a {
    run \"true\"
    writes \"out/app\"
  }
  step b {
    depends a
    run \"true\"
    reads \"out/*\"
  }
}
",
    };
}
