//! Colours of the text reports, or none.

use crate::finding::Severity;

/// Puts colours around words, unless it must not.
#[derive(Debug, Clone, Copy)]
pub struct Paint {
    /// Whether there are colours.
    pub on: bool,
}

impl Paint {
    /// Text in the colour of a severity.
    pub fn severity(self, severity: Severity, text: &str) -> String {
        self.with(severity_code(severity), text)
    }

    /// Bold text.
    pub fn bold(self, text: &str) -> String {
        self.with("1", text)
    }

    /// Text in the colour of labels.
    pub fn label(self, text: &str) -> String {
        self.with("36", text)
    }

    /// Text that says that something is there.
    pub fn good(self, text: &str) -> String {
        self.with("32", text)
    }

    /// Text that says that something is not there.
    pub fn bad(self, text: &str) -> String {
        self.with("31", text)
    }

    fn with(self, code: &str, text: &str) -> String {
        if self.on && !text.is_empty() { format!("\u{1b}[{code}m{text}\u{1b}[0m") } else { text.to_owned() }
    }
}

fn severity_code(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "1;31",
        Severity::Warning => "1;33",
        Severity::Note => "1;36",
    }
}
