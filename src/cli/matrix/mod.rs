//! `vmlint matrix`.

pub mod gaps;
mod html;
mod human;
mod json;
mod markdown;
pub mod sheet;

use std::path::PathBuf;
use std::sync::Arc;

use clap::{Args, ValueEnum};

use super::problem::{Problem, shown};
use super::terminal::{self, ColorChoice};
use super::{answer, setup};
use crate::policy::builtin;
use crate::policy::compile::Loaded;
use crate::policy::matrix::{self, Matrix};
use crate::policy::schema::Platform;
use crate::suggest;
use crate::systems::{self, Guest};
use sheet::Sheet;

/// The kinds of drivers that can be asked for.
const DRIVERS: [&str; 4] = ["built-in", "lis-4.1", "lis-4.3", matrix::UNSTATED];

/// Arguments of `matrix`.
#[derive(Debug, Args)]
pub struct Arguments {
    /// The Hyper-V host [default: windows-server-2019; for HTML every host]
    #[arg(long, value_name = "ID")]
    host: Option<String>,
    /// Only this guest, NAME-VERSION: `rhel-8.4`, `ubuntu-22.04`
    #[arg(long, value_name = "ID")]
    guest: Option<String>,
    /// Linux Integration Services in the guest [default: built-in; without --guest all]
    #[arg(long, value_name = "KIND", value_parser = DRIVERS)]
    guest_drivers: Option<String>,
    /// Only this feature: `sr-iov`
    #[arg(long, value_name = "ID")]
    feature: Option<String>,
    /// Ask this edition of the tables, though another may come before it
    #[arg(long, value_name = "ID")]
    edition: Option<String>,
    /// How the matrix is shown
    #[arg(long, value_name = "FMT", value_enum, default_value = "human")]
    format: Format,
    /// A policy that has the matrix, in place of the built-in one
    #[arg(long, value_name = "FILE_OR_ID")]
    policy: Option<PathBuf>,
    /// When to use colours
    #[arg(long, value_name = "WHEN", value_enum, default_value_t)]
    color: ColorChoice,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum Format {
    /// Pages for a terminal
    Human,
    /// One JSON object
    Json,
    /// Tables for a wiki
    Markdown,
    /// A page for browsers, with filters
    Html,
}

/// What is asked of a matrix, every word checked.
struct Question<'m> {
    /// The policy's title.
    title: &'m str,
    /// The editions that may answer.
    matrix: &'m Matrix,
    /// The host, and whether nobody named it.
    host: &'static str,
    assumed: bool,
    guest: Option<Guest>,
    /// The kind of drivers of the guest; without a guest, of the columns, if only those of one kind are wanted.
    drivers: Option<&'m str>,
    /// The features to show, by number.
    features: Vec<usize>,
    /// The one feature that is asked for.
    feature: Option<usize>,
    /// The edition that would answer for the guest, where another was named.
    instead_of: Option<Arc<str>>,
}

fn known_guest(id: &str) -> Result<Guest, Problem> {
    Guest::parse(id).map_err(|help| Problem::new(format!("there is no guest `{id}`")).help(help))
}

/// Shows the matrix, or a part of it.
pub fn run(arguments: &Arguments) -> Result<u8, Problem> {
    let loaded = policy(arguments)?;
    let Some(all) = loaded.policy.matrix.as_deref() else {
        return Err(Problem::new(format!("the policy `{}` has no support matrix", loaded.policy.id)));
    };
    let host = arguments.host.as_deref().map(known_host).transpose()?;
    let guest = arguments.guest.as_deref().map(known_guest).transpose()?;
    let feature = arguments.feature.as_deref().map(|id| known_feature(id, all)).transpose()?;
    let of_edition = arguments.edition.as_deref().map(|id| only_edition(id, all)).transpose()?;
    let matrix = of_edition.as_ref().unwrap_or(all);
    let default = systems::DEFAULT_HOSTS.iter().find(|(platform, _)| *platform == Platform::HyperV).map_or("", |(_, id)| *id);
    let drivers = arguments.guest_drivers.as_deref().or(guest.is_some().then_some("built-in"));
    let mut question = Question {
        title: &loaded.policy.title,
        matrix,
        host: host.unwrap_or(default),
        assumed: host.is_none(),
        guest,
        drivers,
        features: feature.map_or_else(|| (0..all.features.len()).collect(), |feature| vec![feature]),
        feature,
        instead_of: None,
    };
    question.instead_of = question.answers_first(all);
    answer(&match arguments.format {
        Format::Human => human::page(&question, terminal::detect(arguments.color)).into_bytes(),
        Format::Json => json::object(&question),
        Format::Markdown => markdown::page(&question).into_bytes(),
        Format::Html => html::page(&question).into_bytes(),
    })
}

