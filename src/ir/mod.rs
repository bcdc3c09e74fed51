//! The checked plan: resolved, serialisable, without places in a text.
//!
//! A plan that exists is right: names are ids that exist, types fit, the graph has no cycle. Two
//! texts that differ in layout and comments alone give the same plan. `exec` runs plans, wherever
//! they came from; [`Plan::validate`] guards the one door through which others come, JSON.
//! Scenarios are no part of a plan; what they assume and expect of one is beside it.

mod circle;
mod executor;
mod plan;
mod rare;
mod scenario;
mod step;
mod validate;

pub use executor::{
    Demand, EXECUTOR_NAMES, EXECUTORS, Executor, LOCAL, Placement, executor, executor_of, misplaced,
};
pub use plan::{
    Alert, AlertAction, AlertEvent, Binding, BindingKind, Cleanup, FORMAT, FailurePolicy, Goal,
    OWN_VARIABLES, Plan, Progress,
};
pub use rare::{Blank, Rare};
pub use scenario::{
    Assumption, Expectation, Expected, ExpectedEnd, Fails, Given, Moment, NodeExpected, NodeGiven,
    Part, Reply, Scenario,
};
pub use step::{
    Action, Argument, Arguments, Attempt, Command, Confirm, Edge, EdgeKind, Environment, Estimate,
    Fallback, Foreach, Guards, IntRange, Limits, Lock, LockScope, Otherwise, OutputSource,
    OutputSpec, Probe, ProbeKind, Retry, RetryOn, Script, Service, Step, StepFailure, Tolerance,
    Use,
};
pub use validate::InvalidPlan;
