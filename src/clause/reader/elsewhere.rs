//! Words and signs by which other tools, or other places of a plan, say what a place has a word of its own for.
//!
//! Only words that mean nothing where they stand come here; what is one slip from a right word is found first.

use crate::clause::spec::{Count, Shape, Slot};
use crate::clause::table::find;
use crate::clause::{BlockShape, ClauseSpec, Place};
use crate::syntax::{Mark, Token, TokenKind};

/// What to write in a place instead of a word; `None` where no one word is meant by it.
pub(super) fn instead_of(word: &str, place: Place) -> Option<&'static str> {
    let word = word.to_ascii_lowercase().replace(['_', ' '], "-");
    match place {
        Place::Step => in_step(&word),
        // Not all that a step takes a fallback does.
        Place::Fallback => in_step(&word).filter(|help| {
            let meant = help.split('`').nth(1).and_then(|clause| clause.split(' ').next());
            meant.is_some_and(|meant| find(place, meant).is_some())
        }),
        Place::Goal => in_goal(&word),
        Place::File => matches!(&*word, "include" | "import" | "use" | "source" | "load" | "mount")
            .then_some("mount the file in the goal: `goal NAME from \"./file.goal\"`"),
        Place::Scenario => matches!(&*word, "assert" | "check" | "when" | "then" | "should")
            .then_some("write `given …` for what happens, `expect …` for what must come of it"),
        Place::Probes => in_probes(&word),
        _ => None,
    }
}

fn in_probes(word: &str) -> Option<&'static str> {
    Some(match word {
        "exists" | "exist" | "exists-file" | "file-exists" | "is-file" | "path" => {
            "write `file \"PATH\"`, or `dir \"PATH\"` for a folder"
        }
        "folder" | "directory" | "is-dir" | "dir-exists" => "write `dir \"PATH\"`",
        "grep" | "matches" | "includes" => "write `file \"PATH\" contains \"TEXT\"`",
        "sh" | "bash" | "shell" | "script" | "exec" | "cmd" | "check" | "assert" | "test" => {
            "ask a script: `run \"SCRIPT\"`; it holds where that ends with exit code 0"
        }
        "program" | "binary" | "which" | "installed" | "tool" => "write `command \"NAME\"`",
        "url" | "curl" | "wget" | "get" | "fetch" | "https" => {
            "write `http \"URL\"`, with `status N` where it is not 200 to 299"
        }
        "ping" | "host" | "socket" | "connect" | "listening" => "write `tcp \"HOST:PORT\"`",
        "exit" | "exit-code" | "exitcode" | "returns" | "succeeds" => {
            "an attempt that ends with another exit code than 0 has failed already; what a script \
             says is asked for by `run \"SCRIPT\"`"
        }
        _ => return None,
    })
}

fn in_step(word: &str) -> Option<&'static str> {
    Some(match word {
        "needs" | "need" | "deps" | "dependencies" | "depends-on" | "dependson" | "wait-for"
        | "require" => "write `depends STEP, …`",
        "if" | "only-if" | "condition" | "rules" => "write `when CONDITION`",
        "not-if" | "creates" | "status" | "skip-if" => {
            "write `unless { … }` with what holds where it is done"
        }
        "for" | "for-each" | "loop" | "matrix" | "with-items" | "map" | "scatter" => {
            "write `foreach NAME in LIST`"
        }
        "cmd" | "cmds" | "command" | "commands" | "script" | "exec" | "execute" | "sh" | "bash"
        | "do" | "invoke" => {
            "write `run \"…\"` for a script, `run [\"program\", \"argument\"]` for a program"
        }
        "retries" | "attempts" | "tries" | "max-retries" | "maxretries" => "write `retry N`",
        "on-error" | "on-fail" | "onerror" | "catch" | "rescue" | "else" => {
            "write `fallback { run \"…\" }` for another way, or `on failure stop`, `skip`, `rollback` \
             or `ignore because \"…\"`"
        }
        "continue-on-error" | "ignore-errors" | "ignore-error" | "ignore-failed"
        | "allow-failure" | "allow-failures" | "optional" => {
            "write `on failure ignore because \"…\"`"
        }
        "cwd" | "workdir" | "working-directory" | "working-dir" | "workingdir" | "chdir"
        | "directory" => "write `dir \"PATH\"`",
        "environment" | "envs" => "write `env { NAME = VALUE }`",
        "input" | "inputs" | "sources" | "src" => "write `reads \"FILE\", …`",
        "generates" | "artifacts" | "target" | "targets" | "publish" => {
            "write `writes \"FILE\", …`"
        }
        "outputs" | "result" | "results" | "register" => "write `output NAME: string`",
        "name" | "desc" | "description" => {
            "write the title behind the step's name: `step NAME \"TITLE\"`"
        }
        "time-limit" | "deadline" | "timeout-minutes" | "timeout-seconds" | "walltime" => {
            "how long a step may take is its `timeout DURATION`"
        }
        "undo" | "compensate" | "revert" => "write `rollback { run \"…\" }`",
        "wait" | "sleep" | "pause" => "write `await { … }` with what it waits for",
        "approve" | "approval" | "prompt" | "ask" => "write `confirm \"QUESTION\"`",
        "mutex" | "semaphore" | "concurrency" => {
            "write `lock NAME`, or `uses NAME N` of a `resource`"
        }
        "threads" | "cpus" | "cores" | "mem" | "memory" => {
            "bound it by `limits { … }`, or by `uses NAME N` of a `resource` of the goal"
        }
        "test" | "assert" | "check" | "expect" => "write `verify { … }`",
        "background" | "daemon" | "detach" => "write `service`",
        "tags" | "label" | "labels" => "steps are chosen by their names: `goalc run --only STEP`",
        _ => return None,
    })
}

