//! What all tests share. Only this file knows where things lie and what the environment is.
#![allow(dead_code, reason = "each test program uses its part")]

use std::ffi::{OsStr, OsString};
use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use regex::Regex;
use vmlint::check::{Checker, Outcome};
use vmlint::engine::Assumptions;
use vmlint::policy::builtin::BuiltIn;
use vmlint::policy::compile::{Choice, compile};

/// Every value of `--format`.
pub const FORMATS: [&str; 11] =
    ["human", "concise", "json", "ndjson", "sarif", "junit", "checkstyle", "github", "gitlab", "markdown", "html"];

/// The folder of `Cargo.toml`.
pub fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The text of a file of the repository.
pub fn text(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The files of a folder of the repository that end so, by name.
pub fn files(folder: &str, ending: &str) -> Vec<PathBuf> {
    let folder = root().join(folder);
    let entries = std::fs::read_dir(&folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> =
        entries.map(|entry| entry.unwrap().path()).filter(|path| path.extension() == Some(OsStr::new(ending))).collect();
    files.sort();
    files
}

/// A file's name without its ending.
pub fn stem(path: &Path) -> &str {
    path.file_stem().and_then(OsStr::to_str).unwrap()
}

/// A run of the command that is still to come.
pub struct Vmlint {
    arguments: Vec<OsString>,
    folder: PathBuf,
    stdin: Vec<u8>,
    environment: Vec<(String, String)>,
}

/// `vmlint` with these arguments, in the root of the repository.
pub fn vmlint<A: Into<OsString>>(arguments: impl IntoIterator<Item = A>) -> Vmlint {
    let arguments = arguments.into_iter().map(Into::into).collect();
    Vmlint { arguments, folder: root().to_owned(), stdin: Vec::new(), environment: Vec::new() }
}

impl Vmlint {
    /// In another folder.
    pub fn within(mut self, folder: &Path) -> Vmlint {
        folder.clone_into(&mut self.folder);
        self
    }

    /// With this on standard input.
    pub fn stdin(mut self, bytes: impl Into<Vec<u8>>) -> Vmlint {
        self.stdin = bytes.into();
        self
    }

    /// With a variable in the environment.
    pub fn env(mut self, name: &str, value: &str) -> Vmlint {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The command for those who want to start it themselves.
    pub fn command(&self) -> std::process::Command {
        let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_vmlint"));
        command.args(&self.arguments).current_dir(&self.folder).env_clear().env("COLUMNS", "80").env("LC_ALL", "C.UTF-8");
        // Windows starts no program without it, coverage tools say with it where to write.
        for kept in ["SystemRoot", "LLVM_PROFILE_FILE"] {
            if let Some(value) = std::env::var_os(kept) {
                command.env(kept, value);
            }
        }
        command.envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs it to its end.
    pub fn run(&self) -> Run {
        let mut command = assert_cmd::Command::from_std(self.command());
        let output = command.timeout(Duration::from_secs(300)).write_stdin(self.stdin.clone()).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).expect("only UTF-8 is printed");
        Run { status: output.status.code(), stdout: text(output.stdout), stderr: text(output.stderr) }
    }
}

/// What a run gave.
pub struct Run {
    /// Its exit status, none where a signal ended it.
    pub status: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

impl Run {
    /// Standard output as JSON.
    pub fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout).unwrap_or_else(|error| panic!("{error}\n{}", self.stdout))
    }

    /// Ids of the rules that a report in JSON names, in its order.
    pub fn rules(&self) -> Vec<String> {
        let json = self.json();
        let findings = json["findings"].as_array().unwrap();
        findings.iter().map(|finding| finding["rule"].as_str().unwrap().to_owned()).collect()
    }
}

/// For snapshots: everything that a user sees, with what differs from run to run replaced.
impl fmt::Display for Run {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "exit status: {}", self.status.map_or("none".to_owned(), |status| status.to_string()))?;
        for (name, text) in [("standard output", &self.stdout), ("standard error", &self.stderr)] {
            if !text.is_empty() {
                write!(f, "--- {name}\n{}", steady(text))?;
            }
        }
        Ok(())
    }
}

/// A text without times, versions and lines of built-in policies, escapes made visible, paths as Unix writes them.
pub fn steady(text: &str) -> String {
    let time = Regex::new(r"(under 1 ms|\b\d+ ms|\b\d+\.\d s)\b").unwrap();
    let text = time.replace_all(text, "0 ms");
    let decision = Regex::new(r#"(policies/rhel-8\.yaml(?::|","line":))\d+"#).unwrap();
    let text = decision.replace_all(&text, "${1}0");
    let version = concat!("\"", env!("CARGO_PKG_VERSION"), "\"");
    let text = text.replace(version, "\"[version]\"").replace('\u{1b}', "␛");
    if cfg!(windows) { windows_paths(&text) } else { text }
}

fn windows_paths(text: &str) -> String {
    let path = Regex::new(r"\b(?:fixtures|vm)(?:\\{1,2}[\w.-]+)+").unwrap();
    let slashes = |found: &regex::Captures<'_>| found[0].replace("\\\\", "/").replace('\\', "/");
    path.replace_all(text, slashes).into_owned().replace("vmlint.exe", "vmlint")
}

/// A folder for one test, gone afterwards, with these files in it.
pub fn folder(files: &[(&str, &[u8])]) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        let path = folder.path().join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, bytes).unwrap();
    }
    folder
}

/// A domain with this inside, on lines of its own from the third on, that nothing else can be said against.
pub fn domain(inside: &str) -> String {
    format!("<domain type='kvm'>\n<name>web01</name>\n{inside}\n</domain>\n")
}

/// UTF-16 with or without a byte order mark.
pub fn utf16(text: &str, little: bool, mark: bool) -> Vec<u8> {
    let units = mark.then_some(0xFEFF).into_iter().chain(text.encode_utf16());
    units.flat_map(|unit| if little { unit.to_le_bytes() } else { unit.to_be_bytes() }).collect()
}

/// Judges by a built-in policy as the library does it, without a process.
pub fn checker(policy: &str) -> Checker<'static> {
    let loaded = BuiltIn::get(policy).unwrap().load().unwrap();
    let (rules, _) = compile(&[loaded], false, &|_| Choice::Run).unwrap();
    let assumptions = Assumptions::on(policy);
    // A checker borrows both; tests live as long as the process.
    Checker::new(Box::leak(Box::new(rules)), Box::leak(Box::new(assumptions)))
}

/// Judges bytes as those of a file that was named.
pub fn check(checker: &Checker<'_>, bytes: &[u8]) -> Outcome {
    checker.check(Path::new("test.xml"), bytes.to_vec(), true)
}
