//! Files of params, for `--params FILE.toml`.
//!
//! Gives texts by the param's path, as the command line would; types are the plan's to check.

use indexmap::IndexMap;
use toml::Spanned;
use toml::de::{DeInteger, DeTable, DeValue};

use super::Misplaced;
use crate::source::LineIndex;

/// What a file says of one param.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Given {
    /// As `-p NAME=VALUE`.
    One(String),
    /// As `-p NAME=VALUE` said several times.
    Many(Vec<String>),
    /// A list that is written as one, be it of one item or none.
    List(Vec<String>),
}

/// Reads a file of params: `name = value`, with `[goal]` tables for the params of sub-goals, which
/// become `goal.name`.
///
/// # Errors
/// All that is no TOML, or that no param can be: a date, a list in a list, a table in a list.
pub fn read(text: &str) -> Result<IndexMap<String, Given>, Vec<Misplaced>> {
    let (table, errors) = DeTable::parse_recoverable(text);
    let lines = LineIndex::new(text);
    let mut reader = Reader { text, lines, given: IndexMap::new(), wrong: Vec::new() };
    if errors.is_empty() {
        reader.table("", table.get_ref());
    }
    for error in errors {
        let message = error.message().lines().next().unwrap_or_default();
        reader.wrong(error.span().unwrap_or(0..0).start, format!("this is no TOML: {message}"));
    }
    if reader.wrong.is_empty() { Ok(reader.given) } else { Err(reader.wrong) }
}

struct Reader<'t> {
    text: &'t str,
    lines: LineIndex,
    given: IndexMap<String, Given>,
    wrong: Vec<Misplaced>,
}

impl Reader<'_> {
    fn wrong(&mut self, offset: usize, message: String) {
        self.wrong.push(Misplaced::new(self.text, &self.lines, offset, message));
    }

    /// Recursion is bounded: TOML deeper than 80 was refused by its parser.
    fn table(&mut self, around: &str, table: &DeTable<'_>) {
        for (key, value) in table {
            let name = match around {
                "" => key.get_ref().to_string(),
                around => format!("{around}.{}", key.get_ref()),
            };
            if let DeValue::Table(inner) = value.get_ref() {
                self.table(&name, inner);
            } else if self.given.contains_key(&name) {
                self.wrong(key.span().start, format!("`{name}` has a value already"));
            } else if let Some(given) = self.given(&name, value) {
                self.given.insert(name, given);
            }
        }
    }

    fn given(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<Given> {
        let DeValue::Array(items) = value.get_ref() else {
            return self.one(name, value).map(Given::One);
        };
        let texts: Vec<_> = items.iter().map(|item| self.one(name, item)).collect();
        texts.into_iter().collect::<Option<_>>().map(Given::List)
    }

    fn one(&mut self, name: &str, value: &Spanned<DeValue<'_>>) -> Option<String> {
        let text = match value.get_ref() {
            DeValue::String(text) => Ok(text.to_string()),
            DeValue::Boolean(answer) => Ok(answer.to_string()),
            DeValue::Integer(number) => whole(number).ok_or("a number that is too large"),
            DeValue::Float(number) => Ok(number.as_str().to_owned()),
            DeValue::Datetime(_) => Err("a date: write it as a string, in quotes"),
            DeValue::Array(_) => Err("a list in a list"),
            DeValue::Table(_) => Err("a table in a list"),
        };
        text.map_err(|what| {
            self.wrong(value.span().start, format!("`{name}` cannot be {what}"));
        })
        .ok()
    }
}

fn whole(number: &DeInteger<'_>) -> Option<String> {
    i64::from_str_radix(number.as_str(), number.radix()).ok().map(|number| number.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_texts_and_lists_of_texts() {
        let given = read(
            "version = '1.2.3'\ncount = 1_000\nmask = 0xff\nrate = 2.5\ndry = true\n\
             files = ['a', 'b']\nnone = []\n[database]\nurl = 'pg://x'\npool.size = 3\n",
        )
        .unwrap();
        let one = |text: &str| Given::One(text.to_owned());
        let list = |texts: &[&str]| Given::List(texts.iter().map(ToString::to_string).collect());
        let expected = [
            ("version", one("1.2.3")),
            ("count", one("1000")),
            ("mask", one("255")),
            ("rate", one("2.5")),
            ("dry", one("true")),
            ("files", list(&["a", "b"])),
            ("none", list(&[])),
            ("database.url", one("pg://x")),
            ("database.pool.size", one("3")),
        ];
        assert_eq!(given, expected.map(|(name, given)| (name.to_owned(), given)).into());
    }

    #[test]
    fn all_that_no_param_can_be_is_said_with_its_place() {
        let wrong = read("day = 2026-01-02\nx = [['a']]\n'g.y' = 1\ng.y = 2\n").unwrap_err();
        let said: Vec<_> = wrong.iter().map(ToString::to_string).collect();
        assert_eq!(
            said,
            [
                "line 1, column 7: `day` cannot be a date: write it as a string, in quotes",
                "line 2, column 6: `x` cannot be a list in a list",
                "line 4, column 3: `g.y` has a value already",
            ]
        );
        let wrong = read("a = \nb = 1\n").unwrap_err();
        assert_eq!((wrong.len(), wrong[0].line), (1, 1), "{wrong:?}");
    }
}
