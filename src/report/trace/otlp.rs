//! A trace in the JSON of the OpenTelemetry protocol (OTLP 1), by hand: the crates for it bring more
//! than a hundred others.
//!
//! Invariant: 64-bit numbers are strings and ids are hexadecimal, as that form wants.

use serde_json::{Value, json};

use super::{Attribute, Attributes, ROOT, Span, Trace, Verdict};
use crate::exec::Timestamp;

impl Trace<'_> {
    /// The whole trace as one request.
    pub fn otlp(&self) -> Value {
        self.request(self.spans.iter())
    }

    /// The trace in requests of so many spans.
    pub fn otlp_in_parts(&self, most: usize) -> impl Iterator<Item = Value> {
        let parts = (0..self.spans.len()).step_by(most.max(1));
        parts.map(move |from| self.request(self.spans.iter().skip(from).take(most)))
    }

    fn request<'s>(&self, spans: impl Iterator<Item = (&'s String, &'s Span)>) -> Value {
        let version = env!("CARGO_PKG_VERSION");
        let of = attributes(&vec![
            ("service.name", "goalc".into()),
            ("service.version", version.into()),
        ]);
        let spans: Vec<Value> = spans.map(|(key, span)| self.span(key, span)).collect();
        json!({ "resourceSpans": [{
            "resource": { "attributes": of },
            "scopeSpans": [{ "scope": { "name": "goalc", "version": version }, "spans": spans }],
        }] })
    }

    fn span(&self, key: &str, span: &Span) -> Value {
        let moments = span.moments.iter().map(|moment| {
            json!({
                "timeUnixNano": nanoseconds(moment.at),
                "name": moment.name,
                "attributes": attributes(&moment.attributes),
            })
        });
        let status = match &span.verdict {
            Verdict::Unset => json!({}),
            Verdict::Good => json!({ "code": 1 }),
            Verdict::Bad(why) => json!({ "code": 2, "message": why }),
        };
        let mut value = json!({
            "traceId": self.id(ROOT, 16),
            "spanId": self.id(key, 8),
            "name": span.name,
            "kind": 1,
            "startTimeUnixNano": nanoseconds(span.start),
            "endTimeUnixNano": nanoseconds(span.end.unwrap_or(self.last).max(span.start)),
            "attributes": attributes(&span.attributes),
            "events": moments.collect::<Vec<_>>(),
            "status": status,
        });
        if let (Some(parent), Some(fields)) = (&span.parent, value.as_object_mut()) {
            fields.insert("parentSpanId".to_owned(), self.id(parent, 8).into());
        }
        value
    }
}

fn nanoseconds(at: Timestamp) -> String {
    (i128::from(at.0.max(0)) * 1_000_000).to_string()
}

fn attributes(all: &Attributes) -> Vec<Value> {
    let value = |attribute: &Attribute| match attribute {
        Attribute::Text(text) => json!({ "stringValue": text }),
        Attribute::Int(int) => json!({ "intValue": int.to_string() }),
        Attribute::Float(number) => json!({ "doubleValue": number }),
        Attribute::Bool(bool) => json!({ "boolValue": bool }),
    };
    all.iter().map(|(key, attribute)| json!({ "key": key, "value": value(attribute) })).collect()
}
