//! vmlint judges virtual-machine definitions by what the vendor of the host supports.
#![forbid(unsafe_code)]

pub mod input;
pub mod source;
pub mod tree;
pub mod xpath;
