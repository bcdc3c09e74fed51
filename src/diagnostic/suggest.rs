//! "Did you mean": the closest of the names that would have been right.

/// The candidate nearest to `word`, if near enough that a slip of the fingers explains it:
/// at most a third of its letters (and at least one) differ, a swap of neighbours counting once.
pub fn closest<'a>(word: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let allowed = (word.chars().count() / 3).max(1);
    candidates
        .into_iter()
        .filter(|candidate| *candidate != word)
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(distance, candidate)| {
            *distance <= allowed && *distance < candidate.chars().count().max(2)
        })
        .min()
        .map(|(_, candidate)| candidate)
}
