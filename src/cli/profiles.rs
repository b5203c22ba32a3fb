//! Which rules and assumptions hold for which file: the options, then the nearest configuration and its overrides.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use rustc_hash::FxHashMap;

use super::baseline::Baselines;
use super::options::FailOn;
use super::problem::{Problem, show_faults, shown};
use super::setup::{self, Setup, Wishes};
use crate::check::Checker;
use crate::config::{self, Config};
use crate::date::Date;
use crate::engine::Engine;
use crate::finding::Severity;
use crate::input::walk;
use crate::policy::compile::Faulty;
use crate::policy::schema::Fault;
use crate::policy::yaml;

/// What holds for some files. Made once and kept to the end of the process.
pub struct Profile {
    /// Judges them.
    pub checker: Checker<'static>,
    /// The rules, and what is assumed.
    pub setup: &'static Setup,
    /// What makes the run fail.
    pub fail_on: FailOn,
}

/// Where configuration comes from.
#[derive(Debug)]
pub enum Search {
    /// `--no-config`
    Nowhere,
    /// `--config FILE`
    Named(PathBuf),
    /// The folder of each file, and those above it.
    Upward,
}

/// The profiles of a run.
pub struct Profiles {
    wishes: Wishes,
    fail_on: Option<FailOn>,
    search: Search,
    named: OnceLock<Option<&'static Config>>,
    /// By folder the configuration that holds in it.
    folders: Mutex<FxHashMap<PathBuf, Found>>,
    /// By the configuration and the numbers of the overrides that hold.
    profiles: Mutex<FxHashMap<Key, Option<&'static Profile>>>,
    trouble: AtomicBool,
    /// The day on which suppressions must hold, and known findings; none where nothing is judged.
    judging: Option<(Date, Baselines)>,
}

type Key = (Option<PathBuf>, Vec<usize>);

/// The configuration of a folder.
#[derive(Debug, Clone, Copy)]
enum Found {
    Config(&'static Config),
    None,
    /// One that cannot be used, which was told.
    Broken,
}

impl Profiles {
    /// The profiles for these options.
    pub fn new(wishes: Wishes, fail_on: Option<FailOn>, search: Search) -> Profiles {
        Profiles {
            wishes,
            fail_on,
            search,
            named: OnceLock::new(),
            folders: Mutex::default(),
            profiles: Mutex::default(),
            trouble: AtomicBool::new(false),
            judging: None,
        }
    }

    /// The same for a run that judges on some day, with baselines.
    pub fn judging(self, today: Date, baselines: Baselines) -> Profiles {
        Profiles { judging: Some((today, baselines)), ..self }
    }

    /// The baselines.
    pub fn baselines(&self) -> Option<&Baselines> {
        self.judging.as_ref().map(|(_, baselines)| baselines)
    }

    /// Whether a configuration could not be used, so that files were left out.
    pub fn trouble(&self) -> bool {
        self.trouble.load(Ordering::Relaxed)
    }

    /// The configuration for a file, and its path relative to that.
    ///
    /// # Errors
    /// Where the configuration cannot be used and that was not told yet; `Ok(None)` inside an error's place is one that was.
    pub fn config(&self, file: &Path) -> Result<Option<(&'static Config, PathBuf)>, Option<Problem>> {
        let config = match &self.search {
            Search::Nowhere => None,
            Search::Named(path) => match self.named.get() {
                Some(config) => *config,
                None => {
                    let config = read(path).map_err(Some)?;
                    *self.named.get_or_init(|| Some(config))
                }
            },
            Search::Upward => match self.of_folder(file.parent().unwrap_or(Path::new("")))? {
                Found::Config(config) => Some(config),
                Found::None => None,
                Found::Broken => return Err(None),
            },
        };
        Ok(config.map(|config| {
            let absolute = std::path::absolute(file).unwrap_or_else(|_| file.to_owned());
            let relative =
                absolute.strip_prefix(absolute_folder(&config.folder)).map_or_else(|_| file.to_owned(), Path::to_owned);
            (config, relative)
        }))
    }

    /// What holds in a folder, which is remembered by the name that files have it by: most runs ask for thousands of files of one.
    fn of_folder(&self, named: &Path) -> Result<Found, Option<Problem>> {
        let mut folders = self.folders.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = folders.get(named) {
            return Ok(*found);
        }
        let folder = absolute_folder(named);
        if let Some(found) = folders.get(&folder).copied() {
            folders.insert(named.to_owned(), found);
            return Ok(found);
        }
        let path = config::discover(&folder);
        // The same file holds for the folders between.
        let known = path.as_ref().and_then(|path| folders.get(path.parent()?).copied());
        let (found, problem) = match (path, known) {
            (None, _) => (Found::None, None),
            (Some(_), Some(known)) => (known, None),
            (Some(path), None) => match read(&shortened(&path)) {
                Ok(config) => (Found::Config(config), None),
                Err(problem) => (Found::Broken, Some(problem)),
            },
        };
        folders.insert(named.to_owned(), found);
        folders.insert(folder, found);
        if let Found::Config(config) = found {
            folders.insert(absolute_folder(&config.folder), found);
        }
        problem.map_or(Ok(found), |problem| Err(Some(problem)))
    }

