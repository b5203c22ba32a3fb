//! Hosts and guests: which ones are known, what their ids mean, how people call them.

use std::fmt;
use std::sync::Arc;

use crate::policy::schema::Platform;
use crate::suggest;
use crate::xpath::Pattern;

/// Every host id that can be named, with its name for people.
const HOST_NAMES: [(&str, &str); 14] = [
    ("rhel-7", "RHEL 7"),
    ("rhel-8", "RHEL 8"),
    ("rhel-9", "RHEL 9"),
    ("rhel-9.4", "RHEL 9.4"),
    ("rhel-10", "RHEL 10"),
    ("rhosp", "Red Hat OpenStack Platform"),
    ("openshift-virtualization", "OpenShift Virtualization"),
    ("rhv", "Red Hat Virtualization"),
    ("windows-server-2012-r2", "Windows Server 2012 R2"),
    ("windows-server-2016", "Windows Server 2016"),
    ("windows-server-2019", "Windows Server 2019"),
    ("windows-server-2022", "Windows Server 2022"),
    ("windows-server-2025", "Windows Server 2025"),
    ("azure-stack-hci", "Azure Stack HCI"),
];

/// By platform, the host of definitions for which none is named.
pub const DEFAULT_HOSTS: [(Platform, &str); 2] = [(Platform::Libvirt, "rhel-8"), (Platform::HyperV, "windows-server-2019")];

/// What Linux guests on Hyper-V can have for drivers: those of their kernel, or Microsoft's download.
pub const GUEST_DRIVERS: [&str; 3] = ["built-in", "lis-4.1", "lis-4.3"];

/// Every host id that can be named.
pub fn hosts<'h>() -> impl Iterator<Item = &'h str> + Clone {
    HOST_NAMES.iter().map(|(id, _)| *id)
}

/// A host's name for people; a host of the user's own is called by its id.
pub fn host_name(id: &str) -> &str {
    HOST_NAMES.iter().find(|(known, _)| *known == id).map_or(id, |(_, name)| name)
}

/// Guest drivers in words, as a part of a sentence.
pub fn drivers_name(drivers: &str) -> String {
    match drivers.strip_prefix("lis-") {
        Some(version) => format!("LIS {version}"),
        None => "its built-in drivers".to_owned(),
    }
}

/// What kind of system a guest is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Family {
    /// Any distribution of Linux.
    Linux,
    /// Any Windows.
    Windows,
    /// FreeBSD and its relatives.
    Bsd,
    /// Anything else.
    Other,
}

const FAMILIES: [(&str, Family); 3] = [("linux", Family::Linux), ("windows", Family::Windows), ("bsd", Family::Bsd)];

/// A system that `--guest` knows.
struct System {
    /// Its id without a version.
    id: &'static str,
    name: &'static str,
    family: Family,
    /// A release is known only with its second number: RHEL 8 may be 8.0 or 8.10.
    minor: bool,
}

const fn system(id: &'static str, name: &'static str, family: Family, minor: bool) -> System {
    System { id, name, family, minor }
}

const SYSTEMS: [System; 21] = [
    system("almalinux", "AlmaLinux", Family::Linux, true),
    system("centos", "CentOS", Family::Linux, true),
    system("centos-stream", "CentOS Stream", Family::Linux, false),
    system("debian", "Debian", Family::Linux, false),
    system("fedora", "Fedora", Family::Linux, false),
    system("freebsd", "FreeBSD", Family::Bsd, false),
    system("macos", "macOS", Family::Other, false),
    system("netbsd", "NetBSD", Family::Bsd, false),
    system("openbsd", "OpenBSD", Family::Bsd, false),
    system("opensuse", "openSUSE", Family::Linux, false),
    system("oracle-linux", "Oracle Linux", Family::Linux, true),
    system("oracle-linux-rhck", "Oracle Linux", Family::Linux, true),
    system("oracle-linux-uek", "Oracle Linux", Family::Linux, true),
    system("rhel", "RHEL", Family::Linux, true),
    system("rocky", "Rocky Linux", Family::Linux, true),
    system("sled", "SLED", Family::Linux, false),
    system("sles", "SLES", Family::Linux, false),
    system("solaris", "Solaris", Family::Other, false),
    system("ubuntu", "Ubuntu", Family::Linux, false),
    system("windows", "Windows", Family::Windows, false),
    system("windows-server", "Windows Server", Family::Windows, false),
];

/// The versions of Windows that are words.
const WORDED: [&str; 4] = ["vista", "xp", "nt", "me"];

