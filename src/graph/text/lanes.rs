//! Which lane runs where: from a line to the last of those that wait for it.
//!
//! Lines that the same ones wait for share a lane, so that a wide middle stays narrow: such a line is
//! joined to what it waits for on its left, and to its lane on its right. There are [`MOST`] lanes
//! at most; what has none is named in words. Invariant: a column holds one lane at a time.

use std::collections::HashMap;

use super::order::{Part, Vertices};

/// Lanes beside each other; with more, words are easier to follow.
const MOST: usize = 16;

/// One line of the drawing, left of the words.
#[derive(Debug, Default)]
pub(super) struct Row {
    pub(super) mark: Option<(usize, Mark)>,
    /// Columns in which a lane comes from above, and goes on below.
    pub(super) above: Vec<bool>,
    pub(super) below: Vec<bool>,
    /// Columns that are tied to the mark.
    pub(super) joined: Vec<usize>,
    /// What it waits for without a lane, by place; how many more there are is not told here.
    pub(super) unseen: Vec<usize>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Mark {
    Step { critical: bool },
    Start,
    End,
}

impl Row {
    /// In characters.
    pub(super) fn width(&self) -> usize {
        let last = |flags: &[bool]| flags.iter().rposition(|flag| *flag).map_or(0, |at| at + 1);
        let mark = self.mark.map_or(0, |(column, _)| column + 1);
        let columns = last(&self.above).max(last(&self.below)).max(mark);
        (columns * 2).saturating_sub(1)
    }
}

#[derive(Debug)]
struct Lane {
    column: usize,
    /// The line that it ends at.
    last: usize,
    /// Where the line before it was that shares it.
    sibling: usize,
}

/// Lays the lanes.
pub(super) struct Lanes<'a> {
    vertices: &'a Vertices,
    before: Vec<Vec<usize>>,
    /// How many lines have the same followers.
    alike: HashMap<&'a [usize], usize>,
    shared: HashMap<&'a [usize], usize>,
    laid: Vec<Lane>,
    /// By line: the lane that it leads to.
    leads_to: Vec<Option<usize>>,
    columns: [Option<usize>; MOST],
    is_critical: &'a dyn Fn(usize) -> bool,
}

impl<'a> Lanes<'a> {
    pub(super) fn new(vertices: &'a Vertices, is_critical: &'a dyn Fn(usize) -> bool) -> Self {
        let count = vertices.parts().len();
        let mut before = vec![Vec::new(); count];
        let mut alike: HashMap<&[usize], usize> = HashMap::new();
        for (from, after) in vertices.after.iter().enumerate() {
            for to in after {
                before[*to].push(from);
            }
            *alike.entry(after).or_default() += 1;
        }
        Self {
            vertices,
            before,
            alike,
            shared: HashMap::new(),
            laid: Vec::new(),
            leads_to: vec![None; count],
            columns: [None; MOST],
            is_critical,
        }
    }

    pub(super) fn rows(mut self) -> Vec<Row> {
        (0..self.vertices.parts().len()).map(|place| self.row(place)).collect()
    }

    fn row(&mut self, place: usize) -> Row {
        let above: Vec<bool> = self.columns.iter().map(Option::is_some).collect();
        let mut row = Row { below: above.clone(), above, ..Row::default() };
        let Some(mark) = self.mark(place) else { return row };
        let (mut ins, unseen) = self.ins(place);
        row.unseen = unseen;
        let (column, lane) = self.seat(place, &ins);
        for column in &mut self.columns {
            if column.is_some_and(|lane| self.laid.get(lane).is_some_and(|l| l.last == place)) {
                *column = None;
            }
        }
        if let Some(lane) = lane {
            self.lead(place, lane, column);
            ins.push(lane);
        }
        row.mark = Some((column, mark));
        row.joined = ins.into_iter().filter(|joined| *joined != column).collect();
        row.below = self.columns.iter().map(Option::is_some).collect();
        row
    }

    /// `None` for a heading that nothing is tied to.
    fn mark(&self, place: usize) -> Option<Mark> {
        match self.vertices.parts().get(place)? {
            Part::Step(node) => Some(Mark::Step { critical: (self.is_critical)(*node) }),
            _ if !*self.vertices.tied.get(place)? => None,
            Part::Start(_) => Some(Mark::Start),
            Part::End(_) => Some(Mark::End),
        }
    }

