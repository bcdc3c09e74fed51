//! What `goalc list` shows: a plan's params, goals and steps, or the plans of a folder.
//!
//! Each has one line about it: its title, or else the first line of the comment above it.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::Serialize;

use super::layout::{Paint, cut, width, wrap};
use crate::diagnostic::visible;
use crate::ir::{BindingKind, Plan};
use crate::value::{Expr, Type};

const COLUMNS: usize = 80;

/// Columns of what is said of a goal or step in all.
const LONGEST: usize = 400;

/// The widest that names may get beside what is said of them.
const WIDEST: usize = 34;

/// What there is, in a plan or in a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListView {
    /// The root goal's name; null where the plans of a folder are listed.
    pub goal: Option<String>,
    pub title: Option<Arc<str>>,
    /// The comment above it.
    pub doc: Option<Arc<str>>,
    /// Those that can be given by `-p`.
    pub params: Vec<ListedParam>,
    /// Sub-goals, each behind the one that holds it.
    pub goals: Vec<Listed>,
    /// In the order of the text.
    pub steps: Vec<Listed>,
    /// The plans of a folder that has several, by file name; empty for a single plan.
    pub plans: Vec<ListedPlan>,
}

/// A param.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListedParam {
    /// As `-p` takes it.
    pub name: String,
    #[serde(rename = "type")]
    pub ty: String,
    /// As it is written; null where the param must be given.
    pub default: Option<String>,
    pub help: Option<String>,
}

/// A goal or step.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct Listed {
    pub id: String,
    pub title: Option<Arc<str>>,
    /// The comment above it.
    pub doc: Option<Arc<str>>,
}

/// A plan of a folder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, JsonSchema)]
pub struct ListedPlan {
    pub file: String,
    /// The root goal's name; null where the plan has errors.
    pub goal: Option<String>,
    pub title: Option<Arc<str>>,
    pub doc: Option<Arc<str>>,
    /// How many errors `goalc check` finds in it.
    pub errors: usize,
}

impl ListView {
    /// What a plan has.
    pub fn of(plan: &Plan) -> Self {
        let root = plan.goals.get("");
        let goals = plan.goals.iter().filter(|(id, _)| !id.as_str().is_empty());
        Self {
            goal: Some(plan.name.clone()),
            title: root.and_then(|root| root.title.clone()),
            doc: root.and_then(|root| root.doc.clone()),
            params: params(plan),
            goals: goals
                .map(|(id, goal)| listed(id.as_str(), goal.title.clone(), goal.doc.clone()))
                .collect(),
            steps: plan
                .steps
                .iter()
                .map(|(id, step)| listed(id.as_str(), step.title.clone(), step.doc.clone()))
                .collect(),
            plans: Vec::new(),
        }
    }
}

impl Listed {
    /// What a plan says of its goals and steps, by titles and comments; the root's id is empty. Those of which it
    /// says nothing are left out.
    pub fn documented(plan: &Plan) -> Vec<Self> {
        let goals = plan.goals.iter().map(|(id, goal)| (id.as_str(), &goal.title, &goal.doc));
        let steps = plan.steps.iter().map(|(id, step)| (id.as_str(), &step.title, &step.doc));
        goals
            .chain(steps)
            .filter(|(_, title, doc)| title.is_some() || doc.is_some())
            .map(|(id, title, doc)| listed(id, title.clone(), doc.clone()))
            .collect()
    }

    /// Its title and its comment in one line, of which the beginning is enough where it is long.
    pub(super) fn in_one_line(&self) -> String {
        cut(&self.whole_line(), LONGEST)
    }

    fn whole_line(&self) -> String {
        let title = self.title.as_deref().unwrap_or_default().trim();
        let Some(doc) = &self.doc else { return title.to_owned() };
        let words: Vec<&str> = doc.split_whitespace().collect();
        match title.chars().next_back() {
            None => words.join(" "),
            Some(last) if last.is_alphanumeric() => format!("{title}. {}", words.join(" ")),
            Some(_) => format!("{title} {}", words.join(" ")),
        }
    }
}

fn listed(id: &str, title: Option<Arc<str>>, doc: Option<Arc<str>>) -> Listed {
    Listed { id: id.to_owned(), title, doc }
}