fn in_goal(word: &str) -> Option<&'static str> {
    Some(match word {
        "include" | "import" | "use" | "source" | "load" | "module" | "mount" | "call"
        | "extends" => "mount the file: `goal NAME from \"./file.goal\"`",
        "task" | "job" | "rule" | "target" | "process" | "recipe" | "action" => {
            "write `step NAME { run \"…\" }`"
        }
        "stage" | "group" | "phase" | "workflow" | "pipeline" | "subgoal" => {
            "write `goal NAME { … }`"
        }
        "timeout" => "how long a goal may take is its `deadline DURATION`",
        "var" | "vars" | "variables" | "set" | "const" | "def" => "write `let NAME = VALUE`",
        "arg" | "args" | "input" | "inputs" | "option" => "write `param NAME: TYPE`",
        "threads" | "jobs" | "cores" | "cpus" | "forks" | "max-parallel" | "concurrency"
        | "workers" => "write `parallel N`",
        "finally" | "always" | "teardown" | "post" | "on-exit" => "write `cleanup { run \"…\" }`",
        "needs" | "need" | "deps" | "dependencies" | "depends-on" => "write `depends GOAL, …`",
        "if" | "condition" => "write `when CONDITION`",
        "on-error" | "on-fail" | "onerror" | "catch" | "rescue" => {
            "write `on failure stop`, `continue` or `rollback`"
        }
        "continue-on-error" | "keep-going" | "ignore-errors" => "write `on failure continue`",
        "environment" | "envs" => "write `env { NAME = VALUE }`",
        "notify" | "notification" | "on-success" => "write `alert on EVENT { … }`",
        "run" | "script" | "command" | "cmd" => "put it into a step: `step NAME { run \"…\" }`",
        "name" | "desc" | "description" => {
            "write the title behind the goal's name: `goal NAME \"TITLE\"`"
        }
        _ => return None,
    })
}

/// An operator as other languages write it: what stands for it here, if one sign does, and what to say.
pub(super) fn sign_of_elsewhere(
    spec: &ClauseSpec,
    token: &Token,
) -> Option<(&'static str, &'static str)> {
    let joins = match &token.kind {
        TokenKind::Name(name) if &**name == "and" => Some(true),
        TokenKind::Name(name) if &**name == "or" => Some(false),
        TokenKind::Mark(Mark::And) => Some(true),
        TokenKind::Mark(Mark::Or) => Some(false),
        _ => None,
    };
    if let (Some(and), Some(any)) = (joins, list_of(spec)) {
        let commas = (",", "several have commas between them");
        let all = ("", "all that is listed counts, with commas between; there is no `or` here");
        return Some(if and || any { commas } else { all });
    }
    Some(match &token.kind {
        _ if joins.is_some() && !takes_expressions(spec) => return None,
        TokenKind::Name(name) if &**name == "and" => ("&&", "write `&&` for \"and\""),
        TokenKind::Name(name) if &**name == "or" => ("||", "write `||` for \"or\""),
        TokenKind::Mark(Mark::Assign) if matches!(spec.word, "" | "when") => {
            ("==", "write `==` to compare")
        }
        TokenKind::Mark(Mark::Range) if spec.word == "foreach" => {
            ("", "write `range(1, 6)` for the numbers from 1 to 5")
        }
        TokenKind::Mark(Mark::Colon) if spec.block != BlockShape::None => {
            ("", "what belongs to it stands between `{` and `}`")
        }
        _ => return None,
    })
}

fn slots(spec: &ClauseSpec) -> impl DoubleEndedIterator<Item = &Slot> {
    spec.head.iter().chain(spec.options.iter().flat_map(|option| option.slots))
}

fn takes_expressions(spec: &ClauseSpec) -> bool {
    slots(spec).any(|slot| matches!(slot.shape, Shape::Expr(_) | Shape::Operand(_)))
}

/// Where a clause takes a list and no condition: whether one of what it lists is enough.
fn list_of(spec: &ClauseSpec) -> Option<bool> {
    match slots(spec).rfind(|slot| slot.count == Count::List)?.shape {
        Shape::Reference { .. } | Shape::Name | Shape::Text => Some(false),
        Shape::Expr(_) | Shape::Operand(_) => None,
        _ => Some(true),
    }
}
