//! Patterns of paths, and whether two of them have a path in common.
//!
//! Knows text only: what stands for unknown values, and where paths begin, comes from `path`.
//! The answer is exact for `*`, `**`, `?`, `[…]` and plain text.

/// Larger pairs of patterns are taken as apart.
const LARGEST_PRODUCT: usize = 1 << 20;

/// One part of a pattern.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Token {
    Char(char),
    /// `?`
    One,
    Class(Box<Class>),
    /// `*`
    Star,
    /// `**/`: any number of folders.
    Folders,
    /// `**` at the end.
    Rest,
    /// At the end: the path itself and all below it.
    Below,
    /// A value that only the run knows.
    Unknown(u32),
}

/// `[a-z]`, `[!a-z]`
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Class {
    pub(super) negated: bool,
    pub(super) ranges: Vec<(char, char)>,
}

impl Class {
    fn has(&self, letter: char) -> bool {
        let inside = self.ranges.iter().any(|(from, to)| (*from..=*to).contains(&letter));
        letter != '/' && inside != self.negated
    }

    /// Letters among which two classes have one in common, if they have any.
    fn edges(&self) -> impl Iterator<Item = char> {
        let next = |letter: char| char::from_u32(u32::from(letter) + 1);
        let before = |letter: char| u32::from(letter).checked_sub(1).and_then(char::from_u32);
        self.ranges.iter().flat_map(move |(from, to)| {
            [Some(*from), Some(*to), before(*from), next(*to)].into_iter().flatten()
        })
    }
}

/// How a value that only the run knows is taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Unknowns {
    /// As any text without `/`.
    Anything,
    /// As one text, the same wherever the same expression stands.
    Same,
}

/// What a token may take next.
#[derive(Debug, Clone, Copy)]
enum Takes<'t> {
    Letter(char),
    Value(u32),
    Class(&'t Class),
    /// Anything but `/`.
    Inside,
    Anything,
}

impl Takes<'_> {
    fn meets(self, other: Self) -> bool {
        match (self, other) {
            (Self::Value(a), Self::Value(b)) => a == b,
            (Self::Letter(a), Self::Letter(b)) => a == b,
            (Self::Class(class), Self::Letter(letter))
            | (Self::Letter(letter), Self::Class(class)) => class.has(letter),
            (Self::Class(a), Self::Class(b)) => {
                a.edges().chain(b.edges()).any(|letter| a.has(letter) && b.has(letter))
            }
            (Self::Value(_), Self::Letter(_) | Self::Class(_))
            | (Self::Letter(_) | Self::Class(_), Self::Value(_)) => false,
            (Self::Inside, Self::Letter(letter)) | (Self::Letter(letter), Self::Inside) => {
                letter != '/'
            }
            (Self::Inside | Self::Anything, _) | (_, Self::Inside | Self::Anything) => true,
        }
    }
}

/// A place in a pattern: a token, and whether it is in the middle of a folder's name.
type State = usize;

struct Machine<'t> {
    tokens: &'t [Token],
    unknowns: Unknowns,
}

impl<'t> Machine<'t> {
    fn states(&self) -> usize {
        2 * (self.tokens.len() + 1)
    }

    fn accepts(&self, state: State) -> bool {
        state == 2 * self.tokens.len()
    }

    /// Where it may go without taking anything.
    fn skips(&self, state: State) -> Option<State> {
        let (at, inside) = (state / 2, state % 2 == 1);
        match self.tokens.get(at)? {
            Token::Star | Token::Rest => Some(state + 2),
            Token::Folders if !inside => Some(state + 2),
            Token::Below => Some(2 * self.tokens.len()),
            Token::Unknown(_) if self.unknowns == Unknowns::Anything => Some(state + 2),
            _ => None,
        }
    }

    /// What it may take, and where it is then.
    fn moves(&self, state: State) -> [Option<(Takes<'t>, State)>; 2] {
        let (at, inside) = (state / 2, state % 2);
        let Some(token) = self.tokens.get(at) else { return [None, None] };
        let next = state + 2;
        let only = |takes, to| [Some((takes, to)), None];
        match token {
            Token::Char(letter) => only(Takes::Letter(*letter), next),
            Token::One => only(Takes::Inside, next),
            Token::Class(class) => only(Takes::Class(class), next),
            Token::Star => only(Takes::Inside, state),
            Token::Below if inside == 0 => only(Takes::Letter('/'), state + 1),
            Token::Below | Token::Rest => only(Takes::Anything, state),
            Token::Unknown(key) => match self.unknowns {
                Unknowns::Anything => only(Takes::Inside, state),
                Unknowns::Same => only(Takes::Value(*key), next),
            },
            Token::Folders => {
                [Some((Takes::Inside, 2 * at + 1)), Some((Takes::Letter('/'), 2 * at))]
            }
        }
    }
}

/// Whether there is a path that both patterns match. `shared`: so many tokens at their starts are
/// the same plain text.
pub(super) fn overlap(a: &[Token], b: &[Token], shared: usize, unknowns: Unknowns) -> bool {
    let (a, b) = (Machine { tokens: a, unknowns }, Machine { tokens: b, unknowns });
    let width = b.states();
    if a.states().saturating_mul(width) > LARGEST_PRODUCT {
        return false;
    }
    let start = (2 * shared, 2 * shared);
    let mut seen = std::collections::HashSet::from([start]);
    let mut waiting = vec![start];
    while let Some((x, y)) = waiting.pop() {
        if a.accepts(x) && b.accepts(y) {
            return true;
        }
        let skipped = a.skips(x).map(|x| (x, y)).into_iter().chain(b.skips(y).map(|y| (x, y)));
        let taken = a.moves(x).into_iter().flatten().flat_map(|(takes, to)| {
            let other = b.moves(y).into_iter().flatten();
            other.filter(move |(each, _)| takes.meets(*each)).map(move |(_, y)| (to, y))
        });
        for next in skipped.chain(taken) {
            if seen.insert(next) {
                waiting.push(next);
            }
        }
    }
    false
}

/// The plain text that every path of the pattern starts with.
pub(super) fn plain_start(tokens: &[Token]) -> String {
    tokens
        .iter()
        .map_while(|token| if let Token::Char(letter) = token { Some(*letter) } else { None })
        .collect()
}

/// Whether the ends of two patterns leave a path in common possible.
pub(super) fn ends_fit(a: &[Token], b: &[Token]) -> bool {
    for (x, y) in a.iter().rev().zip(b.iter().rev()) {
        match (x, y) {
            (Token::Char(x), Token::Char(y)) if x != y => return false,
            (Token::Char(_), Token::Char(_)) => {}
            _ => return true,
        }
    }
    true
}
