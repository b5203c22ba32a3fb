//! `vmlint schema`: what may stand in `vmlint.yaml` and in policies, for editors that complete and check YAML.

use clap::{Args, ValueEnum};

use super::answer;
use super::problem::Problem;

const CONFIG: &str = include_str!("../schemas/config.json");
const POLICY: &str = include_str!("../schemas/policy.json");

/// Arguments of `schema`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Of which files
    #[arg(value_name = "KIND", value_enum)]
    kind: Kind,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Kind {
    /// vmlint.yaml
    Config,
    /// Policies
    Policy,
}

/// Prints a schema.
pub fn run(arguments: &Arguments) -> Result<u8, Problem> {
    match arguments.kind {
        Kind::Config => answer(CONFIG.as_bytes()),
        Kind::Policy => policy(),
    }
}

/// Prints the schema of policies.
pub fn policy() -> Result<u8, Problem> {
    answer(POLICY.as_bytes())
}

/// The schemas say the same as the tables by which files are read.
#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use serde_json::Value;

    use super::*;
    use crate::input::limits::{KEYS, Limits};
    use crate::policy::{fixes, load, matrix, schema::Context, tests};
    use crate::{config, systems};

    fn schema(text: &str) -> Value {
        serde_json::from_str(text).unwrap()
    }

    /// Compares the keys of a mapping, `/` for the whole file, with those that are read.
    fn assert_keys(schema: &Value, pointer: &str, known: &[&[&str]]) {
        let mapping = schema.pointer(pointer).unwrap_or_else(|| panic!("the schema has no {pointer}"));
        assert_eq!(mapping["additionalProperties"], false, "{pointer} takes any key");
        let described: BTreeSet<&str> = mapping["properties"].as_object().unwrap().keys().map(String::as_str).collect();
        let known: BTreeSet<&str> = known.iter().flat_map(|keys| keys.iter()).copied().collect();
        assert_eq!(described, known, "{pointer}");
    }

    fn assert_words<'w>(schema: &Value, pointer: &str, known: impl IntoIterator<Item = &'w str>) {
        let words = schema.pointer(&format!("{pointer}/enum")).unwrap_or_else(|| panic!("the schema has no {pointer}"));
        let words: BTreeSet<&str> = words.as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert_eq!(words, known.into_iter().collect::<BTreeSet<&str>>(), "{pointer}");
    }

    fn first<'w, T>(words: &[(&'w str, T)]) -> Vec<&'w str> {
        words.iter().map(|(word, _)| *word).collect()
    }

    #[test]
    fn configuration() {
        let schema = schema(CONFIG);
        assert_keys(&schema, "", &[&config::SETTINGS, &config::TOP]);
        assert_keys(&schema, "/properties/overrides/items", &[&config::SETTINGS, &["files"]]);
        assert_keys(&schema, "/properties/files", &[&config::FILES]);
        assert_keys(&schema, "/properties/rules/additionalProperties/anyOf/1", &[&config::SETTING]);
        assert_keys(&schema, "/properties/limits", &[&KEYS.each_ref().map(|key| key.name)]);
        for key in &KEYS {
            let limit = schema.pointer(&format!("/properties/limits/properties/{}", key.name)).unwrap();
            assert_eq!((limit["minimum"].as_u64(), limit["maximum"].as_u64()), (Some(key.range.0), Some(key.range.1)));
            let usual = key.shown(&Limits::default());
            assert!(limit["description"].as_str().unwrap().contains(&format!("{usual} without it")), "{usual}");
        }
        assert_words(&schema, "/$defs/host/anyOf/0", systems::hosts());
        assert_words(&schema, "/$defs/setting", first(&config::RULE_SETTINGS));
        assert_words(&schema, "/properties/fail-on", first(&config::LEVELS));
        assert_words(&schema, "/properties/guest-drivers", systems::GUEST_DRIVERS);
    }

    #[test]
    fn policies() {
        let schema = schema(POLICY);
        let [of_rules, of_uses] = load::OWN_KEYS;
        assert_keys(&schema, "", &[&load::POLICY_KEYS]);
        assert_keys(&schema, "/$defs/rule", &[of_rules, &load::RULE_KEYS, &tests::NAMES]);
        assert_keys(&schema, "/properties/uses/items", &[of_uses, &load::RULE_KEYS, &tests::NAMES]);
        assert_keys(&schema, "/$defs/case", &[&load::CASE_KEYS, &tests::NAMES]);
        assert_keys(&schema, "/properties/sources/additionalProperties", &[&load::SOURCE_KEYS]);
        assert_keys(&schema, "/properties/names", &[&load::NAMES_KEYS]);
        assert_keys(&schema, "/properties/devices/additionalProperties/anyOf/1", &[&load::DEVICE_KEYS]);
        assert_keys(&schema, "/properties/matrix", &[&load::MATRIX_KEYS]);
        assert_keys(&schema, "/properties/matrix/properties/features/items", &[&matrix::FEATURE_KEYS]);
        assert_keys(&schema, "/$defs/rule/properties/related/items", &[&load::RELATED_KEYS]);
        assert_keys(&schema, "/$defs/rule/properties/examples", &[&load::EXAMPLES_KEYS]);
        assert_keys(&schema, "/$defs/fix", &[&fixes::KEYS]);
        assert_keys(&schema, "/$defs/insertion", &[&fixes::INSERTION_KEYS]);
        assert_keys(&schema, "/$defs/rule/properties/count/anyOf/1", &[&tests::COUNT_KEYS]);
        assert_words(&schema, "/properties/platform", first(&load::PLATFORMS));
        assert_words(&schema, "/$defs/rule/properties/status", first(&load::STATUSES));
        assert_words(&schema, "/$defs/rule/properties/severity", first(&load::SEVERITIES));
        assert_words(&schema, "/$defs/context", first(&Context::ALL));
    }
}
