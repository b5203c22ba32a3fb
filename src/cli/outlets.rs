//! The places that reports are written to: standard output or `--output`, and each `--report`. One that fails is told of and given up;
//! the others go on.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::str::FromStr;

use clap::ValueEnum;

use super::new_file::NewFile;
use super::problem::{Problem, shown};
use super::run::complain;
use crate::finding::Summary;
use crate::input::walk;
use crate::report::{Format, Report};
use crate::suggest;

/// One `--report FMT=FILE`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReportFile {
    /// Its format.
    pub format: Format,
    /// Where it is written.
    pub path: PathBuf,
}

impl FromStr for ReportFile {
    type Err = String;

    fn from_str(text: &str) -> Result<ReportFile, String> {
        let Some((name, path)) = text.split_once('=').filter(|(_, path)| !path.is_empty()) else {
            return Err("a format and a file are expected, `sarif=vmlint.sarif`".to_owned());
        };
        let format = Format::from_str(name, false).map_err(|_| {
            let names: Vec<String> = Format::value_variants()
                .iter()
                .filter_map(|format| Some(format.to_possible_value()?.get_name().to_owned()))
                .collect();
            match suggest::nearest(name, names.iter().map(String::as_str)) {
                Some(near) => format!("there is no format `{name}`; did you mean `{near}`?"),
                None => format!("there is no format `{name}`; there are {}", names.join(", ")),
            }
        })?;
        Ok(ReportFile { format, path: PathBuf::from(path) })
    }
}

/// Where a report goes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// Standard output.
    Standard,
    /// Standard error, where standard output is for something else.
    Errors,
    /// A file, made anew.
    File(PathBuf),
    /// A file that others write to as well.
    End(PathBuf),
}

impl Target {
    /// The file, if it is one.
    pub fn path(&self) -> Option<&Path> {
        match self {
            Target::Standard | Target::Errors => None,
            Target::File(path) | Target::End(path) => Some(path),
        }
    }

    fn open(&self) -> io::Result<Out> {
        Ok(Out::Stream(match self {
            Target::Standard => Box::new(BufWriter::with_capacity(1 << 16, io::stdout())),
            Target::Errors => Box::new(BufWriter::with_capacity(1 << 16, io::stderr())),
            Target::File(path) => return Ok(Out::File(Box::new(NewFile::create(path)?))),
            Target::End(path) => Box::new(BufWriter::new(File::options().append(true).create(true).open(path)?)),
        }))
    }
}

/// What is open for a target.
enum Out {
    Stream(Box<dyn Write + Send>),
    /// It gets its name when the report is finished.
    File(Box<NewFile>),
}

impl Out {
    fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Out::Stream(out) => out.write_all(bytes),
            Out::File(out) => out.write_all(bytes),
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Out::Stream(mut out) => out.flush(),
            Out::File(out) => out.finish(),
        }
    }
}

/// Refuses targets that would destroy something: one file for two reports, or one of the files to be judged.
///
/// # Errors
/// Says which.
pub fn check(targets: &[&Target], inputs: &[PathBuf]) -> Result<(), Problem> {
    // Devices and pipes take any number of reports.
    let files = targets.iter().filter_map(|target| target.path()).filter(|path| path.is_file() || !path.exists());
    let mut files = files.peekable();
    if files.peek().is_none() {
        return Ok(());
    }
    let inputs: Vec<PathBuf> = inputs.iter().filter(|input| input.is_file()).filter_map(|input| whole(input)).collect();
    let mut taken: Vec<PathBuf> = Vec::new();
    for (file, path) in files.filter_map(|file| Some((file, whole(file)?))) {
        if taken.contains(&path) {
            return Err(Problem::new(format!("two reports cannot be written to {}", shown(file))));
        }
        if inputs.contains(&path) {
            let problem = Problem::new(format!("the report would overwrite {}, which is to be judged", shown(file)));
            return Err(problem.help("Write the report to another file, or leave that one out of the paths.".to_owned()));
        }
        taken.push(path);
    }
    Ok(())
}