/// A system's name for people, without a version; Oracle's with the kernel that its id names. An unknown one is called by its id.
pub fn system_name(id: &str) -> String {
    let kernel = match id {
        "oracle-linux-rhck" => " (RHCK)",
        "oracle-linux-uek" => " (UEK)",
        _ => "",
    };
    format!("{}{kernel}", known_system(id).map_or(id, |system| system.name))
}

/// The other ids of the system that an id names: `oracle-linux-rhck` and `oracle-linux-uek` for `oracle-linux`.
pub fn other_ids(id: &str) -> impl Iterator<Item = &'static str> + '_ {
    let name = known_system(id).map(|system| system.name);
    SYSTEMS.iter().filter(move |other| Some(other.name) == name).map(|other| other.id).filter(move |other| *other != id)
}

fn known_system(id: &str) -> Option<&'static System> {
    SYSTEMS.iter().find(|system| system.id == id)
}

/// A guest system and its version: `centos-6.5`, `windows-server-2012-r2`.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Guest {
    id: Arc<str>,
    /// Where the version starts in the id.
    version: usize,
}

impl Guest {
    /// Reads `NAME-VERSION`.
    ///
    /// # Errors
    /// With what to write instead, where no such guest is known.
    pub fn parse(id: &str) -> Result<Guest, String> {
        let starts = |at: usize| {
            let rest = &id[at + 1..];
            rest.starts_with(|c: char| c.is_ascii_digit()) || WORDED.contains(&rest)
        };
        let version = id.match_indices('-').map(|(at, _)| at).find(|&at| starts(at));
        let name = version.map_or(id, |at| &id[..at]);
        match (known_system(name), version) {
            (Some(_), Some(at)) => Ok(Guest { id: id.into(), version: at + 1 }),
            (Some(_), None) => Err(format!("Add the version: `{name}-9.2`, say.")),
            (None, _) => Err(suggest::help(name, SYSTEMS.iter().map(|system| system.id))
                .unwrap_or_else(|| "Write NAME-VERSION: `rhel-8.4`, `ubuntu-22.04`, `windows-server-2019`.".to_owned())),
        }
    }

    /// The guest that says this of itself by key-value pair exchange: the names of `os-release` and `redhat-release`, and of
    /// Windows' editions. None where that does not tell a release.
    pub fn told(name: &str, version: &str) -> Option<Guest> {
        let name = name.to_lowercase();
        let (known, id) = TOLD.iter().find_map(|(words, id)| name.find(words).map(|at| (at + words.len(), *id)))?;
        let system = known_system(id)?;
        let release = if system.family == Family::Windows {
            windows_release(name[known..].trim_start())?
        } else {
            // `CentOS release 6.5 (Final)` has its version in the name; what stands in its place is the kernel's.
            let said = name.split_once("release ").map_or(version, |(_, version)| version).trim();
            let numbers = numbers(said)?;
            if id == "sles"
                && let Some(pack) = said.to_lowercase().split_once("sp").and_then(|(_, pack)| self::numbers(pack))
            {
                format!("{numbers}.{pack}")
            } else {
                numbers
            }
        };
        let guest = Guest::parse(&format!("{id}-{release}")).ok()?;
        (!system.minor || guest.version().contains('.')).then_some(guest)
    }

    /// The whole id.
    pub fn id(&self) -> &Arc<str> {
        &self.id
    }

    /// The id without its version.
    pub fn name(&self) -> &str {
        self.id.get(..self.version.saturating_sub(1)).unwrap_or_default()
    }

    /// The version.
    pub fn version(&self) -> &str {
        self.id.get(self.version..).unwrap_or_default()
    }

    /// The system's name for people, without a version.
    pub fn system(&self) -> &str {
        known_system(self.name()).map_or(self.name(), |system| system.name)
    }

    /// What kind of system it is.
    pub fn family(&self) -> Family {
        known_system(self.name()).map_or(Family::Other, |system| system.family)
    }

    /// The numbers of its version, and of the last release it may be: where the second number matters and is not told, that is
    /// any of its major release.
    pub fn releases(&self) -> (Vec<u32>, Vec<u32>) {
        let numbers: Vec<u32> = self.version().split('.').map_while(|part| part.parse().ok()).collect();
        let open = numbers.len() == 1 && known_system(self.name()).is_some_and(|system| system.minor);
        let mut last = numbers.clone();
        if open {
            last.push(u32::MAX);
        }
        (numbers, last)
    }
}

