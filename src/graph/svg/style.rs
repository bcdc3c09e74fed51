//! What lines and boxes look like, and the legend that says what they mean.

use super::number;
use crate::graph::diagram::Diagram;
use crate::graph::label::kind_word;
use crate::ir::EdgeKind;

/// Plain rules only, no variables: many readers of SVG know no more. The dark ones come last.
pub(super) const STYLE: &str = "
text{font-family:system-ui,'Segoe UI',Roboto,Helvetica,Arial,sans-serif;fill:#1f2328}
.name{font:600 13px ui-monospace,'DejaVu Sans Mono',Menlo,Consolas,monospace}
.title{font-size:12px}
.marks{font-size:10.5px;fill:#59636e}
.page{fill:#fff}
.goal{fill:#818b98;fill-opacity:.08;stroke:#818b98}
.heading text{paint-order:stroke;stroke:#fff;stroke-width:4px;stroke-linejoin:round}
.step{fill:#f6f8fa;stroke:#59636e}
.step.critical{stroke:#bc4c00;stroke-width:2px}
.edge{fill:none;stroke:#59636e;stroke-width:1.3px}
.edge.critical{stroke:#bc4c00;stroke-width:2px}
.edge.after{stroke-dasharray:6 4}
.edge.optional{stroke-dasharray:2 3}
.edge.stdin{stroke-width:3.2px}
.edge.item{stroke-dasharray:9 3;stroke-width:2.6px}
.tip{fill:#59636e}
.tip.critical{fill:#bc4c00}
@media (prefers-color-scheme:dark){
text{fill:#e6edf3}
.marks{fill:#9198a1}
.page{fill:#0d1117}
.heading text{stroke:#0d1117}
.step{fill:#1c2128;stroke:#9198a1}
.step.critical,.edge.critical{stroke:#ff9d5c}
.edge{stroke:#9198a1}
.tip{fill:#9198a1}
.tip.critical{fill:#ff9d5c}
}
";

pub(super) const ARROWS: &str = "\
<marker id=\"tip\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"8\" markerHeight=\"8\" \
markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"tip\" d=\"M0 0.5L8 4L0 7.5Z\"/></marker>\
<marker id=\"critical-tip\" viewBox=\"0 0 8 8\" refX=\"7.5\" refY=\"4\" markerWidth=\"9\" markerHeight=\"9\" \
markerUnits=\"userSpaceOnUse\" orient=\"auto\"><path class=\"tip critical\" d=\"M0 0.5L8 4L0 7.5Z\"/></marker>";

/// An edge along a path.
pub(super) fn line(kind: EdgeKind, critical: bool, path: &str) -> String {
    let word = match kind {
        EdgeKind::Depends => "",
        EdgeKind::DependsOptional => " optional",
        EdgeKind::After => " after",
        EdgeKind::Stdin => " stdin",
        EdgeKind::Item => " item",
    };
    let (class, tip) = if critical { (" critical", "critical-tip") } else { ("", "tip") };
    format!("<path class=\"edge{word}{class}\" marker-end=\"url(#{tip})\" d=\"{path}\"/>\n")
}

/// What the legend explains: the kinds of lines that there are, and whether any is critical.
pub(super) fn kinds(diagram: &Diagram) -> Vec<(EdgeKind, bool, &'static str)> {
    let all = [EdgeKind::DependsOptional, EdgeKind::After, EdgeKind::Stdin, EdgeKind::Item];
    let critical = diagram.labels.iter().any(|label| label.critical);
    let critical = critical.then_some((EdgeKind::Depends, true, "critical path"));
    let others = all
        .into_iter()
        .filter(|kind| diagram.lines.iter().any(|line| line.kind == *kind))
        .map(|kind| (kind, false, kind_word(kind).unwrap_or_default()));
    critical.into_iter().chain(others).collect()
}

pub(super) fn legend(kinds: &[(EdgeKind, bool, &str)], left: f64, base: f64) -> String {
    let mut out = String::new();
    let mut x = left;
    for (kind, critical, word) in kinds {
        let (y, end) = (number(base - 4.0), number(x + 30.0));
        out += &line(*kind, *critical, &format!("M{} {y}L{end} {y}", number(x)));
        let (at, base) = (number(x + 37.0), number(base));
        out += &format!("<text class=\"marks\" x=\"{at}\" y=\"{base}\">{word}</text>\n");
        x += 37.0 + super::measure::width(word, super::measure::Face::Sans, 10.5) + 14.0;
    }
    out
}
