//! Policies: from YAML to rules that are ready to run.

pub mod builtin;
pub mod compile;
pub mod environment;
pub mod fixes;
pub mod index;
pub mod load;
pub mod matrix;
pub mod names;
pub mod packed;
pub mod reader;
pub mod schema;
mod table;
mod template;
pub mod tests;
pub mod yaml;
