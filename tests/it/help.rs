//! Help: each command has examples, and each example is a command line that goalc takes.

use goalc::cli::Arguments;

use crate::support::Project;

/// The examples in a help text, without their comments and pipes, as the shell would split them.
fn examples(help: &str) -> Vec<Vec<String>> {
    let section = help.split("Examples:\n").nth(1).unwrap_or_default();
    let lines = section.lines().take_while(|line| line.starts_with("  "));
    let command = |line: &str| {
        let line = line.trim();
        let line = line.split("  ").next().unwrap_or(line);
        let line = line.split(" | ").next().unwrap_or(line);
        let line = line.split([' ']).take_while(|word| !["<", ">"].contains(word));
        words(&line.collect::<Vec<_>>().join(" "))
    };
    lines.map(command).collect()
}

fn words(line: &str) -> Vec<String> {
    let parts = line.split('"').enumerate().flat_map(|(at, part)| {
        if at % 2 == 1 {
            vec![part.to_owned()]
        } else {
            part.split_whitespace().map(str::to_owned).collect()
        }
    });
    parts.collect()
}

#[test]
fn each_command_has_examples_that_are_true() {
    let project = Project::empty();
    let declared = Arguments::declared();
    let names = declared.get_subcommands().map(|command| command.get_name().to_owned());
    let calls = names.map(|name| vec![name]).chain([vec![]]);
    for call in calls.filter(|call| call != &["help"]) {
        let mut arguments: Vec<&str> = call.iter().map(String::as_str).collect();
        arguments.push("--help");
        let help = project.call(&arguments).exits(0).out();
        let found = examples(&help);
        assert!(!found.is_empty(), "{call:?} has no examples:\n{help}");
        for example in found {
            assert_eq!(example[0], "goalc", "{help}");
            let own = call.first().is_none_or(|name| example.get(1) == Some(name));
            assert!(own, "an example of another command: {example:?}");
            let read = Arguments::read(&example);
            assert!(read.is_ok(), "{example:?}: {}", read.expect_err("an error"));
        }
        assert!(help.lines().all(|line| line.chars().count() <= 100), "{help}");
    }
}

#[test]
fn completions_and_the_manual_page_are_made() {
    let project = Project::empty();
    for shell in ["bash", "zsh", "fish"] {
        let script = project.call(&["completions", shell]).exits(0).out();
        assert!(script.contains("log-format"), "{shell}");
    }
    let page = project.call(&["man"]).exits(0).out();
    assert!(page.contains(".TH goalc 1") && page.contains("goalc run release.goal"), "{page}");
}
