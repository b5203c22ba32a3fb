//! vmlint judges virtual-machine definitions by what the vendor of the host supports.
//!
//! Most people want the command. As a library it is the same in three steps: load policies, compile them into rules once, and
//! check the bytes of as many files as there are, on as many threads as there are.
//!
//! ```
//! use std::path::Path;
//!
//! use vmlint::check::Checker;
//! use vmlint::engine::Assumptions;
//! use vmlint::policy::builtin::BuiltIn;
//! use vmlint::policy::compile::{Choice, compile};
//!
//! let policy = BuiltIn::get("rhel-8").unwrap().load().unwrap();
//! let (rules, _warnings) = compile(&[policy], false, &|_| Choice::Run).unwrap();
//! let assumptions = Assumptions::on("rhel-8");
//! let checker = Checker::new(&rules, &assumptions);
//!
//! let definition = "<domain type='qemu'>\n  <name>web01</name>\n</domain>\n";
//! let outcome = checker.check(Path::new("web01.xml"), definition.into(), true);
//!
//! let finding = &outcome.checked.findings[0];
//! assert_eq!(&*finding.rule, "rhel-8/tcg");
//! assert_eq!(outcome.checked.source.slice(finding.focus.span), "type='qemu'");
//! assert_eq!(outcome.checked.source.position(finding.place.span.start).line, 1);
//! ```
//!
//! `docs/architecture.md` tells how the modules hang together, `docs/policies.md` is the language of policies. The command line and
//! the keys of its reports are kept stable; these modules are not, before 1.0.
#![forbid(unsafe_code)]

pub mod baseline;
pub mod check;
pub mod cli;
pub mod config;
pub mod date;
pub mod definition;
pub mod engine;
pub mod finding;
pub mod fix;
mod glob;
pub mod hyperv;
pub mod identity;
pub mod input;
pub mod libvirt;
pub mod paths;
pub mod policy;
pub mod report;
pub mod source;
pub mod suggest;
pub mod suppress;
pub mod systems;
pub mod tree;
pub mod verdict;
pub mod xpath;
