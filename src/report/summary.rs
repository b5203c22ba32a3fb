//! The last line of a text report: the run in numbers.

use std::time::Duration;

use super::paint::Paint;
use super::{Options, escape};
use crate::finding::{Known, Severity, Summary};

/// `3 files, 3 VMs: 2 errors, 1 warning, 0 notes · host rhel-8 (assumed; name it with --host) · 4 ms`, with its line end.
pub(super) fn line(summary: &Summary, options: Options) -> String {
    let paint = Paint { on: options.terminal.color };
    let mut parts = parts(summary);
    if let Some(files) = parts.first_mut() {
        *files = format!("{files}: {}", findings(summary, paint));
    }
    parts.push(elapsed(summary.elapsed));
    let mut line = String::new();
    let mut column = 0;
    for part in parts {
        // Colours count nothing here.
        let width = textwrap::core::display_width(&part);
        if column > 0 && options.terminal.fit && column + 3 + width > options.terminal.width {
            line.push_str("\n  ");
            column = 2;
        } else if column > 0 {
            line.push_str(if options.terminal.unicode { " · " } else { " - " });
            column += 3;
        }
        line.push_str(&part);
        column += width;
    }
    line.push('\n');
    if let Some(hint) = hint(summary) {
        let width = if options.terminal.fit { options.terminal.width } else { usize::MAX };
        line.push_str(&textwrap::fill(&hint, width));
        line.push('\n');
    }
    line
}

/// What is said beside the findings, safe to show: how many files and VMs there were, what is not shown, what was assumed.
pub(super) fn parts(summary: &Summary) -> Vec<String> {
    let mut parts = vec![format!("{}, {}", count(summary.files, "file"), count(summary.vms, "VM"))];
    if summary.fixed > 0 {
        parts.push(format!("{} fixed", summary.fixed));
    }
    match (summary.fixable.safely, summary.fixable.unsafely) {
        (0, 0) => {}
        (safely, 0) => parts.push(format!("{safely} fixable with --fix")),
        (0, unsafely) => parts.push(format!("{unsafely} fixable with --fix --unsafe-fixes")),
        (safely, unsafely) => parts.push(format!("{safely} fixable with --fix, {unsafely} more with --unsafe-fixes")),
    }
    if summary.suppressed > 0 {
        let by_baseline = match summary.baseline {
            Some(Known { covered, is_new: false, .. }) if covered == summary.suppressed => " by the baseline".to_owned(),
            Some(Known { covered, is_new: false, .. }) if covered > 0 => format!(", {covered} of them by the baseline"),
            _ => String::new(),
        };
        parts.push(format!("{} suppressed{by_baseline}", summary.suppressed));
    }
    match summary.baseline {
        Some(Known { covered, is_new: true, .. }) => parts.push(format!("{} written to the baseline", count(covered, "finding"))),
        Some(Known { unneeded, is_pruned, .. }) if unneeded > 0 => {
            let entries = if unneeded == 1 { "1 entry".to_owned() } else { format!("{unneeded} entries") };
            parts.push(match is_pruned {
                true => format!("{entries} dropped from the baseline"),
                false => format!("{entries} of the baseline no longer needed (drop with --prune-baseline)"),
            });
        }
        _ => {}
    }
    let hidden = found(summary).saturating_sub(summary.shown);
    if hidden > 0 {
        parts.push(format!("{hidden} not shown"));
    }
    if summary.skipped > 0 {
        parts.push(format!("{} skipped", count(summary.skipped, "other file")));
    }
    if !summary.hosts.is_empty() {
        let word = if summary.hosts.len() == 1 { "host" } else { "hosts" };
        let assumed = if summary.host_assumed { " (assumed; name it with --host)" } else { "" };
        parts.push(format!("{word} {}{assumed}", escape(&summary.hosts.join(", "))));
    }
    parts
}

/// What the rules about guests could not say, and how to help them.
pub(super) fn hint(summary: &Summary) -> Option<String> {
    let guests = match summary.guests_unknown {
        0 => return None,
        1 => "guest of 1 VM is".to_owned(),
        count => format!("guests of {count} VMs are"),
    };
    Some(format!(
        "The {guests} not known, so the rules about guests said nothing. Name the guest with --guest NAME-VERSION, or in the \
         notes of the VM on a line `vmlint: guest=NAME-VERSION`."
    ))
}

