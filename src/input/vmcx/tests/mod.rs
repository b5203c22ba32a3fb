//! Containers made by a writer of our own, whole and damaged, and what the reader makes of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)]

mod damaged;
mod random;
mod whole;
mod writer;
