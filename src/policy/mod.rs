//! Policies: from YAML to rules that are ready to run.
pub mod yaml;