fn params(plan: &Plan) -> Vec<ListedParam> {
    let params = plan.bindings.iter().filter_map(|(id, binding)| {
        let BindingKind::Param { default, help, bound: None, .. } = &binding.kind else {
            return None;
        };
        Some(ListedParam {
            name: id.to_string(),
            ty: binding.ty.to_string(),
            default: default.as_ref().map(|default| shown(default, &binding.ty)),
            help: help.clone(),
        })
    });
    params.collect()
}

/// A secret is not shown, however it is written.
fn shown(default: &Expr, ty: &Type) -> String {
    if ty.is_secret() { "***".to_owned() } else { default.to_string() }
}

/// A line each, with what it is about.
pub fn list_text(view: &ListView, colour: bool) -> String {
    let paint = Paint(colour);
    match &view.goal {
        Some(goal) => plan_text(goal, view, paint),
        None => table(&view.plans.iter().map(of_plan).collect::<Vec<_>>(), "", paint),
    }
}

fn plan_text(goal: &str, plan: &ListView, paint: Paint) -> String {
    let said = about(plan.title.as_deref(), plan.doc.as_deref());
    let name = cut(&one_line(goal), COLUMNS);
    let mut out = paint.bold(&name);
    if width(&name) + 2 + width(&said) <= COLUMNS && !said.is_empty() {
        out += &format!("  {said}\n");
    } else {
        out += "\n";
        let lines = wrap(&said, COLUMNS - 2).into_iter().filter(|line| !line.is_empty());
        lines.for_each(|line| out += &format!("  {line}\n"));
    }
    let rows = |all: &[Listed]| -> Vec<(String, String)> {
        let row = |one: &Listed| about(one.title.as_deref(), one.doc.as_deref());
        all.iter().map(|one| (one_line(&one.id), row(one))).collect()
    };
    let params: Vec<(String, String)> = plan.params.iter().map(of_param).collect();
    for (head, rows) in
        [("Params", params), ("Goals", rows(&plan.goals)), ("Steps", rows(&plan.steps))]
    {
        if !rows.is_empty() {
            out += &format!("\n{head}:\n{}", table(&rows, "  ", paint));
        }
    }
    out
}

fn of_param(param: &ListedParam) -> (String, String) {
    let default = param.default.as_ref().map_or_else(
        || "must be given".to_owned(),
        |default| format!("default {}", one_line(default)),
    );
    let help = param.help.as_deref().map(one_line).unwrap_or_default();
    let gap = if help.is_empty() { "" } else { " " };
    (one_line(&param.name), format!("{help}{gap}({}, {default})", one_line(&param.ty)))
}

fn of_plan(plan: &ListedPlan) -> (String, String) {
    let about = match plan.errors {
        0 => about(plan.title.as_deref(), plan.doc.as_deref()),
        1 => "has an error: see `goalc check`".to_owned(),
        errors => format!("has {errors} errors: see `goalc check`"),
    };
    (one_line(&plan.file), about)
}

/// The title, or else the comment's first line.
fn about(title: Option<&str>, doc: Option<&str>) -> String {
    let first =
        |text: &str| text.lines().map(str::trim).find(|line| !line.is_empty()).map(one_line);
    title.and_then(first).or_else(|| doc.and_then(first)).unwrap_or_default()
}

fn one_line(text: &str) -> String {
    visible(text).split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Names with what is said of them beside; below, where a name is too wide for that.
fn table(rows: &[(String, String)], indent: &str, paint: Paint) -> String {
    let names = rows.iter().map(|(name, _)| width(name)).filter(|width| *width <= WIDEST).max();
    let names = names.unwrap_or(0);
    let beside = " ".repeat(names + 2);
    let rest = COLUMNS - indent.len() - names - 2;
    let mut out = String::new();
    for (name, about) in rows {
        let mut lines = wrap(about, rest).into_iter().filter(|line| !line.is_empty());
        let first =
            if width(name) <= names { lines.next().unwrap_or_default() } else { String::new() };
        let wide = name.clone() + &" ".repeat(names.saturating_sub(width(name)));
        let line = format!("{indent}{}  {first}", paint.cyan(&wide));
        out += line.trim_end();
        out += "\n";
        lines.for_each(|line| out += &format!("{indent}{beside}{line}\n"));
    }
    out
}
