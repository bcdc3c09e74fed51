//! Examples of each command, which its help ends with.
//!
//! Invariant: each command has some, and each is a command line that goalc takes; a test holds both.

use clap::{Command, CommandFactory};

use super::Arguments;

/// By command; a comment is behind two spaces.
const EXAMPLES: &[(&str, &str)] = &[
    ("check", "goalc check                             the folder's plan
goalc check a.goal b.goal --deny warnings
goalc check release.goal --fix            mend what is certain
goalc check release.goal --format sarif"),
    ("test", "goalc test                              all plans of the folder
goalc test release.goal -v                show all that happens
goalc test release.goal --only primary    scenarios with this in their name
goalc test --format junit > results.xml"),
    ("simulate", "goalc simulate release.goal
goalc simulate release.goal -p version=1.2.3 --format json
goalc simulate --only once,crash --expect achieved    in CI: what passes by is borne"),
    ("fmt", "goalc fmt release.goal
goalc fmt *.goal --check                  in CI: exit code 1 where one differs
goalc fmt - < release.goal"),
    ("run", "goalc run                                 the folder's plan
goalc run release.goal -p version=1.2.3
goalc run release.goal -n                 say what would happen
goalc run release.goal --only test,lint -j 2
goalc run release.goal --yes --format json --log-file run.log --log-format json"),
    ("compile", "goalc compile release.goal -o release.json"),
    ("graph", "goalc graph release.goal                  in the terminal
goalc graph release.goal --format svg -o plan.svg
goalc graph release.goal --format dot | dot -Tpdf -o plan.pdf"),
    ("list", "goalc list                                the folder's plan; its plans where there are several
goalc list release.goal                   its params, goals and steps
goalc list --format json"),
    ("runs", "goalc runs
goalc runs --format json"),
    ("show", "goalc show                                the newest run
goalc show 20260301-09                    the run whose name begins so
goalc show --format json"),
    ("logs", "goalc logs                                all of the newest run
goalc logs 20260301-09 database.migrate
goalc logs -f                             go on while it runs"),
    ("watch", "goalc watch                               the newest run\ngoalc watch 20260301-09"),
    ("note", "goalc note rollout \"half of the machines are done\""),
    ("why", "goalc why rollout                         in the newest run
goalc why 20260301-09 database.migrate"),
    ("report", "goalc report                              the newest run, for people
goalc report 20260301-09 --format html -o run.html
goalc report --format junit -o junit.xml"),
    ("resume", "goalc resume                              the newest run
goalc resume 20260301-09 --retry-failed
goalc resume --accept-changes             the plan as it is now"),
    ("approve", "goalc approve migrate --note \"after the backup\"
goalc approve 20260301-09 migrate"),
    ("deny", "goalc deny migrate --note \"not on a Friday\""),
    ("done", "goalc done plug-in
goalc done 20260301-09 measure --output width=12"),
    ("rerun", "goalc rerun copy[3]                       one instance"),
    ("skip", "goalc skip lint --note \"not today\""),
    ("fail", "goalc fail plug-in --note \"no such socket\""),
    ("rollback", "goalc rollback                            to the last checkpoint
goalc rollback 20260301-09 --to start"),
    ("cancel", "goalc cancel
goalc cancel 20260301-09"),
    ("new", "goalc new release
goalc new release --template release -o plans/release.goal
goalc new --list"),
    ("import", "goalc import decomposed.json -o release.goal
goalc import - < run.json"),
    ("export", "goalc export --format otlp                the newest run as a trace
goalc export 20260301-09 --format otlp --endpoint http://127.0.0.1:4318"),
    ("explain", "goalc explain                             all codes
goalc explain E0401
goalc explain retry"),
    ("lsp", "goalc lsp                                 an editor calls it; see docs/editors.md"),
    ("schema", "goalc schema run"),
    ("clean", "goalc clean                               keep the newest 20 runs
goalc clean --keep 5 --older 30d"),
    ("completions", "goalc completions bash > ~/.local/share/bash-completion/completions/goalc
goalc completions zsh"),
    ("man", "goalc man > goalc.1"),
];

const OF_ALL: &str = "goalc new release --template release      write a plan to start from
goalc check release.goal                  find what is wrong with it
goalc run release.goal -n                 say what would happen
goalc run release.goal                    do it
goalc resume                              go on after a stop";

const EXITS: &str = "Exit codes: 0 achieved · 1 the goal failed · 2 nothing ran: the plan, the command line or \
a `requires` is wrong · 3 waiting for a person · 4 the state or the machine failed goalc · 130, 143, 129 stopped by a signal";

impl Arguments {
    /// The command line's declaration, examples included.
    pub fn declared() -> Command {
        let all = format!("{}\n\n{EXITS}", section(OF_ALL));
        EXAMPLES.iter().fold(Self::command().after_help(all), |command, (name, examples)| {
            command.mut_subcommand(name, |sub| sub.after_help(section(examples)))
        })
    }

    /// Reads a command line.
    ///
    /// # Errors
    /// It cannot be read, or asks for help.
    pub fn read<T>(given: impl IntoIterator<Item = T>) -> Result<Self, clap::Error>
    where
        T: Into<std::ffi::OsString> + Clone,
    {
        let matches = Self::declared().try_get_matches_from(given)?;
        <Self as clap::FromArgMatches>::from_arg_matches(&matches)
    }
}

fn section(examples: &str) -> String {
    let lines = examples.lines().map(|line| format!("\n  {line}"));
    format!("Examples:{}", lines.collect::<String>())
}
