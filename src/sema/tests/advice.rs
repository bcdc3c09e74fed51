//! Advice.

use super::check;

fn codes(lines: &str) -> Vec<String> {
    check(&format!("goal g {{\n{lines}\n}}")).codes()
}

#[test]
fn a_retry_without_idempotent_is_advised_against() {
    assert_eq!(codes("step a { run \"true\"\nretry 3 }"), ["W0701 3"]);
    assert_eq!(codes("step a { run \"true\"; retry 3; idempotent }"), [""; 0]);
    let of_fallback = "step a {\nrun \"true\"\nfallback {\nrun \"true\"\nretry 3\n}";
    assert_eq!(codes(&format!("{of_fallback}\n}}")), ["W0701 6"]);
    assert_eq!(codes(&format!("{of_fallback}\nidempotent\n}}")), [""; 0]);
    assert_eq!(
        codes("defaults { retry 3 }\nstep a { run \"true\" }\nstep b { run \"true\"; retry 0 }"),
        ["W0701 3"]
    );
}

#[test]
fn an_unused_param_or_let_is_reported() {
    assert_eq!(
        codes("param p: string\nlet l = 1\nstep a { run \"true\" }"),
        ["W0706 2", "W0706 3"]
    );
}

#[test]
fn a_mention_in_a_script_is_a_use() {
    assert_eq!(
        codes(
            "param my-p: string\nlet l = 1\nlet m = 2\nstep a { run \"echo $my_p\"; fallback { run \"echo l\" }; verify { run [\"sh\", \"-c\", \"echo $m\"] } }"
        ),
        [""; 0]
    );
}

#[test]
fn nothing_is_called_unused_where_a_name_is_unknown() {
    assert_eq!(codes("param target: string\nstep a { run [\"echo\", targte] }"), ["E0202 3"]);
}

#[test]
fn a_depends_that_another_implies_is_redundant() {
    assert_eq!(
        codes(
            "step a { run \"true\" }\nstep b { depends a; run \"true\" }\nstep c { depends b; run \"true\" }\nstep d { depends a, c; run \"true\" }"
        ),
        ["W0703 5"]
    );
    assert_eq!(
        codes("goal i { step a { run \"true\" } }\nstep d { depends i, i.a; run \"true\" }"),
        ["W0703 3"]
    );
}

#[test]
fn a_depends_on_a_service_is_never_redundant() {
    assert_eq!(
        codes(
            "step s { run \"x\"; service }\nstep a { depends s; run \"true\" }\nstep b { depends s, a; run \"true\" }"
        ),
        [""; 0]
    );
}

#[test]
fn a_depends_whose_output_is_used_is_not_redundant() {
    assert_eq!(
        codes(
            "step a { run \"true\"; output o: int }\nstep b { depends a; run \"true\" }\nstep c { depends a, b; when a.o == 1; run \"true\" }"
        ),
        [""; 0]
    );
}

#[test]
fn a_secret_in_an_argument_is_advised_against() {
    assert_eq!(codes("param t: secret\nstep a {\nrun [\"login\", \"x${t}\"] }"), ["W0708 4"]);
}

#[test]
fn a_secret_that_is_written_out_is_advised_against() {
    let with = |default: &str| {
        codes(&format!("param t: secret{default}\nstep a {{ env {{ T = t }}; run \"x\" }}"))
    };
    assert_eq!(with(" = \"hunter2\""), ["W0720 2"]);
    for fine in ["", " = \"\"", " = env(\"T\")", " = env(\"T\", \"x\")"] {
        assert_eq!(with(fine), [""; 0], "{fine}");
    }
}

#[test]
fn a_deadline_below_the_estimates_in_a_row_is_reported() {
    let steps = "step a { run \"true\"; estimate 6m..9m }\nstep b { depends a; run \"true\"; estimate 7m }\nstep c { run \"true\"; estimate 9m }";
    assert_eq!(codes(&format!("deadline 10m\n{steps}")), ["W0705 2"]);
    assert_eq!(codes(&format!("deadline 13m\n{steps}")), [""; 0]);
    assert_eq!(codes(&format!("goal i {{\ndeadline 10m\n{steps}\n}}")), ["W0705 3"]);
}

#[test]
fn a_step_that_may_be_skipped_or_runs_along_takes_no_certain_time() {
    assert_eq!(
        codes("deadline 10m\nparam p: bool = true\nstep a { when p; run \"true\"; estimate 1h }"),
        [""; 0]
    );
    assert_eq!(
        codes(
            "deadline 10m\nstep a { run \"true\"; estimate 6m }\nstep b { stdin from a; run \"cat\"; estimate 7m }"
        ),
        [""; 0]
    );
}

