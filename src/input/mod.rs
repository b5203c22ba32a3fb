//! From bytes to trees: what is read, how it is decoded, and the readers of each format.

pub mod keys;
pub mod limits;
pub mod text;
pub mod vmcx;
pub mod walk;
pub mod xml;