    /// The profile for a file; none where its configuration cannot be used, which has been told by then.
    pub fn of(&self, file: &Path) -> Option<&'static Profile> {
        match self.try_of(file) {
            Ok(profile) => profile,
            Err(problem) => {
                self.tell(&problem);
                None
            }
        }
    }

    /// Says what is wrong in the middle of a run, which goes on with the other files.
    fn tell(&self, problem: &Problem) {
        problem.print();
        self.trouble.store(true, Ordering::Relaxed);
    }

    /// The profile for a file; none where its configuration was told to be unusable before.
    ///
    /// # Errors
    /// With what is wrong with its configuration or with the options.
    pub fn try_of(&self, file: &Path) -> Result<Option<&'static Profile>, Problem> {
        let config = match self.config(file) {
            Ok(config) => config,
            Err(None) => return Ok(None),
            Err(Some(problem)) => return Err(problem),
        };
        let overrides = config.as_ref().map(|(config, relative)| config.overrides_of(relative)).unwrap_or_default();
        let config = config.map(|(config, _)| config);
        let key = (config.map(|config| config.source.path().to_owned()), overrides);
        let mut profiles = self.profiles.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = profiles.get(&key) {
            return Ok(*known);
        }
        let made = self.make(config, &key.1);
        profiles.insert(key, made.as_ref().ok().copied());
        made.map(Some)
    }

    fn make(&self, config: Option<&'static Config>, overrides: &[usize]) -> Result<&'static Profile, Problem> {
        let setup = setup::setup(&self.wishes, config.map(|config| (config, overrides)))?;
        for file in &setup.warnings {
            use std::io::Write as _;
            let _ = std::io::stderr().write_all(&show_faults(file));
        }
        let configured =
            config.and_then(|config| config.settings(overrides).rev().find_map(|settings| settings.fail_on.as_ref()));
        let configured = configured.map(|(_, level)| level_of(*level));
        let fail_on = self.fail_on.or(configured).unwrap_or(FailOn::Error);
        // A run has a few profiles at most, and each is needed to its end.
        let setup: &'static Setup = Box::leak(Box::new(setup));
        let mut checker =
            Checker::by_platform(|platform| Engine::new(setup.rules(platform), &setup.assumptions)).within(setup.limits);
        if let Some((today, baselines)) = &self.judging {
            checker = checker.on(*today).knowing(baselines.of(config)?);
        }
        Ok(Box::leak(Box::new(Profile { checker, setup, fail_on })))
    }

    /// Whether a file of a folder is to be looked at.
    pub fn wants(&self, file: &Path) -> bool {
        let ours = walk::is_ours(file);
        match self.config(file) {
            Ok(Some((config, relative))) => {
                let included = config.include.iter().any(|glob| glob.matches(&relative));
                (if config.include.is_empty() { ours } else { included }) && !is_excluded(config, &relative)
            }
            Ok(None) => ours,
            Err(problem) => {
                problem.iter().for_each(|problem| self.tell(problem));
                false
            }
        }
    }

    /// Whether the configuration leaves a file out. So it is with one whose configuration cannot be used.
    pub fn excludes(&self, file: &Path) -> bool {
        match self.config(file) {
            Ok(Some((config, relative))) => is_excluded(config, &relative),
            Ok(None) => false,
            Err(problem) => {
                problem.iter().for_each(|problem| self.tell(problem));
                true
            }
        }
    }
}

fn is_excluded(config: &Config, relative: &Path) -> bool {
    config.exclude.iter().any(|glob| glob.matches(relative))
}

fn level_of(level: Option<Severity>) -> FailOn {
    match level {
        None => FailOn::Never,
        Some(Severity::Note) => FailOn::Note,
        Some(Severity::Warning) => FailOn::Warning,
        Some(Severity::Error) => FailOn::Error,
    }
}

/// Reads a configuration; it is kept to the end of the process.
fn read(path: &Path) -> Result<&'static Config, Problem> {
    let source = Arc::new(setup::read_yaml_source(path)?);
    let faulty = |faults: Vec<Fault>| {
        let file = Faulty { source: source.clone(), faults };
        Problem::faulty(format!("the configuration {} cannot be used", shown(path)), vec![file])
    };
    let node = yaml::read(source.text()).map_err(|broken| faulty(vec![Fault::error(broken.span, broken.message)]))?;
    let folder = path.parent().unwrap_or(Path::new(""));
    let config = Config::load(source.clone(), &node, folder).map_err(faulty)?;
    Ok(Box::leak(Box::new(config)))
}

/// A folder from the root on; an empty path is the current one.
fn absolute_folder(folder: &Path) -> PathBuf {
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned())
}

/// A path as people would write it from here.
fn shortened(path: &Path) -> PathBuf {
    let here = std::env::current_dir().ok();
    let below = here.and_then(|here| path.strip_prefix(here).map(Path::to_owned).ok());
    below.unwrap_or_else(|| path.to_owned())
}
