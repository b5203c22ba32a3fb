//! “Did you mean …”: the nearest valid words for a mistyped one.

/// Longer words are no typing mistakes of shorter ones, and comparing takes time and memory by their length.
const LONGEST: usize = 256;

/// The candidate nearest to `word`, if any is near enough to be meant.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    if word.len() > LONGEST {
        return None;
    }
    let word = word.to_lowercase();
    let limit = (word.chars().count() / 3).clamp(1, 4);
    let distance = |candidate: &str| strsim::damerau_levenshtein(&word, &candidate.to_lowercase());
    // Of those equally near, the one that begins in the same way is more likely meant.
    let differing =
        |candidate: &str| word.len() - word.chars().zip(candidate.to_lowercase().chars()).take_while(|(a, b)| a == b).count();
    let ((best, _), candidate) = candidates.into_iter().map(|c| ((distance(c), differing(c)), c)).min_by_key(|(d, _)| *d)?;
    (best <= limit).then_some(candidate)
}

/// A sentence that helps somebody who typed `word`: the nearest candidate, or all of them if there are few.
pub fn help<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str> + Clone) -> Option<String> {
    if let Some(near) = nearest(word, candidates.clone()) {
        return Some(format!("Did you mean `{near}`?"));
    }
    let all: Vec<String> = candidates.into_iter().map(|c| format!("`{c}`")).collect();
    (!all.is_empty() && all.len() <= 24).then(|| format!("Known are {}.", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_words_are_suggested_and_far_ones_not() {
        let known = ["severity", "source", "status"];
        assert_eq!(nearest("severty", known), Some("severity"));
        assert_eq!(nearest("SOURCE", known), Some("source"));
        assert_eq!(nearest("when", known), None);
        assert_eq!(nearest("typ", ["tap", "type", "typo"]), Some("type"));
        assert_eq!(help("when", known).as_deref(), Some("Known are `severity`, `source`, `status`."));
    }
}
