//! `--format checkstyle`: the XML of Checkstyle 4.3, which many viewers and review bots read.

use super::place::Places;
use super::{Report, escape, shown_path, xml};
use crate::finding::{Checked, Severity, Summary};

/// The report of `--format checkstyle`.
#[derive(Debug)]
pub struct Checkstyle;

impl Report for Checkstyle {
    fn head(&self) -> Vec<u8> {
        format!("{}<checkstyle version=\"4.3\">\n", xml::DECLARATION).into_bytes()
    }

    fn file(&self, file: &Checked) -> Vec<u8> {
        if file.findings.is_empty() {
            return Vec::new();
        }
        let places = Places::new(&file.source);
        let mut out = String::from("<file");
        xml::attribute(&mut out, "name", &shown_path(file.source.path()));
        out.push_str(">\n");
        for finding in &file.findings {
            let place = places.position(places.marked(finding).start);
            let severity = match finding.severity {
                Severity::Error => "error",
                Severity::Warning => "warning",
                Severity::Note => "info",
            };
            // The message is all that is shown, so the help goes with it.
            let help = finding.help.as_deref().map(|help| format!(". {help}")).unwrap_or_default();
            out.push_str(&format!("<error line=\"{}\" column=\"{}\" severity=\"{severity}\"", place.line, place.column));
            xml::attribute(&mut out, "message", &escape(&format!("{}{}", finding.message, help.replace('\n', " "))));
            xml::attribute(&mut out, "source", &finding.rule);
            out.push_str("/>\n");
        }
        out.push_str("</file>\n");
        out.into_bytes()
    }

    fn tail(&self, _: &Summary) -> Vec<u8> {
        b"</checkstyle>\n".to_vec()
    }
}
