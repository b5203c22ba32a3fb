//! What the expressions of a policy may refer to by name. `build.rs` uses this file too.

use crate::libvirt::PREFIXES;
use crate::xpath::{Environment, VariableKind};

/// The string variables, in the order of [`crate::xpath::Context::strings`].
pub const STRING_VARIABLES: [&str; 3] = ["host", "guest", "guest-drivers"];

/// The prefixes that every expression over definitions of a platform may use.
pub fn prefixes(is_libvirt: bool) -> Environment {
    let mut environment = Environment::default();
    if is_libvirt {
        for (prefix, uri) in PREFIXES {
            environment.prefix(prefix, uri);
        }
    }
    environment
}

/// The prefixes and variables of a policy, given its own prefixes with their URIs and the names of its tables.
pub fn environment<'p>(
    is_libvirt: bool,
    own_prefixes: impl Iterator<Item = (&'p str, &'p str)>,
    tables: impl Iterator<Item = &'p str>,
) -> Environment {
    let mut environment = prefixes(is_libvirt);
    for (prefix, uri) in own_prefixes {
        environment.prefix(prefix, uri);
    }
    for name in STRING_VARIABLES {
        environment.variable(name, VariableKind::String);
    }
    for name in tables {
        environment.variable(name, VariableKind::Table);
    }
    environment
}
