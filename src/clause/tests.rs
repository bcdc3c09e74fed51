//! The table as a whole, and what the reader says.

use std::borrow::Cow;

use super::{Argument, BlockShape, Clause, GoalOutline, Place, outline, reference, table, usage};
use crate::diagnostic::{Code, Diagnostic, Diagnostics};
use crate::source::SourceMap;
use crate::syntax::parse;

mod codes;
mod lowering;

/// Reads a text; findings as `(code, line)`, in the order of the text.
fn read(text: &str) -> (Option<GoalOutline>, Vec<Diagnostic>, SourceMap) {
    let mut sources = SourceMap::new();
    let file = sources.add("plan.goal", "plan.goal", text);
    let mut diagnostics = Diagnostics::new();
    let document = parse(file, text, &mut diagnostics);
    let goal = outline(Cow::Owned(document), text, &mut diagnostics);
    (goal, diagnostics.sorted(), sources)
}

fn findings(text: &str) -> Vec<(&'static str, usize)> {
    let (_, found, sources) = read(text);
    found
        .iter()
        .map(|d| (d.code.as_str(), sources.position(d.span().file, d.span().start).line))
        .collect()
}

/// The only finding of a text.
fn finding(text: &str) -> Diagnostic {
    let (_, mut found, _) = read(text);
    assert_eq!(found.len(), 1, "{text}\n{found:#?}");
    found.remove(0)
}

fn step(clauses: &str) -> String {
    format!("goal g {{\nstep s {{ run \"true\"\n{clauses}\n}}\n}}")
}

fn clean(text: &str) -> GoalOutline {
    let (goal, found, _) = read(text);
    assert!(found.is_empty(), "{text}\n{found:#?}");
    goal.expect("a goal")
}

/// The clauses of the first step of a text without findings.
fn clauses(text: &str) -> Vec<Clause> {
    clean(&step(text)).steps.remove(0).clauses.into_vec().split_off(1)
}

mod whole_table {
    use super::*;

    #[test]
    fn each_example_reads_without_findings() {
        for spec in table() {
            let text =
                if spec.places.iter().all(|place| matches!(place, Place::File | Place::Scenario)) {
                    format!("goal host {{ }}\n{}", spec.example)
                } else {
                    format!("goal host {{\n{}\n}}", spec.example)
                };
            let (_, found, _) = read(&text);
            assert!(found.is_empty(), "{}:\n{text}\n{found:#?}", spec.word);
            assert!(spec.example.contains(spec.word), "{}", spec.word);
        }
    }

    #[test]
    fn each_clause_is_documented() {
        for spec in table() {
            assert!(!spec.summary.is_empty() && !spec.summary.ends_with('.'), "{}", spec.word);
            let lines = spec.documentation.lines().count();
            assert!((1..=6).contains(&lines), "{}: {lines} lines", spec.word);
        }
    }

    #[test]
    fn usage_names_every_option() {
        for spec in table() {
            let line = usage(spec);
            for option in spec.options {
                assert!(line.contains(option.word), "{line}: {}", option.word);
            }
            assert_eq!(line.contains('{'), spec.block != BlockShape::None, "{line}");
        }
    }

    #[test]
    fn a_word_means_one_thing_in_a_place() {
        for (at, spec) in table().iter().enumerate() {
            for other in table().iter().skip(at + 1).filter(|o| o.word == spec.word) {
                let shared = spec.places.iter().any(|place| other.stands_in(*place));
                assert!(!shared || spec.word == "goal", "{}", spec.word);
            }
        }
    }

    #[test]
    fn usage_lines_read_as_in_the_contract() {
        let line = |place, word| usage(crate::clause::find(place, word).expect("a clause"));
        assert_eq!(
            line(Place::Step, "retry"),
            "retry N [delay DURATION] [backoff NUMBER] [max DURATION] [jitter] [within DURATION] \
             [on FAILURE, …]"
        );
        assert_eq!(line(Place::Step, "lock"), "lock [shared | machine] NAME");
        assert_eq!(line(Place::Step, "await"), "await { PROBE … } [every DURATION]");
        assert_eq!(line(Place::Step, "depends"), "depends STEP[?], …");
        assert_eq!(
            line(Place::Goal, "param"),
            "param NAME: TYPE [matches \"REGEX\"] [in A..B] [= EXPR] [\"HELP\"]"
        );
        assert_eq!(line(Place::Probes, "disk"), "disk \"PATH\" >= SIZE");
    }

    #[test]
    fn the_reference_shows_each_clause_once() {
        let page = reference();
        for spec in table() {
            let heading = format!("\n#### `{}`\n", usage(spec));
            assert!(page.contains(&heading), "{heading}");
        }
        assert_eq!(page.matches("\n#### ").count(), table().len());
    }
}

mod shapes {
    use super::*;

    #[test]
    fn clause_words_are_no_reserved_words() {
        let text = "goal g {\n param depends: string = \"x\"\n step run { run \"true\"\n env { retry = depends } }\n \
                    step retry { depends run; run \"true\" }\n}";
        let goal = clean(text);
        assert_eq!(&*goal.steps[0].name.value, "run");
        assert_eq!(&*goal.steps[0].clauses[1].bindings[0].0.value, "retry");
    }

    #[test]
    fn options_stand_in_any_order() {
        let found = clauses("retry 3 jitter max 1m delay 5s");
        assert!(found[0].has("jitter") && found[0].has("delay") && found[0].has("max"));
        assert!(!found[0].has("backoff"));
    }