fn found(summary: &Summary) -> usize {
    summary.errors + summary.warnings + summary.notes
}

/// `2 errors, 1 warning, 0 notes`, or that there are none.
pub(super) fn findings(summary: &Summary, paint: Paint) -> String {
    if found(summary) == 0 {
        return "no findings".to_owned();
    }
    let part = |severity: Severity, n| {
        let text = count(n, severity.as_str());
        if n == 0 { text } else { paint.severity(severity, &text) }
    };
    [part(Severity::Error, summary.errors), part(Severity::Warning, summary.warnings), part(Severity::Note, summary.notes)]
        .join(", ")
}

/// `1 file`, `2 files`.
pub(super) fn count(n: usize, word: &str) -> String {
    format!("{n} {word}{}", if n == 1 { "" } else { "s" })
}

fn elapsed(time: Duration) -> String {
    match time.as_millis() {
        0 => "under 1 ms".to_owned(),
        ms @ 1..1_000 => format!("{ms} ms"),
        1_000..60_000 => format!("{:.1} s", time.as_secs_f64()),
        _ => format!("{} min {} s", time.as_secs() / 60, time.as_secs() % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(files: usize, vms: usize, [errors, warnings, notes]: [usize; 3]) -> Summary {
        let shown = errors + warnings + notes;
        Summary { files, shown, vms, errors, warnings, notes, elapsed: Duration::from_millis(4), ..Summary::default() }
    }

    fn plain(summary: &Summary) -> String {
        line(summary, Options::default())
    }

    #[test]
    fn plurals() {
        for (files, vms, found, text) in [
            (0, 0, [0, 0, 0], "0 files, 0 VMs: no findings · 4 ms\n"),
            (1, 1, [0, 0, 0], "1 file, 1 VM: no findings · 4 ms\n"),
            (1, 2, [1, 1, 1], "1 file, 2 VMs: 1 error, 1 warning, 1 note · 4 ms\n"),
            (3, 1, [2, 0, 3], "3 files, 1 VM: 2 errors, 0 warnings, 3 notes · 4 ms\n"),
        ] {
            assert_eq!(plain(&summary(files, vms, found)), text);
        }
    }

    #[test]
    fn what_is_not_zero_is_said() {
        let mut run = summary(3, 3, [2, 1, 0]);
        run.hosts = vec!["rhel-8".into()];
        run.host_assumed = true;
        assert_eq!(
            plain(&run),
            "3 files, 3 VMs: 2 errors, 1 warning, 0 notes · host rhel-8 (assumed; name it with --host) · 4 ms\n"
        );
        run.hosts.push("windows-server-2019".into());
        run.host_assumed = false;
        run.suppressed = 2;
        run.skipped = 1;
        run.notes = 4;
        assert_eq!(
            plain(&run),
            "3 files, 3 VMs: 2 errors, 1 warning, 4 notes · 2 suppressed · 4 not shown · 1 other file skipped · \
             hosts rhel-8, windows-server-2019 · 4 ms\n"
        );
    }

    #[test]
    fn on_a_terminal_it_breaks_between_its_parts() {
        let mut run = summary(3, 3, [2, 1, 0]);
        run.hosts = vec!["rhel-8".into()];
        run.host_assumed = true;
        let terminal = super::super::Terminal { fit: true, color: true, ..Default::default() };
        let text = line(&run, Options { terminal, ..Options::default() });
        assert_eq!(
            text,
            "3 files, 3 VMs: \u{1b}[1;31m2 errors\u{1b}[0m, \u{1b}[1;33m1 warning\u{1b}[0m, 0 notes\n  \
             host rhel-8 (assumed; name it with --host) · 4 ms\n"
        );
    }

    #[test]
    fn times_are_for_people() {
        for (ms, text) in [(0, "under 1 ms"), (1, "1 ms"), (999, "999 ms"), (1_240, "1.2 s"), (125_000, "2 min 5 s")] {
            assert_eq!(elapsed(Duration::from_millis(ms)), text);
        }
    }
}