    /// The columns of the lanes that lead here, and what leads here without one.
    fn ins(&self, place: usize) -> (Vec<usize>, Vec<usize>) {
        let mut columns = Vec::new();
        let mut unseen = Vec::new();
        for from in &self.before[place] {
            match self.leads_to[*from].and_then(|lane| self.laid.get(lane)) {
                Some(lane) => columns.push(lane.column),
                None => unseen.push(*from),
            }
        }
        columns.sort_unstable();
        columns.dedup();
        (columns, unseen)
    }

    /// The column of a line's mark, and that of the lane that it leads to.
    fn seat(&self, place: usize, ins: &[usize]) -> (usize, Option<usize>) {
        let after = self.vertices.after[place].as_slice();
        let shares = !after.is_empty() && self.alike.get(after).is_some_and(|alike| *alike > 1);
        let open = self.shared.get(after).and_then(|lane| self.laid.get(*lane));
        let seat = match open {
            Some(lane) => {
                let seats = (0..lane.column).filter(|at| self.is_right_of(place, ins, *at));
                let wish = lane.sibling;
                self.best(place, ins, Some(lane.column), wish, seats).map(|at| (at, lane.column))
            }
            None if shares => {
                let right = |at: &usize| (at + 1..MOST).find(|lane| self.columns[*lane].is_none());
                let seats =
                    (0..MOST).filter(|at| self.is_right_of(place, ins, *at) && right(at).is_some());
                let seat = self.best(place, ins, None, 0, seats);
                seat.and_then(|at| Some((at, right(&at)?)))
            }
            None => None,
        };
        if let Some((column, lane)) = seat {
            return (column, Some(lane));
        }
        let column = self.best(place, ins, None, 0, 0..MOST).unwrap_or(MOST);
        (column, (!after.is_empty() && column < MOST).then_some(column))
    }

    /// Whether a mark may be there so that all lanes to it are on its left or end in it.
    fn is_right_of(&self, place: usize, ins: &[usize], at: usize) -> bool {
        ins.iter().all(|lane| *lane < at || (*lane == at && self.is_free(place, at)))
    }

    /// Nothing runs there, or what does ends at this line.
    fn is_free(&self, place: usize, column: usize) -> bool {
        let lane = self.columns.get(column).copied().flatten();
        lane.and_then(|lane| self.laid.get(lane)).is_none_or(|lane| lane.last == place)
    }

    /// The free column with the fewest lanes to cross, then the one wished for, then the leftmost.
    fn best(
        &self,
        place: usize,
        ins: &[usize],
        out: Option<usize>,
        wish: usize,
        seats: impl Iterator<Item = usize>,
    ) -> Option<usize> {
        let ends_elsewhere =
            |at: usize| self.columns[at].is_some() && self.is_free(place, at) && !ins.contains(&at);
        seats
            .filter(|at| self.is_free(place, *at) && !ends_elsewhere(*at))
            .min_by_key(|at| (self.crossed(ins, out, *at), at.abs_diff(wish), *at))
    }

    fn crossed(&self, ins: &[usize], out: Option<usize>, at: usize) -> usize {
        let all = || ins.iter().copied().chain(out).chain([at]);
        let (from, to) = (all().min().unwrap_or(at), all().max().unwrap_or(at));
        let lanes =
            (from..=to).filter(|column| self.columns.get(*column).is_some_and(Option::is_some));
        lanes.filter(|column| !ins.contains(column) && Some(*column) != out).count()
    }

    /// Lets a line lead to the lane in a column, which begins here if it is not there yet.
    fn lead(&mut self, place: usize, column: usize, mark: usize) {
        let after = self.vertices.after[place].as_slice();
        if let Some(lane) = self.columns[column] {
            self.laid[lane].sibling = mark;
            self.leads_to[place] = Some(lane);
            return;
        }
        let lane = self.laid.len();
        let last = after.last().copied().unwrap_or(place);
        self.laid.push(Lane { column, last, sibling: mark });
        self.columns[column] = Some(lane);
        self.leads_to[place] = Some(lane);
        if column != mark {
            self.shared.insert(after, lane);
        }
    }
}