impl fmt::Display for Guest {
    /// As people call it: `CentOS 6.5`, `SLES 15 SP3`, `Windows Server 2012 R2`.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (id, version, name) = (self.name(), self.version(), self.system());
        match (id, version.split_once('.')) {
            ("sles" | "sled", Some((release, "0"))) => write!(f, "{name} {release}"),
            ("sles" | "sled", Some((release, pack))) => write!(f, "{name} {release} SP{pack}"),
            ("oracle-linux-rhck", _) => write!(f, "{name} {version} (RHCK)"),
            ("oracle-linux-uek", _) => write!(f, "{name} {version} (UEK)"),
            ("windows" | "windows-server", _) => {
                f.write_str(name)?;
                for word in version.split('-') {
                    match word {
                        "vista" => f.write_str(" Vista")?,
                        word if word.starts_with(|c: char| c.is_ascii_digit()) => write!(f, " {word}")?,
                        word => write!(f, " {}", word.to_uppercase())?,
                    }
                }
                Ok(())
            }
            _ => write!(f, "{name} {version}"),
        }
    }
}

/// Words of the names that guests tell, in small letters; a longer one comes before what it holds.
const TOLD: [(&str, &str); 16] = [
    ("red hat enterprise linux", "rhel"),
    ("centos stream", "centos-stream"),
    ("centos", "centos"),
    ("oracle linux", "oracle-linux"),
    ("almalinux", "almalinux"),
    ("rocky linux", "rocky"),
    ("fedora", "fedora"),
    ("debian", "debian"),
    ("ubuntu", "ubuntu"),
    ("suse linux enterprise server", "sles"),
    ("sles", "sles"),
    ("suse linux enterprise desktop", "sled"),
    ("opensuse", "opensuse"),
    ("freebsd", "freebsd"),
    ("windows server", "windows-server"),
    ("windows", "windows"),
];

/// `2012 R2 Standard` is `2012-r2`, `10 Pro` is `10`.
fn windows_release(words: &str) -> Option<String> {
    let mut words = words.split([' ', '®', '™']).filter(|word| !word.is_empty());
    let first = words.next()?;
    if !first.starts_with(|c: char| c.is_ascii_digit()) && !WORDED.contains(&first) {
        return None;
    }
    Some(if words.next() == Some("r2") { format!("{first}-r2") } else { first.to_owned() })
}

/// The dotted numbers that a text starts with.
fn numbers(text: &str) -> Option<String> {
    let end = text.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(text.len());
    let numbers = text[..end].trim_end_matches('.');
    (!numbers.is_empty()).then(|| numbers.to_owned())
}

/// The guests that a rule is about.
#[derive(Debug)]
pub struct GuestPattern {
    text: String,
    which: Which,
}

