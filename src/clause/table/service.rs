//! `service` and `ready`: a step that keeps running while others need it.
//!
//! That `ready` needs `service` is checked where the step is read.

use crate::clause::{BlockShape, Clause, ClauseSpec, Context, Place, Role, Target};

pub(super) static SERVICE: ClauseSpec = ClauseSpec {
    word: "service",
    places: &[Place::Step],
    role: Role::Attribute,
    summary: "keeps running while steps that depend on it need it",
    documentation: "\
Its dependents start when it is `ready`, and it is stopped after the last of them.\n\
A service that was stopped because no one needs it any more has succeeded. It holds no slot of `parallel` \
once it is ready.\n\
One that ends while it is needed has failed, and so have those who depend on it and run. `timeout` bounds \
the time until it is ready, as does the `within` of a probe in `ready`.",
    example: "\
step postgres {
  run [\"postgres\", \"-D\", \"tmp/pg\"]
  service
  ready { tcp \"127.0.0.1:5432\" within 30s }
}",
    lower: lower_service,
    ..ClauseSpec::PLAIN
};

pub(super) static READY: ClauseSpec = ClauseSpec {
    word: "ready",
    places: &[Place::Step],
    role: Role::Attribute,
    block: BlockShape::Required(Place::Probes),
    summary: "when a service is ready for those that depend on it",
    documentation: "All its probes must hold. Goes with `service`; without it a service is ready once it has started.",
    example: "\
step web {
  run \"./web\"
  service
  ready { http \"http://127.0.0.1:8080/\" status 200 }
}",
    lower: lower_ready,
    ..ClauseSpec::PLAIN
};

fn lower_service(_: &Clause, target: &mut Target<'_>, _: &mut dyn Context) {
    if let Target::Step(step) = target {
        step.service.get_or_insert_default();
    }
}

fn lower_ready(clause: &Clause, target: &mut Target<'_>, context: &mut dyn Context) {
    let probes = clause.lower_probes(context);
    if let Target::Step(step) = target {
        step.service.get_or_insert_default().ready.extend(probes);
    }
}
