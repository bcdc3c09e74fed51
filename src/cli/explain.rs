//! `goalc explain`, `schema`, `completions` and `man`: what goalc knows of itself.

use super::arguments::{Arguments, CompletionsArguments, ExplainArguments, SchemaArguments};
use super::exit::Failed;
use super::output;
use crate::clause::{ClauseSpec, argument_lines, as_sentence, stands, table, usage};
use crate::diagnostic::{CATALOGUE, closest, explain as explanation};
use crate::report::layout::wrap;
use crate::report::{SCHEMAS, schema as schema_named};
use crate::value::Function;

/// A code, or a word of the language; without either, all codes.
pub(super) fn explain(arguments: &ExplainArguments) -> Result<u8, Failed> {
    let topic = arguments.topic.join(" ");
    if topic.is_empty() {
        let list = CATALOGUE.iter().map(|entry| format!("{}  {}\n", entry.code, entry.title));
        output::print(&list.collect::<String>());
        return Ok(0);
    }
    let page = |topic: &str| explanation(topic).or_else(|| word_page(topic));
    // `on failure` is one word of the language; most others are one each.
    if let Some(text) = page(&topic) {
        output::print(&text);
        return Ok(0);
    }
    let each = arguments.topic.iter().map(|topic| page(topic).ok_or(topic));
    match each.collect::<Result<Vec<_>, _>>() {
        Ok(pages) => output::print(&pages.join("\n")),
        Err(unknown) if arguments.topic.iter().any(|topic| page(topic).is_some()) => {
            return Err(Failed::wrong(no_topic(unknown)));
        }
        Err(_) => return Err(Failed::wrong(no_topic(&topic))),
    }
    Ok(0)
}

fn no_topic(topic: &str) -> String {
    let codes = CATALOGUE.iter().map(|entry| entry.code);
    let options = table().iter().flat_map(|spec| spec.options).map(|option| option.word);
    let words = table().iter().map(|spec| spec.word).chain(options);
    let words = words.filter(|word| word.len() > 1 && word.is_ascii());
    let functions = Function::ALL.iter().map(|function| function.word());
    let upper = topic.to_uppercase();
    let near = closest(&upper, codes).or_else(|| closest(topic, words.chain(functions)));
    match near {
        Some(near) => format!("there is no code or word `{topic}`: did you mean `{near}`?"),
        None => format!(
            "there is no code or word `{topic}`: `goalc explain` lists the codes, and \
             docs/clauses.md the words"
        ),
    }
}

/// All that a word means: as a clause, a probe, a function, or as a part of a clause.
fn word_page(word: &str) -> Option<String> {
    let named = table().iter().filter(|spec| spec.word == word && !word.is_empty());
    let mut pages: Vec<String> = named.map(|spec| clause_page(spec)).collect();
    let function = Function::named(word);
    pages.extend(function.map(|function| {
        format!("{}\n\nA function: {}.\n", function.usage(), in_a_sentence(function.summary()))
    }));
    if pages.is_empty() {
        let has = |spec: &&&ClauseSpec| spec.options.iter().any(|option| option.word == word);
        pages.extend(table().iter().filter(has).map(|spec| clause_page(spec)));
    }
    (!pages.is_empty()).then(|| pages.join("\n"))
}

fn clause_page(spec: &ClauseSpec) -> String {
    let mut parts =
        vec![hanging(&usage(spec)), wrap(&format!("{}.", as_sentence(spec.summary)), 80)];
    parts.push(wrap(&stands(spec), 80));
    let arguments: Vec<String> =
        argument_lines(spec).iter().flat_map(|line| indented(&wrap(line, 76))).collect();
    if !arguments.is_empty() {
        parts.push(arguments);
    }
    parts.push(wrap(spec.documentation, 80));
    parts.push(indented(&spec.example.lines().map(str::to_owned).collect::<Vec<_>>()));
    parts.iter().map(|lines| lines.join("\n") + "\n").collect::<Vec<_>>().join("\n")
}

/// A usage line; what does not fit goes on below, further right.
fn hanging(line: &str) -> Vec<String> {
    let wrapped = wrap(line, 74).into_iter().enumerate();
    wrapped.map(|(at, line)| if at == 0 { line } else { format!("      {line}") }).collect()
}

fn indented(lines: &[String]) -> Vec<String> {
    lines.iter().map(|line| format!("    {line}").trim_end().to_owned()).collect()
}

fn in_a_sentence(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map_or_else(String::new, |first| first.to_lowercase().chain(letters).collect())
}

pub(super) fn schema(arguments: &SchemaArguments) -> Result<u8, Failed> {
    let Some(schema) = schema_named(&arguments.name) else {
        let (name, known) = (&arguments.name, SCHEMAS.join(", "));
        return Err(Failed::wrong(format!("there is no schema `{name}`: there are {known}")));
    };
    output::print_json(&schema);
    Ok(0)
}

pub(super) fn completions(arguments: &CompletionsArguments) -> u8 {
    let mut script = Vec::new();
    clap_complete::generate(arguments.shell, &mut Arguments::declared(), "goalc", &mut script);
    output::print(&String::from_utf8_lossy(&script));
    0
}

pub(super) fn man() -> Result<u8, Failed> {
    let mut page = Vec::new();
    clap_mangen::Man::new(Arguments::declared())
        .render(&mut page)
        .map_err(|error| Failed::machine(format!("the manual page cannot be made: {error}")))?;
    output::print(&String::from_utf8_lossy(&page));
    Ok(0)
}
