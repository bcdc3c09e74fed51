//! JSON Schemas of what goalc prints, made from the types that are printed.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, schema_for};

use super::{
    CheckView, DryRunView, GraphView, ListView, ReportView, RunView, RunsView, ScenariosView,
    SimulationView, WhyView,
};
use crate::ir::Plan;

/// The names that [`schema`] knows.
pub const SCHEMAS: &[&str] = &[
    "check", "run", "show", "dry-run", "graph", "list", "runs", "why", "report", "test",
    "simulate", "ir",
];

/// The schema of a command's JSON, or of the compiled plan (`ir`); `None` for any other name.
pub fn schema(name: &str) -> Option<serde_json::Value> {
    let schema = match name {
        "check" => printed::<CheckView>(),
        "run" | "show" => printed::<RunView>(),
        "dry-run" => printed::<DryRunView>(),
        "graph" => printed::<GraphView>(),
        "list" => printed::<ListView>(),
        "runs" => printed::<RunsView>(),
        "why" => printed::<WhyView>(),
        "report" => printed::<ReportView>(),
        "test" => printed::<ScenariosView>(),
        "simulate" => printed::<SimulationView>(),
        // Read as well as printed: what may be left out is not required.
        "ir" => schema_for!(Plan),
        _ => return None,
    };
    Some(Schema::to_value(schema))
}

/// The schema of what is only printed: what is always there is required.
fn printed<T: JsonSchema>() -> Schema {
    SchemaSettings::draft2020_12().for_serialize().into_generator().into_root_schema_for::<T>()
}