#[test]
fn a_script_that_no_shell_reads_is_reported_at_its_place() {
    assert_eq!(
        codes("step a {\nrun \"\"\"\n  echo\n  if true; then\n    echo\n\"\"\"\n}"),
        ["W0707 6"]
    );
    assert_eq!(codes("step a { run \"echo \\\"x\" }"), ["W0707 2"]);
    assert_eq!(codes("step a { run \"fi\"; shell \"bash\", \"-c\" }"), ["W0707 2"]);
    assert_eq!(codes("step a { run \"fi\"; shell \"zsh\", \"-c\" }"), [""; 0]);
    for script in ["echo > > x", "echo >", "echo >>> x", "echo x\\nfi", "echo \\\"x", "echo $("] {
        assert_eq!(codes(&format!("step a {{ run \"{script}\" }}")), ["W0707 2"], "{script}");
    }
    assert_eq!(codes("step a { run \"fi (\"; shell \"python3\", \"-c\" }"), [""; 0]);
}

#[test]
fn a_call_in_a_script_is_bound_before() {
    let with = |rest: &str| format!("param xs: [string] = [\"a\"]\n{rest}");
    let script = with(
        "step a {\nrun \"echo ${len(xs)} $(echo \\\"${join(xs, ')')}\\\")\"\nrollback { run \"echo ${os()}\" }\n}\n\
         cleanup { run \"echo ${trim('}')}\" }",
    );
    assert_eq!(codes(&script), ["W0707 4", "W0707 4", "W0707 5", "W0707 7"]);
    let each = check(&format!(
        "goal g {{\n{}\n}}",
        with("step a { foreach x in xs; run \"echo ${upper(x)}\" }")
    ));
    assert_eq!(each.help("W0707"), "bind it by `env { NAME = upper(x) }` and write `$NAME`");
    let whole = check(&format!("goal g {{\n{}\n}}", with("step a { run \"echo ${len(xs)}\" }")));
    assert_eq!(whole.help("W0707"), "bind it by `let NAME = len(xs)` and write `${NAME}`");
    for script in [
        "echo '${len(x)}' $xs",
        "sh -c 'echo ${len(x)}' $xs",
        "echo $xs # ${len(x)}",
        "echo \\\\${len(x)} $xs",
        "echo ${other(x)} $xs",
        "echo ${#xs} ${xs:-len(x)}",
    ] {
        assert_eq!(codes(&with(&format!("step a {{ run \"{script}\" }}"))), [""; 0], "{script}");
    }
    let argv = "step a { run [\"echo\", \"${len(xs)}\"]; env { N = \"${len(xs)}\" } }";
    assert_eq!(codes(&with(argv)), [""; 0]);
    let python = "step a { run \"print(f'${len(xs)}')\"; shell \"python3\", \"-c\" }";
    assert_eq!(codes(&with(python)), [""; 0]);
}

#[test]
fn what_some_shell_takes_is_no_wrong_script() {
    for script in [
        "echo {a}}",
        "echo ${x:-}}",
        "echo \\\"${x:-it's}\\\"",
        "cat <<E\\nit's\\nE",
        "[[ a =~ ^(b|c)$ ]]",
        "for ((i=0;i<3;i++)); do :; done",
        "echo a # it's",
        "git show x^{commit}",
        "f() echo",
        "echo $'it\\\\'s'",
    ] {
        assert_eq!(codes(&format!("step a {{ run \"{script}\" }}")), [""; 0], "{script}");
    }
}

#[test]
fn a_deep_or_large_script_does_not_hang() {
    for script in ["${x:-", "(", "{ ", "a | ", "if a; then ", "`", "x[$("] {
        codes(&format!("step a {{ run '''\n{}\n''' }}", script.repeat(20_000)));
    }
}

#[test]
fn a_value_in_single_quotes_of_a_script_is_advised_against() {
    let scripts = |script: &str| {
        codes(&format!("param p: string\nstep a {{\nrun \"\"\"\n{script}\n\"\"\"\n}}"))
    };
    assert_eq!(scripts("echo 'x ${p}'"), ["W0712 5"]);
    assert_eq!(scripts("cat <<'E'\n${p}\nE"), ["W0712 6"]);
    assert_eq!(scripts("echo \"$(a 'b ${p}')\""), ["W0712 5"]);
    for script in [
        "echo \"it's ${p} here's\"",
        "echo 'a'\"${p}\"'b'",
        "sh -c 'echo ${p}'",
        "trap 'rm ${p}' EXIT",
        "cat <<E\nit's ${p}\nE",
        "# it's\necho ${p}",
        "echo it\\\\'s ${p} \\\\'",
        "echo ${x:-'a'} ${p}",
    ] {
        assert_eq!(scripts(script), [""; 0], "{script}");
    }
}

