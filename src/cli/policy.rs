//! `vmlint policy check` and `vmlint policy test`: for people who write rules.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::problem::{Problem, show_faults, shown};
use super::{FINDINGS, SUCCESS, TROUBLE, answer, setup};
use crate::check::Checker;
use crate::engine::Assumptions;
use crate::finding::{Finding, Safety, Severity};
use crate::fix::rounds::{self, Wanted};
use crate::policy::compile::{Choice, Loaded, compile};
use crate::policy::schema::Policy;
use crate::systems;

/// Compiles policies; warnings are shown and do no harm.
pub fn check(policies: &[PathBuf]) -> Result<u8, Problem> {
    let mut status = SUCCESS;
    for path in policies {
        match load(path).and_then(|loaded| compile_all(&loaded).map(|()| loaded)) {
            Ok(loaded) => {
                let rules: usize = loaded.iter().map(|l| l.policy.rules.len()).sum();
                let rules = if rules == 1 { "1 rule".to_owned() } else { format!("{rules} rules") };
                answer(format!("{}: {rules}, no errors\n", shown(path)).as_bytes())?;
            }
            Err(problem) => {
                problem.print();
                status = TROUBLE;
            }
        }
    }
    Ok(status)
}

fn load(path: &Path) -> Result<Vec<Loaded>, Problem> {
    // Names are checked for a policy of one's own; whoever names a built-in one here wants that too.
    let own = |loaded: Loaded| Loaded { own: true, ..loaded };
    setup::named_policy(path).map(|policies| policies.into_iter().map(own).collect())
}

fn compile_all(policies: &[Loaded]) -> Result<(), Problem> {
    let (_, warnings) = compile(policies, true, &|_| Choice::Run)?;
    for file in &warnings {
        let _ = std::io::stderr().write_all(&show_faults(file));
    }
    Ok(())
}

/// The host for which examples are judged: its platform's default where the policy is about that, else the policy's first.
fn example_host(policy: &Policy) -> Arc<str> {
    let default = systems::DEFAULT_HOSTS.iter().find(|(platform, _)| *platform == policy.platform).map_or("", |(_, host)| host);
    let own = || policy.hosts.first().cloned();
    policy.hosts.iter().find(|host| ***host == *default).cloned().or_else(own).unwrap_or_else(|| default.into())
}

/// Fixes a bad example and says what is wrong with the outcome: what a fix is for must be gone, and fixing again must change nothing.
/// The lines of the cases whose fixes were made are added to `shown`.
fn fixed(checker: &Checker<'_>, rule: &str, example: &str, findings: &[Finding], shown: &mut Vec<u32>) -> Option<String> {
    let own = |finding: &&Finding| *finding.rule == *rule;
    let lines = findings.iter().filter(own).filter(|finding| !finding.fixes.is_empty());
    let lines: Vec<u32> = lines.filter_map(|finding| finding.decision.as_ref().map(|decision| decision.line)).collect();
    if lines.is_empty() {
        return None;
    }
    shown.extend(lines);
    let wanted = Wanted { safety: Safety::Unsafe, min_severity: Severity::Note };
    let fix = |bytes: &[u8]| rounds::fix(checker, Path::new("example"), bytes, true, wanted);
    let after = fix(example.as_bytes());
    if let Some(complaint) = after.complaints.first() {
        return Some(format!("cannot be fixed: {complaint}"));
    }
    let left = after.outcome.checked.findings.iter().filter(own).find(|finding| !finding.fixes.is_empty());
    if let Some(left) = left {
        return Some(format!("has this when it is fixed: {}", left.message));
    }
    let again = after.bytes.as_deref().and_then(|bytes| fix(bytes).bytes);
    again.is_some().then(|| "changes again when it is fixed twice".to_owned())
}

/// Runs the examples of policies.
pub fn test(policies: &[PathBuf]) -> Result<u8, Problem> {
    let (mut passed, mut failed) = (0, 0);
    let mut text = String::new();
    for path in policies {
        for loaded in load(path)? {
            let loaded = [loaded];
            let (rules, _) = compile(&loaded, true, &|_| Choice::Run)?;
            let [loaded] = loaded;
            let host = example_host(&loaded.policy);
            // As if nobody had named it, so that an example can name another.
            let assumptions = Assumptions { hosts: vec![host.clone()], assumed: vec![host], ..Assumptions::default() };
            let checker = Checker::new(&rules, &assumptions);
            for rule in &loaded.policy.rules {
                let mut shown: Vec<u32> = Vec::new();
                let bad = rule.bad.iter().map(|example| (example, true));
                let good = rule.good.iter().map(|example| (example, false));
                for (example, wanted) in bad.chain(good) {
                    let outcome = checker.example(loaded.policy.platform, &example.text);
                    let findings = &outcome.checked.findings;
                    let raised = findings.iter().any(|finding| finding.rule == rule.id);
                    let broken = findings.iter().find(|finding| finding.rule.starts_with("vmlint/"));
                    let verdict = match (wanted, raised, broken) {
                        (_, _, Some(broken)) => Some(format!("cannot be read: {}", broken.message)),
                        (true, false, None) => Some("is called bad, but the rule finds nothing in it".to_owned()),
                        (false, true, None) => Some("is called good, but the rule finds something in it".to_owned()),
                        (true, ..) => fixed(&checker, &rule.id, &example.text, findings, &mut shown),
                        _ => None,
                    };
                    match verdict {
                        None => passed += 1,
                        Some(verdict) => {
                            failed += 1;
                            let at = loaded.source.position(example.span.start);
                            let path = loaded.source.path().to_string_lossy();
                            let _ = writeln!(text, "{path}:{}:{}: {}: this example {verdict}", at.line, at.column, rule.id);
                        }
                    }
                }
                for case in rule.cases.iter().filter(|case| !case.fixes.is_empty()) {
                    let at = loaded.source.position(case.find.span.start);
                    if !shown.contains(&at.line) {
                        failed += 1;
                        let path = loaded.source.path().to_string_lossy();
                        let _ = writeln!(text, "{path}:{}:{}: {}: no bad example shows this fix", at.line, at.column, rule.id);
                    }
                }
            }
        }
    }
    let examples = if passed == 1 { "example" } else { "examples" };
    let _ = writeln!(text, "{passed} {examples} passed, {failed} failed");
    answer(text.as_bytes())?;
    Ok(if failed > 0 { FINDINGS } else { SUCCESS })
}
