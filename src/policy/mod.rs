//! Policies: from YAML to rules that are ready to run.

pub mod load;
pub mod reader;
pub mod schema;
pub mod tests;
pub mod yaml;
