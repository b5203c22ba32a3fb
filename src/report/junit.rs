//! `--format junit`: a test suite for each file and a test case for each finding, for the test reports of Jenkins, GitLab and the like.
//! Errors and warnings are failures; a note is a case that passes and says something. Nothing is timed, so that two runs are alike.

use rustc_hash::FxHashMap;

use super::place::Places;
use super::{Report, escape, shown_path, xml};
use crate::finding::{Checked, Finding, Format, Severity, Summary};

/// The report of `--format junit`.
#[derive(Debug)]
pub struct JUnit;

impl Report for JUnit {
    fn head(&self) -> Vec<u8> {
        format!("{}<testsuites name=\"vmlint\">\n", xml::DECLARATION).into_bytes()
    }

    fn file(&self, file: &Checked) -> Vec<u8> {
        if file.findings.is_empty() && file.format == Format::Other {
            return Vec::new();
        }
        let path = shown_path(file.source.path());
        let failures = file.findings.iter().filter(|finding| finding.severity > Severity::Note).count();
        let mut out = String::from("<testsuite");
        xml::attribute(&mut out, "name", &path);
        let tests = file.findings.len().max(1);
        out.push_str(&format!(" tests=\"{tests}\" failures=\"{failures}\" errors=\"0\" skipped=\"0\" time=\"0\">\n"));
        if file.findings.is_empty() {
            case(&mut out, &path, "vmlint");
            out.push_str("/>\n");
        }
        let places = Places::new(&file.source);
        let mut seen: FxHashMap<&str, u32> = FxHashMap::default();
        for finding in &file.findings {
            // Of cases with the same name some readers take only one.
            let nth = seen.entry(&*finding.rule).and_modify(|nth| *nth += 1).or_insert(1_u32);
            match *nth {
                1 => case(&mut out, &path, &finding.rule),
                nth => case(&mut out, &path, &format!("{} ({nth})", finding.rule)),
            }
            out.push_str(">\n");
            let place = places.position(places.marked(finding).start);
            let text = text(finding, &format!("{path}:{}:{}", place.line, place.column));
            let element = if finding.severity == Severity::Note { "system-out" } else { "failure" };
            out.push('<');
            out.push_str(element);
            if finding.severity > Severity::Note {
                xml::attribute(&mut out, "message", &escape(&finding.message));
                xml::attribute(&mut out, "type", finding.severity.as_str());
            }
            out.push('>');
            xml::words(&mut out, &text);
            out.push_str(&format!("</{element}>\n</testcase>\n"));
        }
        out.push_str("</testsuite>\n");
        out.into_bytes()
    }

    fn tail(&self, _: &Summary) -> Vec<u8> {
        b"</testsuites>\n".to_vec()
    }
}

fn case(out: &mut String, path: &str, name: &str) {
    out.push_str("<testcase");
    xml::attribute(out, "classname", path);
    xml::attribute(out, "name", name);
    out.push_str(" time=\"0\"");
}

/// Where it is, what is wrong, what to do and who says so, on lines of their own.
fn text(finding: &Finding, place: &str) -> String {
    let mut lines = vec![escape(place).into_owned(), escape(&finding.message).into_owned()];
    if let Some(help) = &finding.help {
        lines.push(help.clone());
    }
    if let Some(source) = &finding.source {
        let url = source.url.as_deref().map(|url| format!(", {url}")).unwrap_or_default();
        lines.push(escape(&format!("Source: {}{url}", source.words())).into_owned());
    }
    lines.join("\n")
}
