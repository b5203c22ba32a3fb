//! Globs as users write them, over rules' ids and over paths.

use globset::{Error, Glob, GlobSet};

/// What a glob matches, or why it is none, as the end of a sentence.
///
/// # Errors
/// Where it is no glob, or larger than a regular expression may be.
pub fn compile(glob: Result<Glob, Error>) -> Result<GlobSet, String> {
    let glob = glob.map_err(|error| error.kind().to_string())?;
    // `Glob::compile_matcher` panics where this gives an error, which quotes the whole expression.
    GlobSet::builder().add(glob).build().map_err(|_| "it is too long, or its braces are nested too deep".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_is_compiled_or_refused_in_a_sentence() {
        let compiled = |text: &str| compile(Glob::new(text));
        assert!(compiled("rhel-8/{tcg,a*}").unwrap().is_match("rhel-8/tcg"));
        assert_eq!(compiled("a[").unwrap_err(), "unclosed character class; missing ']'");
        let nested = format!("{}{}", "{a,".repeat(200), "}".repeat(200));
        assert_eq!(compiled(&nested).unwrap_err(), "it is too long, or its braces are nested too deep");
    }
}
