//! From bytes to trees: what is read, how it is decoded, and the readers of each format.

pub mod cim;
pub mod clixml;
pub mod detect;
mod doctype;
pub mod export;
pub mod hyperv_xml;
pub mod json;
pub mod key_paths;
pub mod keys;
pub mod limits;
pub mod powershell;
pub mod raw;
mod scopes;
pub mod text;
pub mod vmcx;
pub mod vmcx_keys;
pub mod walk;
pub mod xml;
