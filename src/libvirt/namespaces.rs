//! The namespaces of libvirt's documents. `build.rs` uses this file too.

/// Namespace of the QEMU pass-through elements.
pub const QEMU: &str = "http://libvirt.org/schemas/domain/qemu/1.0";

/// Namespace of what is said to vmlint itself.
pub const VMLINT: &str = "https://vmlint.dev/xmlns/1";

/// Prefixes that every policy for libvirt may use, with their URIs. The managers' ones are those that OpenStack, oVirt and KubeVirt write.
pub const PREFIXES: [(&str, &str); 7] = [
    ("qemu", QEMU),
    ("libosinfo", "http://libosinfo.org/xmlns/libvirt/domain/1.0"),
    ("nova", "http://openstack.org/xmlns/libvirt/nova/1.1"),
    ("nova10", "http://openstack.org/xmlns/libvirt/nova/1.0"),
    ("ovirt", "http://ovirt.org/vm/1.0"),
    ("kubevirt", "http://kubevirt.io"),
    ("vmlint", VMLINT),
];
