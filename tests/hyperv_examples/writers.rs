//! From a machine as examples write it to the files in which people have it, by tables and code that share nothing with the readers.

use crate::example::Element;
use crate::{clixml, common, configuration, container, json, powershell, xml};

/// What a machine can be written as.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// Hyper-V's container since Windows Server 2016.
    Vmcx,
    /// Hyper-V's XML of 2008 to 2012 R2.
    Xml,
    /// Objects as Windows PowerShell's JSON.
    Json,
    /// Objects as PowerShell 7's JSON with names of enumerations.
    NamedJson,
    /// Objects as `Export-Clixml` writes them.
    CliXml,
}

impl Format {
    pub const ALL: [Format; 5] = [Format::Vmcx, Format::Xml, Format::Json, Format::NamedJson, Format::CliXml];

    /// What people call it.
    pub fn name(self) -> &'static str {
        match self {
            Format::Vmcx => ".vmcx",
            Format::Xml => "XML",
            Format::Json => "JSON",
            Format::NamedJson => "JSON, names",
            Format::CliXml => "CLIXML",
        }
    }

    /// A name for a file.
    pub fn file(self) -> &'static str {
        match self {
            Format::Vmcx => "example.vmcx",
            Format::Xml => "example.xml",
            Format::Json | Format::NamedJson => "example.json",
            Format::CliXml => "example.clixml",
        }
    }
}

/// A machine in a file.
pub struct Written {
    /// The file.
    pub bytes: Vec<u8>,
    /// The machine with what the format needed besides, what is said noted in it.
    pub machine: Element,
    /// What the format has no place for or the notes no bytes: `processor/@limit`.
    pub left_out: Vec<String>,
    /// Lists of which the format does not say that they are whole: `network-adapter/failover-address`.
    pub open: Vec<String>,
}

/// Writes a machine. What the example does not name is left out, unless the format needs it.
pub fn write(example: &Element, format: Format) -> Written {
    let machine = example.complete();
    let bytes = match format {
        Format::Vmcx => {
            let root = configuration::keys(&machine, format);
            container::write(&container::Layout::default(), &[root]).bytes
        }
        Format::Xml => xml::write(&configuration::keys(&machine, format)),
        // As the older PowerShell redirects into a file and exports to one.
        Format::Json => common::utf16(&json::write(&powershell::bundle(&machine), json::Writer::Old), true, true),
        Format::NamedJson => json::write(&powershell::bundle(&machine), json::Writer::New).into_bytes(),
        Format::CliXml => common::utf16(&clixml::write(&powershell::bundle(&machine)), true, true),
    };
    machine.settle();
    Written { bytes, left_out: machine.unsaid(), open: machine.open_lists(), machine }
}