#[test]
fn names_that_look_alike_are_reported_and_japanese_is_not() {
    assert_eq!(codes("step scope { run \"true\" }\nstep ѕсоре { run \"true\" }"), ["W0709 3"]);
    assert_eq!(codes("step ａ { run \"true\" }\nstep a { run \"true\" }"), ["W0709 3"]);
    assert_eq!(codes("step pаy { run \"true\" }"), ["W0709 2"]);
    for name in ["認証API", "データ-v2", "Δt", "café", "проверка", "build-тест", "l1"]
    {
        assert_eq!(
            codes(&format!("step {name} {{ run \"true\" }}\nstep ll {{ run \"true\" }}")),
            [""; 0],
            "{name}"
        );
    }
}

#[test]
fn a_step_that_a_rollback_leaves_as_it_is_is_reported() {
    let steps = |b: &str| codes(&format!("on failure rollback\nstep b {{ {b} }}"));
    assert_eq!(steps("run \"./x\""), ["W0710 3"]);
    for b in [
        "run \"./x\"; rollback { run \"./y\" }",
        "run \"./x\"; snapshot \"d\"",
        "run \"./x\"; idempotent",
        "run \"./x\"; reads \"d\"",
        "manual \"do it\"",
    ] {
        assert_eq!(steps(b), [""; 0], "{b}");
    }
    assert_eq!(codes("step b { run \"./x\" }"), [""; 0]);
}

#[test]
fn a_join_that_can_never_run_is_reported_once() {
    let steps = |c: &str| {
        codes(&format!(
            "param t: string\nstep a {{ when t == \"x\"; run \"true\" }}\nstep b {{ when t == \"y\"; run \"true\" }}\nstep m {{ depends b; run \"true\" }}\nstep c {{ {c}; run \"true\" }}\nstep d {{ depends c; run \"true\" }}"
        ))
    };
    assert_eq!(steps("depends a, m"), ["W0711 6"]);
    assert_eq!(steps("depends a?, b?"), [""; 0]);
    assert_eq!(steps("after a, b"), [""; 0]);
    assert_eq!(steps("depends a"), [""; 0]);
}

#[test]
fn advice_can_be_allowed_where_it_stands() {
    let step = "step a { run \"true\"; retry 3 }";
    assert_eq!(codes(&format!("# goalc: allow(W0701)\n{step}")), [""; 0]);
    assert_eq!(codes(&format!("# goalc: allow(W0706, W0701)\n# why\n{step}")), [""; 0]);
    assert_eq!(codes(&format!("# goalc: allow(W0706)\n{step}")), ["W0701 3"]);
    assert_eq!(codes("step a { run \"true\"\n# goalc: allow(W0701)\nretry 3\n}"), [""; 0]);
    assert_eq!(codes("# goalc: allow(E0202)\nstep a { run [x] }"), ["W0717 2", "E0202 3"]);
}

#[test]
fn nothing_is_advised_about_what_could_not_be_read() {
    let all = |lines: &str| {
        let mut codes = codes(lines);
        codes.retain(|code| code.starts_with('W'));
        codes
    };
    assert_eq!(all("step a { run \"true\"; retry 3 dely 3s }"), [""; 0]);
    assert_eq!(all("step a { run \"true\"; retry }"), [""; 0]);
    assert_eq!(all("defaults { retry 3 dely 3s }\nstep a { run \"true\" }"), [""; 0]);
    assert_eq!(all("param p: int\nstep a { run \"true\"; retry 0, p }"), [""; 0]);
    assert_eq!(all("param p: int\nstep a { run \"true\"; parallel p }"), [""; 0]);
    assert_eq!(all("param a: int\nstep a { run \"true\" }"), [""; 0]);
}

#[test]
fn what_is_depended_on_twice_is_said_once() {
    let three = "step a { run \"true\" }\nstep b { depends a, a; run \"true\" }\n\
                 step c { depends a; depends a; run \"true\" }\nstep d { depends a; after a; run \"true\" }";
    let checked = check(&format!("goal g {{\n{three}\n}}"));
    assert_eq!(checked.codes(), ["W0703 3", "W0703 4"]);
    assert!(checked.found.iter().all(|found| found.fixes.len() == 1), "{:#?}", checked.found);
}