impl<'m> Question<'m> {
    /// What is shown of the host, or of another.
    fn sheet(&self, host: &'static str) -> Sheet<'m> {
        match &self.guest {
            Some(guest) => Sheet::of_guest(self.matrix, guest, self.drivers(), host),
            None => Sheet::of_host(self.matrix, host, self.drivers),
        }
    }

    /// The guest's drivers.
    fn drivers(&self) -> &'m str {
        self.drivers.unwrap_or("built-in")
    }

    /// Why there is nothing to show; empty where nobody asked for a guest.
    fn why_unknown(&self, host: &str) -> String {
        let why = |guest| sheet::why_unknown(self.matrix, guest, self.drivers(), host);
        self.guest.as_ref().map_or_else(String::new, why)
    }

    /// Of all editions the one that answers for the guest, where that is not the one that was asked.
    fn answers_first(&self, all: &Matrix) -> Option<Arc<str>> {
        let answering = all.answering(self.guest.as_ref()?, self.drivers(), self.host)?;
        let asked = self.matrix.editions.iter().any(|edition| edition.id == answering.edition.id);
        (!asked).then(|| answering.edition.id.clone())
    }
}

/// The policy that has the matrix.
fn policy(arguments: &Arguments) -> Result<Loaded, Problem> {
    let policies = match &arguments.policy {
        Some(named) => setup::named_policy(named)?,
        None => {
            let policies = builtin::ALL.iter().filter(|policy| policy.has_matrix());
            policies.map(|policy| policy.load().map_err(Problem::from)).collect::<Result<_, _>>()?
        }
    };
    let mut found = policies.into_iter().filter(|loaded| loaded.policy.matrix.is_some());
    match (found.next(), found.next()) {
        (Some(loaded), None) => Ok(loaded),
        (None, _) => {
            let named = arguments.policy.as_deref().map_or_else(|| "vmlint".to_owned(), shown);
            Err(Problem::new(format!("{named} has no support matrix")))
        }
        (Some(one), Some(other)) => Err(Problem::new("several policies have a support matrix")
            .help(format!("Name the file of one: `{}`, `{}`.", one.policy.id, other.policy.id))),
    }
}

fn known_host(id: &str) -> Result<&'static str, Problem> {
    if let Some(known) = matrix::hosts().find(|known| *known == id) {
        return Ok(known);
    }
    let message = match systems::hosts().find(|known| *known == id) {
        Some(_) => format!("the support matrix is about Hyper-V hosts, and `{id}` is none"),
        None => format!("there is no host `{id}`"),
    };
    Err(Problem::new(message).help(suggest::help(id, matrix::hosts())))
}

fn known_feature(id: &str, matrix: &Matrix) -> Result<usize, Problem> {
    matrix.feature(id).ok_or_else(|| {
        let ids = matrix.features.iter().map(|feature| &*feature.id);
        let help = suggest::nearest(id, ids).map_or_else(
            || "`vmlint matrix --format json` has the ids of all features.".to_owned(),
            |near| format!("Did you mean `{near}`?"),
        );
        Problem::new(format!("there is no feature `{id}`")).help(help)
    })
}

/// The matrix as if it had the editions with this id and no other.
fn only_edition(id: &str, matrix: &Matrix) -> Result<Matrix, Problem> {
    let editions: Vec<_> = matrix.editions.iter().filter(|edition| *edition.id == *id).cloned().collect();
    if editions.is_empty() {
        let mut known: Vec<&str> = matrix.editions.iter().map(|edition| &*edition.id).collect();
        known.sort_unstable();
        known.dedup();
        return Err(Problem::new(format!("there is no edition `{id}`")).help(suggest::help(id, known.iter().copied())));
    }
    Ok(Matrix::new(matrix.features.clone(), || editions))
}
