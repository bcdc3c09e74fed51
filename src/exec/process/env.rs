//! The environment of a process: variables that many processes share, and its own over them.
//!
//! Knows names and values, and the form in which the system takes them; where they come from is
//! others' business. Invariant: each name is in it once.

use std::collections::HashSet;
use std::ffi::{CStr, CString, OsStr, OsString};
use std::sync::Arc;

use super::spawn::c_string;

/// Variables of all processes of a run, made ready for the system once.
#[derive(Debug, Default)]
pub struct SharedEnv {
    variables: Vec<Variable>,
}

#[derive(Debug)]
struct Variable {
    name: OsString,
    value: OsString,
    text: Result<CString, String>,
}

impl FromIterator<(OsString, OsString)> for SharedEnv {
    /// Of several with one name the last counts.
    fn from_iter<T: IntoIterator<Item = (OsString, OsString)>>(variables: T) -> Self {
        let mut known = HashSet::new();
        let given: Vec<_> = variables.into_iter().collect();
        let last = given.into_iter().rev().filter(|(name, _)| known.insert(name.clone()));
        let made = last.map(|(name, value)| Variable { text: text(&name, &value), name, value });
        let mut variables: Vec<Variable> = made.collect();
        variables.reverse();
        Self { variables }
    }
}

impl SharedEnv {
    /// A variable's value.
    pub fn get(&self, name: impl AsRef<OsStr>) -> Option<&OsStr> {
        let found = self.variables.iter().find(|variable| variable.name == name.as_ref());
        found.map(|variable| variable.value.as_os_str())
    }
}

/// The whole environment of one process.
#[derive(Debug, Clone, Default)]
pub struct ProcessEnv {
    shared: Arc<SharedEnv>,
    own: Vec<(OsString, OsString)>,
}

impl ProcessEnv {
    /// Variables that all have, and those that stand over them. No two of these have one name.
    pub fn new(shared: Arc<SharedEnv>, own: Vec<(OsString, OsString)>) -> Self {
        Self { shared, own }
    }

    /// A variable's value.
    pub fn get(&self, name: impl AsRef<OsStr>) -> Option<&OsStr> {
        let own = self.own.iter().find(|(known, _)| known == name.as_ref());
        own.map_or_else(|| self.shared.get(name.as_ref()), |(_, value)| Some(value))
    }

    /// Gives a variable a value, whatever it had.
    pub fn set(&mut self, name: impl Into<OsString>, value: impl Into<OsString>) {
        let (name, value) = (name.into(), value.into());
        match self.own.iter_mut().find(|(known, _)| *known == name) {
            Some((_, known)) => *known = value,
            None => self.own.push((name, value)),
        }
    }

    /// All variables, each with its value.
    pub fn iter(&self) -> impl Iterator<Item = (&OsStr, &OsStr)> {
        let own = self.own.iter().map(|(name, value)| (name.as_os_str(), value.as_os_str()));
        self.inherited().map(|each| (each.name.as_os_str(), each.value.as_os_str())).chain(own)
    }

    /// Those of all that it has no own value for.
    fn inherited(&self) -> impl Iterator<Item = &Variable> {
        let is_own = |name: &OsStr| self.own.iter().any(|(own, _)| own == name);
        self.shared.variables.iter().filter(move |variable| !is_own(&variable.name))
    }

    /// As the system takes them.
    ///
    /// # Errors
    /// One holds what no process can be given.
    pub(super) fn texts(&self) -> Result<EnvTexts, String> {
        if let Some(fault) = self.inherited().find_map(|each| each.text.as_ref().err()) {
            return Err(fault.clone());
        }
        let own = self.own.iter().map(|(name, value)| text(name, value));
        Ok(EnvTexts { own: own.collect::<Result<_, _>>()?, whole: self.clone() })
    }
}

/// An environment in the system's form.
#[derive(Debug)]
pub(super) struct EnvTexts {
    own: Vec<CString>,
    whole: ProcessEnv,
}

impl EnvTexts {
    /// Each variable, as `NAME=VALUE`.
    pub(super) fn iter(&self) -> impl Iterator<Item = &CStr> {
        let inherited = self.whole.inherited().filter_map(|each| each.text.as_deref().ok());
        inherited.chain(self.own.iter().map(CString::as_c_str))
    }
}

fn text(name: &OsStr, value: &OsStr) -> Result<CString, String> {
    let mut text = OsString::with_capacity(name.len() + value.len() + 2);
    text.push(name);
    text.push("=");
    text.push(value);
    c_string(&text)
}

impl FromIterator<(OsString, OsString)> for ProcessEnv {
    fn from_iter<T: IntoIterator<Item = (OsString, OsString)>>(variables: T) -> Self {
        Self::new(Arc::new(variables.into_iter().collect()), Vec::new())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(env: &ProcessEnv) -> Vec<String> {
        let texts = env.texts().expect("all can be given to a process");
        texts.iter().map(|text| text.to_string_lossy().into_owned()).collect()
    }

    fn pairs(of: &[(&str, &str)]) -> Vec<(OsString, OsString)> {
        of.iter().map(|(name, value)| (name.into(), value.into())).collect()
    }

    #[test]
    fn its_own_stand_over_those_that_all_have() {
        let shared: SharedEnv = pairs(&[("A", "1"), ("B", "2"), ("A", "3")]).into_iter().collect();
        let mut env = ProcessEnv::new(Arc::new(shared), pairs(&[("B", "own"), ("C", "")]));
        assert_eq!(texts(&env), ["A=3", "B=own", "C="]);
        assert_eq!(env.get("B"), Some(OsStr::new("own")));
        env.set("A", "mine");
        env.set("C", "mine");
        assert_eq!(texts(&env), ["B=own", "C=mine", "A=mine"]);
        assert_eq!(env.iter().count(), 3);
    }

    #[test]
    fn what_no_process_can_be_given_is_said_unless_something_stands_over_it() {
        let shared: Arc<SharedEnv> = Arc::new(pairs(&[("A", "\0")]).into_iter().collect());
        let mut env = ProcessEnv::new(shared, Vec::new());
        assert!(env.texts().expect_err("a fault").contains("NUL"));
        env.set("A", "good");
        assert_eq!(texts(&env), ["A=good"]);
    }
}
