//! Examples as files: machines of Hyper-V, written as trees, are brought into every format by writers of the tests' own. What the
//! readers make of them must be the same tree, and rules must find the same in them.

mod common;

#[path = "hyperv_examples/clixml.rs"]
mod clixml;
#[path = "hyperv_examples/configuration/mod.rs"]
mod configuration;
// A key and its value serve for XML, too.
#[allow(dead_code, reason = "tests of the reader ask more of it")]
#[path = "../src/input/vmcx/tests/writer.rs"]
mod container;
#[path = "hyperv_examples/example.rs"]
mod example;
#[path = "hyperv_examples/json.rs"]
mod json;
#[path = "hyperv_examples/powershell/mod.rs"]
mod powershell;
#[path = "hyperv_examples/rules.rs"]
mod rules;
#[path = "hyperv_examples/settings.rs"]
mod settings;
#[path = "hyperv_examples/trees.rs"]
mod trees;
#[path = "hyperv_examples/writers.rs"]
mod writers;
#[path = "hyperv_examples/xml.rs"]
mod xml;
