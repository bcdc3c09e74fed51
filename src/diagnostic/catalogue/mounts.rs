//! E06 and E08: other files.

use super::entries;

const REGION: (&str, &str) = (
    "region.goal",
    "\
goal region {
  param name: string
  step deploy { run [\"./deploy\", name] }
}
",
);

entries! {
    E0601 "mounted file cannot be read" {
        explanation: "\
`goal NAME from \"FILE\"` names a file that is not there, is no file, or may not
be read. The path is looked up from the folder of the file that it is written
in, not from where goalc was started.

Correct the path.",
        wrong: "\
goal fleet {
  goal east from \"./nowhere.goal\" { name = \"east\" }
}
",
        mended: "\
goal fleet {
  goal east from \"./region.goal\" { name = \"east\" }
}
",
    }.beside(&[REGION]);
    E0602 "mounts in a circle" {
        explanation: "\
A file mounts itself, directly or through others, so the plan would have no
end. The message shows the whole chain.

Remove one of the mounts. What two files share belongs in a third one that
mounts neither. To do the same for each of many things, use `foreach` in a
step.",
        wrong: "\
goal fleet {
  goal again from \"./plan.goal\"
}
",
        mended: "\
goal fleet {
  goal east from \"./region.goal\" { name = \"east\" }
}
",
    }.beside(&[REGION]);
    E0603 "params of a mounted file" {
        explanation: "\
A mount binds a param that the file does not have, or leaves out one that has
no default. A mounted file sees nothing but its params: no value comes in by
itself, and none is asked for.

Bind each param that has no default, as `name = \"east\"`, and no others.",
        wrong: "\
goal fleet {
  goal east from \"./region.goal\"
}
",
        mended: "\
goal fleet {
  goal east from \"./region.goal\" { name = \"east\" }
}
",
    }.beside(&[REGION]);
    E0604 "mounted file is outside of the plan's folder" {
        explanation: "\
`goal NAME from \"FILE\"` leads out of the plan's folder: the nearest one upwards
with a `goal.toml`; else the one that goalc is called from, if the plan is in
it; else the plan's own. A plan from elsewhere could otherwise read what it
finds on this machine.

Move the file into the folder, put a `goal.toml`, which may be empty, into one
that holds both, or allow it with `--allow-outside`.",
        wrong: "\
goal fleet {
  goal east from \"../region.goal\" { name = \"east\" }
}
",
        mended: "\
goal fleet {
  goal east from \"./region.goal\" { name = \"east\" }
}
",
    }.beside(&[REGION]);
    E0801 "goal.toml cannot be used" {
        explanation: "\
The settings beside the plan are no TOML, or hold a key or a value that goalc
does not know. An unknown key is no small matter: a misspelt setting would be
passed over in silence, and the run would go on without it.

Write the key that the help offers, or remove it.",
        wrong: "\
[effort]
smal = \"30m\"
",
        mended: "\
[effort]
small = \"30m\"
",
    }.of("goal.toml");
}