/// The path of a file, which need not exist, without links and dots; none where its folder does not exist.
fn whole(path: &Path) -> Option<PathBuf> {
    let folder = || path.parent().map(|folder| if folder == Path::new("") { Path::new(".") } else { folder });
    path.canonicalize().ok().or_else(|| Some(folder()?.canonicalize().ok()?.join(path.file_name()?)))
}

/// A report on its way to its target.
pub struct Outlet<'o> {
    report: &'o dyn Report,
    place: String,
    out: Option<Out>,
    /// Whether all of it was written.
    finished: bool,
    /// Whether a piece was written, so that the next one has to be kept apart.
    separate: bool,
    /// Pieces of a report that begins with its tail.
    kept: Vec<u8>,
    left_out: usize,
    /// Whether writing failed for another reason than that nobody reads any more.
    failed: bool,
}

impl<'o> Outlet<'o> {
    /// Opens the target. One that cannot be opened is told of on standard error, and is an outlet that nothing comes out of.
    pub fn open(report: &'o dyn Report, target: &Target) -> Outlet<'o> {
        let standard = if *target == Target::Errors { "standard error" } else { "standard output" };
        let place = target.path().map_or(standard.to_owned(), shown);
        let mut outlet =
            Outlet { report, place, out: None, finished: false, separate: false, kept: Vec::new(), left_out: 0, failed: false };
        match target.open() {
            Ok(out) => outlet.out = Some(out),
            Err(error) => outlet.give_up(&error),
        }
        outlet
    }

    /// Whether anything more can be written, or everything was.
    pub fn is_open(&self) -> bool {
        self.out.is_some() || self.finished
    }

    /// Whether it failed. A pipe that was closed is no failure: whoever read the report has seen enough.
    pub fn failed(&self) -> bool {
        self.failed
    }

    /// Writes what comes first.
    pub fn begin(&mut self) {
        if self.report.room().is_none() {
            self.write(&self.report.head());
        }
    }

    /// Writes a piece, or keeps it for later.
    pub fn piece(&mut self, piece: Vec<u8>) {
        if piece.is_empty() {
            return;
        }
        let piece = self.report.in_order(piece);
        if let Some(room) = self.report.room() {
            for line in piece.split_inclusive(|&byte| byte == b'\n') {
                // After the first line that does not fit none is taken, so that no gap shows.
                if self.left_out == 0 && self.kept.len() + line.len() <= room {
                    self.kept.extend_from_slice(line);
                } else {
                    self.left_out += 1;
                }
            }
            return;
        }
        if std::mem::replace(&mut self.separate, true) {
            self.write(self.report.separator());
        }
        self.write(&piece);
    }

    /// Writes what comes last.
    pub fn finish(&mut self, summary: &mut Summary) {
        summary.left_out = self.left_out;
        if self.report.room().is_some() {
            self.write(&self.report.head());
        }
        self.write(&self.report.tail(summary));
        let kept = std::mem::take(&mut self.kept);
        self.write(&kept);
        match self.out.take().map(Out::finish) {
            Some(Ok(())) => self.finished = true,
            Some(Err(error)) => self.give_up(&error),
            None => {}
        }
    }

    fn write(&mut self, bytes: &[u8]) {
        if let Some(Err(error)) = self.out.as_mut().map(|out| out.write_all(bytes)) {
            self.give_up(&error);
        }
    }

    fn give_up(&mut self, error: &io::Error) {
        self.out = None;
        if error.kind() != io::ErrorKind::BrokenPipe {
            self.failed = true;
            complain(&format!("cannot write to {}: {}", self.place, walk::reason(error)));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_report_file_is_a_format_and_a_path() {
        let parse = |text: &str| text.parse::<ReportFile>();
        let path = PathBuf::from("a=b.json");
        assert_eq!(parse("json=a=b.json"), Ok(ReportFile { format: Format::Json, path }));
        for (text, reason) in [
            ("json", "a format and a file are expected, `sarif=vmlint.sarif`"),
            ("json=", "a format and a file are expected, `sarif=vmlint.sarif`"),
            ("jsno=x", "there is no format `jsno`; did you mean `json`?"),
        ] {
            assert_eq!(parse(text), Err(reason.to_owned()));
        }
        assert!(
            parse("pdf=x").is_err_and(|reason| reason.starts_with("there is no format `pdf`; there are human, concise, json"))
        );
    }
}
