//! The container of Hyper-V machine definitions (`.vmcx`, and `.vmrs` for run-time state), read without Windows.
//!
//! A container is a small file system: two copies of a file header, a replay log, tables of objects, tables of keys, and
//! objects for values too large for a key table. Its content is a tree of named keys with typed values, the same that older
//! Hyper-V versions wrote as XML.
//!
//! [`read`] gives the whole tree or says which part of the file is damaged. It holds every checksum there is, carries out what
//! the replay log has pending, and never gives a part of a file for the whole. Its time and memory are proportional to the file
//! whatever the file says: no length is believed before it is held against what is there.
//!
//! Facts about the format are those of the format notes, section 1; each file of this module names the part it follows.
//!
//! ```
//! use vmlint::input::vmcx::{is_vmcx, read};
//!
//! let bytes = b"\x14\x20\x28\x01 and nothing more";
//! assert!(is_vmcx(bytes));
//! let damage = read(bytes).unwrap_err();
//! assert!(damage.to_string().starts_with("no good copy of the header"));
//! ```
#![cfg_attr(
    not(test),
    deny(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, clippy::arithmetic_side_effects)
)]

mod bytes;
mod damage;
mod header;
mod image;
mod join;
mod keys;
mod limits;
mod objects;
mod tree;
mod value;

#[cfg(test)]
mod tests;

pub use damage::{Damage, Fault, HeaderFault, Place, Warning};
pub use header::{Header, is_vmcx};
pub use limits::{MAX_DEPTH, MAX_FILE, MAX_PATH};
pub use tree::{Children, KeyTree, Node, Values};
pub use value::{Kind, Value};

use image::Image;
use objects::Extent;

/// Reads the container in `bytes`, the whole of a file.
///
/// # Errors
///
/// What is damaged first, in the order of reading: header, replay log, object tables, key tables and their entries, parents.
pub fn read(bytes: &[u8]) -> Result<KeyTree, Damage> {
    if bytes.len() > MAX_FILE {
        return Err(Place::File.has(Fault::TooLarge { size: bytes.len() }));
    }
    let (header, warnings) = header::choose(bytes)?;
    let log = Extent { at: header.log_offset, size: header.log_block };
    let (image, replayed) = Image::of(bytes, &header).map_err(|damage| match damage {
        // The log lies at the end of the file. Of a file that was cut off, the first part that is lost tells more.
        Damage { place: Place::Log { .. }, fault: Fault::PastEnd { .. } } => {
            objects::read(&Image::as_it_is(bytes), header.alignment, log).err().unwrap_or(damage)
        }
        damage => damage,
    })?;
    let objects = objects::read(&image, header.alignment, log)?;
    let keys = keys::read(&image, &objects)?;
    let nodes = join::join(&keys)?;
    Ok(KeyTree { header, warnings, replayed, keys, nodes, origins: image.into_origins() })
}
