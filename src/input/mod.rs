//! Readers of the formats a definition comes in.

pub mod vmcx;
