//! Chains: steps joined by `stdin from`, which start together and are tried together.
//!
//! A step reads from one step at most and is read by one at most, so joined steps form a row.
//! Invariant: no step is in two chains, also where a plan that was not checked says so.

use super::{Graph, NodeIx};
use crate::ir::EdgeKind;

/// Which steps are joined.
#[derive(Debug, Default)]
pub(super) struct Chains {
    rows: Vec<Vec<NodeIx>>,
    /// By node: the row that it is in. Empty where nothing is joined.
    of: Vec<Option<u32>>,
}

impl Chains {
    pub(super) fn new(graph: &Graph) -> Self {
        let mut readers = vec![None; graph.step_count()];
        let mut reads = vec![false; graph.step_count()];
        for reader in graph.steps() {
            let from = graph.incoming(reader).iter().find(|edge| edge.kind == EdgeKind::Stdin);
            let Some(from) = from.filter(|edge| graph.is_step(edge.from)) else { continue };
            if readers[from.from.at()].is_none() {
                readers[from.from.at()] = Some(reader);
                reads[reader.at()] = true;
            }
        }
        let mut chains = Self::default();
        if !reads.contains(&true) {
            return chains;
        }
        chains.of = vec![None; graph.step_count()];
        for first in graph.steps().filter(|step| !reads[step.at()]) {
            let row: Vec<NodeIx> =
                std::iter::successors(Some(first), |step| readers[step.at()]).collect();
            if row.len() > 1 {
                chains.add(row);
            }
        }
        chains
    }

    fn add(&mut self, row: Vec<NodeIx>) {
        let number = u32::try_from(self.rows.len()).ok();
        for step in &row {
            self.of[step.at()] = number;
        }
        self.rows.push(row);
    }
}

impl Graph {
    /// The steps that a step is joined to by pipes, itself among them, each before its reader;
    /// nothing where it is joined to none.
    pub fn joined(&self, node: NodeIx) -> &[NodeIx] {
        self.chain_of(node).and_then(|row| self.chains.rows.get(row)).map_or(&[], Vec::as_slice)
    }

    /// An output that another of the steps gives that a step is joined to: who says that all of these are
    /// done could not give it.
    pub fn output_of_joined(&self, node: NodeIx) -> Option<(NodeIx, &str)> {
        let others = self.joined(node).iter().filter(|other| **other != node);
        others.copied().find_map(|other| {
            let name = self.step(other)?.outputs.keys().next()?;
            Some((other, &**name))
        })
    }

    /// The steps that are joined, chain by chain.
    pub fn chains(&self) -> impl Iterator<Item = &[NodeIx]> {
        self.chains.rows.iter().map(Vec::as_slice)
    }

    /// The number of the chain that a step is in.
    pub(super) fn chain_of(&self, node: NodeIx) -> Option<usize> {
        self.chains.of.get(node.at()).copied().flatten().map(|row| row as usize)
    }
}
