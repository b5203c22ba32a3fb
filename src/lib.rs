//! vmlint judges virtual-machine definitions by what the vendor of the host supports.
#![forbid(unsafe_code)]

pub mod check;
pub mod cli;
pub mod config;
pub mod definition;
pub mod engine;
pub mod finding;
pub mod hyperv;
pub mod input;
pub mod libvirt;
pub mod paths;
pub mod policy;
pub mod report;
pub mod source;
pub mod suggest;
pub mod tree;
pub mod xpath;