#[derive(Debug)]
enum Which {
    /// A whole family.
    Family(Family),
    /// Every version of a system; `oracle-linux` is with either kernel.
    System(&'static str),
    /// Some versions of one.
    Versions(&'static str, Pattern),
    /// One Windows, whatever its service pack.
    Windows(Guest),
}

impl GuestPattern {
    /// Reads `linux`, `rhel`, `rhel 5.2..5.4` or `windows-server-2012-r2`.
    ///
    /// # Errors
    /// With what is wrong and, where there is something near, what may have been meant.
    pub fn parse(text: &str) -> Result<GuestPattern, (String, Option<String>)> {
        Which::parse(text).map(|which| GuestPattern { text: text.to_owned(), which })
    }

    /// It as the policy writes it.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether a guest is one of them.
    pub fn matches(&self, guest: &Guest) -> bool {
        let is = |system: &str| guest.name() == system || (system == "oracle-linux" && guest.name().starts_with("oracle-linux-"));
        match &self.which {
            Which::Family(family) => guest.family() == *family,
            Which::System(system) => is(system),
            // Where the release is not told it has to hold for all that it may be.
            Which::Versions(system, versions) => {
                let all_match =
                    |(first, last): (Vec<u32>, Vec<u32>)| [first, last].iter().all(|release| versions.is_match(&dotted(release)));
                is(system) && all_match(guest.releases())
            }
            Which::Windows(one) => {
                let id = &*guest.id;
                let base = id.rfind("-sp").map_or(id, |at| &id[..at]);
                base == &*one.id
            }
        }
    }
}

impl Which {
    fn parse(text: &str) -> Result<Which, (String, Option<String>)> {
        if let Some((_, family)) = FAMILIES.iter().find(|(word, _)| *word == text) {
            return Ok(Which::Family(*family));
        }
        let (name, versions) =
            text.split_once(char::is_whitespace).map_or((text, None), |(name, rest)| (name, Some(rest.trim())));
        match (known_system(name), versions) {
            (Some(system), None) => Ok(Which::System(system.id)),
            (Some(system), Some(versions)) => {
                Pattern::versions(versions).map(|pattern| Which::Versions(system.id, pattern)).map_err(|wrong| (wrong, None))
            }
            (None, None) if name.starts_with("windows-") => match Guest::parse(name) {
                Ok(guest) => Ok(Which::Windows(guest)),
                Err(help) => Err((format!("there is no guest `{name}`"), Some(help))),
            },
            (None, _) => {
                let known = FAMILIES.iter().map(|(word, _)| *word).chain(SYSTEMS.iter().map(|system| system.id));
                Err((format!("there is no guest `{name}`"), suggest::help(name, known)))
            }
        }
    }
}

/// A release as people write it: `7.9`.
pub fn dotted(numbers: &[u32]) -> String {
    numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_have_names_for_people() {
        for (id, shown) in [
            ("centos-6.5", "CentOS 6.5"),
            ("sles-15.3", "SLES 15 SP3"),
            ("sles-15.0", "SLES 15"),
            ("oracle-linux-uek-7.7", "Oracle Linux 7.7 (UEK)"),
            ("windows-server-2012-r2", "Windows Server 2012 R2"),
            ("windows-server-2008-r2-sp1", "Windows Server 2008 R2 SP1"),
            ("windows-vista", "Windows Vista"),
            ("windows-8.1", "Windows 8.1"),
            ("ubuntu-22.04", "Ubuntu 22.04"),
        ] {
            assert_eq!(Guest::parse(id).unwrap().to_string(), shown);
        }
        assert_eq!(Guest::parse("centos").unwrap_err(), "Add the version: `centos-9.2`, say.");
        assert_eq!(Guest::parse("cantos-7.1").unwrap_err(), "Did you mean `centos`?");
    }

    #[test]
    fn guests_tell_what_they_are() {
        for (name, version, id) in [
            ("Red Hat Enterprise Linux", "8.6", Some("rhel-8.6")),
            ("CentOS release 6.5 (Final)", "2.6.32-431.el6.x86_64", Some("centos-6.5")),
            ("CentOS Linux", "7", None),
            ("CentOS Stream", "9", Some("centos-stream-9")),
            ("Ubuntu", "22.04", Some("ubuntu-22.04")),
            ("Debian GNU/Linux", "11", Some("debian-11")),
            ("SLES", "15-SP3", Some("sles-15.3")),
            ("SLES", "15.4", Some("sles-15.4")),
            ("FreeBSD", "13.1-RELEASE", Some("freebsd-13.1")),
            ("Windows Server 2012 R2 Standard", "6.3.9600", Some("windows-server-2012-r2")),
            ("Windows 10 Pro", "10.0.19045", Some("windows-10")),
            ("Windows® Vista", "6.0", Some("windows-vista")),
            ("Haiku", "1.0", None),
        ] {
            assert_eq!(Guest::told(name, version).as_ref().map(|guest| &**guest.id()), id, "{name} {version}");
        }
    }

    #[test]
    fn patterns_say_which_guests_a_rule_is_about() {
        for (pattern, guest, is) in [
            ("linux", "debian-11", true),
            ("linux", "windows-10", false),
            ("rhel 5.2..5.4", "rhel-5.3", true),
            ("rhel 5.2..5.4", "rhel-5.11", false),
            ("rhel 5.2..5.4", "centos-5.3", false),
            ("rhel 7", "rhel-7", false),
            ("rhel 7..7", "rhel-7", true),
            ("rhel 7.0..7.9", "rhel-7", false),
            ("oracle-linux", "oracle-linux-uek-7.7", true),
            ("windows-server-2008", "windows-server-2008-r2", false),
            ("windows-server-2008-r2", "windows-server-2008-r2-sp1", true),
        ] {
            assert_eq!(GuestPattern::parse(pattern).unwrap().matches(&Guest::parse(guest).unwrap()), is, "{pattern} {guest}");
        }
        assert_eq!(GuestPattern::parse("rehl").unwrap_err().1.unwrap(), "Did you mean `rhel`?");
        assert!(GuestPattern::parse("rhel 5..x").is_err());
    }
}
