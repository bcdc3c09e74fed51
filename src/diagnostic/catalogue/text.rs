//! E01: what cannot be read.

use super::entries;

entries! {
    E0101 "unexpected text" {
        explanation: "\
At this place the language expects something else: a name, a value, a `}`, or
the end of the statement. Reading goes on at the next statement, so all such
places are reported at once. A missing `}` is reported at the file's end,
because only there it is sure to be missing.

Write what the help names, or remove what is too much. A statement ends at the
line's end or at `;`, and each `{` needs its `}`.",
        wrong: "\
goal g {
  step a { run \"true\" }
",
        mended: "\
goal g {
  step a { run \"true\" }
}
",
    };
    E0102 "unknown clause word" {
        explanation: "\
No clause begins with this word. If it were passed over, the plan would run
without what you meant to say: a step with a misspelt `timeout` would have no
timeout at all.

Write the word that the help offers. `docs/clauses.md` lists all of them.",
        wrong: "\
goal g {
  step a {
    run \"true\"
    timout 5m
  }
}
",
        mended: "\
goal g {
  step a {
    run \"true\"
    timeout 5m
  }
}
",
    };
    E0103 "unclosed string" {
        explanation: "\
The string that begins here has no end. A `\"…\"` or `'…'` string ends on its
own line; a `\"\"\"` or `'''` string ends at the next one of its kind, however
far away. It is reported where it opens, as everything behind it may be meant
as text or not; nothing else is said of what stands behind an open `\"\"\"`
or `'''`.

Close it. For text over several lines, write `\"\"\"`.",
        wrong: "\
goal g {
  step a {
    run \"true
  }
}
",
        mended: "\
goal g {
  step a {
    run \"true\"
  }
}
",
    };
    E0104 "bad literal or escape" {
        explanation: "\
A number, duration or size is not written as one, is larger than goalc can
hold, or a `\\` in a string is followed by a letter that is no escape. Nothing
is guessed: `5parsecs` has no length, and `\\q` could mean `q` or `\\q`.

Durations are `250ms 5s 10m 2h 1d` and joined as `1h30m`; sizes
`512KiB 2GiB 10MB`. Escapes are `\\n \\t \\r \\\\ \\\" \\$ \\u{…}`; a `'…'` string has
none.",
        wrong: "\
goal g {
  step a {
    run \"true\"
    timeout 5parsecs
  }
}
",
        mended: "\
goal g {
  step a {
    run \"true\"
    timeout 5s
  }
}
",
    };
    E0105 "bidirectional or control character, or not UTF-8" {
        explanation: "\
The line holds a character that is not seen but changes what is seen: one that
turns the direction of text, or one that acts on the terminal. With it a plan
can show one script and run another. The same goes for bytes that are no
UTF-8.

Remove it. Where a script needs such a character, write it as `\\u{202e}`, so
that a reader sees it too.",
        wrong: "\
goal g {
  step a {
    run \"echo \u{202e}olleh\"
  }
}
",
        mended: "\
goal g {
  step a {
    run \"echo hello\"
  }
}
",
    };
}
