//! What a linter begins with that builds a tree of XML: reads each file and parses it with roxmltree, on one thread, and nothing more.
//!
//! `cargo build --release --example roxmltree`, then `target/release/examples/roxmltree FOLDER-OR-FILE...`

use std::hint::black_box;
use std::io;
use std::path::{Path, PathBuf};

fn main() -> io::Result<()> {
    std::env::args_os().skip(1).map(PathBuf::from).try_for_each(|path| parse_all(&path))
}

fn parse_all(path: &Path) -> io::Result<()> {
    if path.is_dir() {
        return std::fs::read_dir(path)?.try_for_each(|entry| parse_all(&entry?.path()));
    }
    let text = std::fs::read_to_string(path)?;
    black_box(roxmltree::Document::parse(&text)).map(drop).map_err(io::Error::other)
}
