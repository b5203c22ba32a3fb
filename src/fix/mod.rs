//! Fixes: from what a policy says to edits of the text, from edits to the bytes of a file, and files judged again until nothing is
//! left to fix. Only the characters of the edits change; whatever else a file holds stays as it is.

pub mod apply;
pub mod draft;
mod layout;
pub mod rounds;