    #[test]
    fn an_option_may_follow_the_block() {
        let goal = clean("goal g { step s { await { file \"a\" } every 2s } }");
        let wait = &goal.steps[0].clauses[0];
        assert!(wait.has("every") && wait.block.len() == 1);
    }

    #[test]
    fn a_lock_may_be_called_shared() {
        let found = clauses("lock shared\nlock machine\nlock shared db\nlock machine shared");
        let words: Vec<_> = found.iter().map(Clause::head_word).collect();
        assert_eq!(words, [None, None, Some("shared"), Some("machine")]);
        let names: Vec<_> =
            found.iter().map(|c| c.head_names().next().unwrap().value.to_string()).collect();
        assert_eq!(names, ["shared", "machine", "db", "shared"]);
    }

    #[test]
    fn exit_codes_carry_on_until_the_next_word() {
        let found = clauses("retry 1 on exit 75, 100..110, signal, exit 3");
        let arguments = &found[0].option("on").unwrap().arguments;
        let words: Vec<_> = arguments.iter().filter_map(Argument::as_word).collect();
        assert_eq!(words, ["exit", "signal", "exit"]);
        assert_eq!(arguments.iter().filter(|a| matches!(a, Argument::Range(..))).count(), 3);
    }

    #[test]
    fn a_mount_holds_bindings_and_clauses() {
        let goal = clean(
            "goal g {\n step gate { run \"true\" }\n goal east from \"./r.goal\" { lock = \"x\"; \
             depends gate; lock rollout; name = \"east\" }\n goal west from \"./r.goal\"\n}",
        );
        let names: Vec<_> = goal.mounts[0].bindings.iter().map(|(n, _)| &*n.value).collect();
        assert_eq!(names, ["lock", "name"]);
        let words: Vec<_> = goal.mounts[0].clauses.iter().map(|c| c.spec.word).collect();
        assert_eq!(words, ["depends", "lock"]);
        assert!(goal.mounts[1].bindings.is_empty());
    }

    #[test]
    fn params_have_all_their_parts() {
        let goal = clean(
            "goal g {\n param t: \"a\" | \"b\" = \"a\" \"Which\"\n param n: [int]\n param v: int in 1..64 = 4\n \
             param s: string matches '\\d+' \"Version\"\n}",
        );
        let types: Vec<_> =
            goal.params.iter().map(|p| p.ty.as_ref().unwrap().value.to_string()).collect();
        assert_eq!(types, ["\"a\" | \"b\"", "[int]", "int", "string"]);
        assert_eq!(goal.params[0].help.as_deref(), Some("Which"));
        assert!(goal.params[2].range.is_some() && goal.params[2].default.is_some());
        assert!(goal.params[3].matches.is_some());
    }

    #[test]
    fn the_comment_block_above_is_the_documentation() {
        let goal = clean("# Ship it.\n# All of it.\ngoal g \"Ship\" { }");
        assert_eq!(goal.doc.as_deref(), Some("Ship it.\nAll of it."));
        assert_eq!(goal.title.as_deref(), Some("Ship"));
    }
}

mod probes {
    use super::*;

    fn words(probes: &str) -> Vec<&'static str> {
        let goal = clean(&format!("goal g {{ verify {{\n{probes}\n}} }}"));
        goal.clauses[0].block.iter().map(|probe| probe.spec.word).collect()
    }

    #[test]
    fn a_probe_word_before_an_operator_is_an_expression() {
        assert_eq!(
            words("env(\"A\") == \"b\"\nfile == \"x\"\nport.status == \"failed\"\nmemory > 3"),
            [""; 4]
        );
        assert_eq!(words("port in [1, 2]\ndir != \"x\" && true"), ["", ""]);
    }

    #[test]
    fn a_probe_word_elsewhere_is_a_probe() {
        let text = "env \"A\"\nfile report nonempty contains \"x\"\nmemory >= 2GiB\n\
                    command \"c\" version >= \"2\"\ndisk \".\" >= 1GiB\nport 80 free";
        assert_eq!(words(text), ["env", "file", "memory", "command", "disk", "port"]);
    }

    #[test]
    fn anything_else_is_an_expression() {
        assert_eq!(words("len(x) > 0\n!ready\n(a || b)\nok"), ["", "", "", ""]);
    }

    #[test]
    fn not_holds_the_probe_it_negates() {
        let goal = clean("goal g { requires { not file \"DONE\"; not len(x) > 0 } }");
        let inner: Vec<_> = goal.clauses[0]
            .block
            .iter()
            .map(|not| (not.spec.word, not.block[0].spec.word))
            .collect();
        assert_eq!(inner, [("not", "file"), ("not", "")]);
    }

    #[test]
    fn unchanged_is_for_unless() {
        clauses("unless { unchanged; not unchanged }");
        assert_eq!(findings("goal g {\n verify { unchanged }\n}"), [("E0503", 2)]);
    }

    #[test]
    fn an_unknown_probe_gets_a_suggestion() {
        let found = finding("goal g { verify { fiel \"x\" } }");
        assert_eq!(found.code, Code::E0102);
        assert_eq!(found.fixes[0].text, "file");
        assert_eq!(finding("goal g { verify { timeout 5s } }").code, Code::E0503);
        assert_eq!(finding("goal g { verify { not } }").code, Code::E0101);
        assert_eq!(finding("goal g { verify { len(x) > 0 \"y\" } }").code, Code::E0101);
    }
}
