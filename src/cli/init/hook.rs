//! Adds vmlint to the hooks of pre-commit without touching anything else in the file.

use crate::policy::yaml::{self, Content, Key, Node};

/// The hook as an entry of `hooks`: keys and values, the first one being its id.
const HOOK: [(&str, &str); 6] = [
    ("id", "vmlint"),
    ("name", "vmlint"),
    ("entry", "vmlint check --force-exclude"),
    ("language", "system"),
    ("files", r"'(?i)\.(xml|vmcx|json|clixml)$'"),
    ("require_serial", "true"),
];

/// The text of a configuration with the hook added; none where it has a hook of that name.
///
/// # Errors
/// Where the file is not as pre-commit reads it, or is written in a way in which nothing can be added to it.
pub fn added(text: &str) -> Result<Option<String>, String> {
    let root = yaml::read(text).map_err(|broken| broken.message)?;
    if is_hooked(repositories(&root)) {
        return Ok(None);
    }
    let new = match (&root.content, value(&root, "repos")) {
        (_, Some(repositories)) => inserted(text, repositories)?,
        (Content::Map(_) | Content::Null, None) => end(text, "repos:", "  ", 2),
        _ => return Err("it is no mapping".to_owned()),
    };
    let read = yaml::read(&new).map_err(|_| unusual())?;
    if is_old_with_hook(&read, &root) { Ok(Some(new)) } else { Err(unusual()) }
}

fn unusual() -> String {
    "it is written in an unusual way".to_owned()
}

fn inserted(text: &str, repos: &Node) -> Result<String, String> {
    let (start, end) = (repos.span.start as usize, repos.span.end as usize);
    let Content::List(items) = &repos.content else { return Err("its `repos` is no list".to_owned()) };
    if let Some(inside) = text.get(start..end).and_then(|list| list.strip_prefix('[')?.strip_suffix(']')) {
        let separator = if inside.trim_end().is_empty() || inside.trim_end().ends_with(',') { "" } else { ", " };
        let hook: Vec<String> = HOOK.iter().map(|(key, value)| format!("{key}: {value}")).collect();
        let entry = format!("{separator}{{repo: local, hooks: [{{{}}}]}}", hook.join(", "));
        return Ok([text.get(..end - 1).unwrap_or_default(), &entry, text.get(end - 1..).unwrap_or_default()].concat());
    }
    // In the columns of the entries that are there.
    let (Some(first), Some(last)) = (items.first(), items.last()) else { return Err(unusual()) };
    let column = |at: usize| text.get(..at).map_or(0, |before| at - before.rfind('\n').map_or(0, |line| line + 1));
    let first = first.span.start as usize;
    let dash = text.get(..first).and_then(|before| before.trim_end_matches(' ').strip_suffix('-')).ok_or_else(unusual)?.len();
    let indent = " ".repeat(column(dash));
    let width = (first - dash).max(2);
    let behind = last.span.end as usize;
    let line_end = text.get(behind..).and_then(|rest| rest.find('\n')).map_or(text.len(), |length| behind + length + 1);
    let (before, after) = text.split_at_checked(line_end).ok_or_else(unusual)?;
    Ok([&self::end(before, "", &indent, width), after].concat())
}

/// A text with an entry of `repos` behind it, under a heading of its own if there is one. `width` is how far keys stand from their dash.
fn end(text: &str, heading: &str, indent: &str, width: usize) -> String {
    let line_break = if text.contains("\r\n") { "\r\n" } else { "\n" };
    let dash = format!("-{}", " ".repeat(width - 1));
    let blank = " ".repeat(width);
    let mut lines: Vec<String> = Vec::new();
    if !heading.is_empty() {
        lines.push(heading.to_owned());
    }
    lines.push(format!("{indent}{dash}repo: local"));
    lines.push(format!("{indent}{blank}hooks:"));
    for (number, (key, value)) in HOOK.iter().enumerate() {
        let lead = if number == 0 { &dash } else { &blank };
        lines.push(format!("{indent}{blank}{indent}{lead}{key}: {value}"));
    }
    let separator = if text.is_empty() || text.ends_with('\n') { "" } else { line_break };
    format!("{text}{separator}{}{line_break}", lines.join(line_break))
}

/// Whether `new` is `old` with the hook behind its other repositories, and nothing else is different.
fn is_old_with_hook(new: &Node, old: &Node) -> bool {
    let others = |root| entries(root).iter().filter(|(key, _)| key.text != "repos");
    let same = |((new, value), (old, was)): (&(Key, Node), &(Key, Node))| new.text == old.text && alike(value, was);
    let Some((hook, before)) = repositories(new).split_last() else { return false };
    others(new).count() == others(old).count()
        && others(new).zip(others(old)).all(same)
        && all_alike(before, repositories(old))
        && is_hooked(std::slice::from_ref(hook))
}

fn entries(node: &Node) -> &[(Key, Node)] {
    if let Content::Map(entries) = &node.content { entries } else { &[] }
}

fn items(node: &Node) -> &[Node] {
    if let Content::List(items) = &node.content { items } else { &[] }
}

fn value<'n>(node: &'n Node, name: &str) -> Option<&'n Node> {
    entries(node).iter().find(|(key, _)| key.text == name).map(|(_, value)| value)
}

fn repositories(root: &Node) -> &[Node] {
    value(root, "repos").map_or(&[], items)
}

/// Whether one of the hooks is called `vmlint`.
fn is_hooked(repositories: &[Node]) -> bool {
    let is_named = |hook: &Node| value(hook, "id").is_some_and(|id| id.content == Content::Text("vmlint".into()));
    repositories.iter().filter_map(|repository| value(repository, "hooks")).any(|hooks| items(hooks).iter().any(is_named))
}

/// Whether two values are the same wherever they stand.
fn alike(one: &Node, other: &Node) -> bool {
    match (&one.content, &other.content) {
        (Content::List(one), Content::List(other)) => all_alike(one, other),
        (Content::Map(one), Content::Map(other)) => {
            let same = |((key, value), (other, was)): (&(Key, Node), &(Key, Node))| key.text == other.text && alike(value, was);
            one.len() == other.len() && one.iter().zip(other).all(same)
        }
        (one, other) => one == other,
    }
}

fn all_alike(some: &[Node], others: &[Node]) -> bool {
    some.len() == others.len() && some.iter().zip(others).all(|(one, other)| alike(one, other))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is added, `+` before each new line.
    fn difference(text: &str) -> String {
        let new = added(text).unwrap().unwrap();
        let mut old = text.lines().peekable();
        new.lines().map(|line| if old.next_if_eq(&line).is_some() { format!("{line}\n") } else { format!("+{line}\n") }).collect()
    }

    #[test]
    fn a_hook_is_added_in_the_manner_of_the_file() {
        let hook = r"+  - repo: local
+    hooks:
+      - id: vmlint
+        name: vmlint
+        entry: vmlint check --force-exclude
+        language: system
+        files: '(?i)\.(xml|vmcx|json|clixml)$'
+        require_serial: true
";
        assert_eq!(difference(""), format!("+repos:\n{hook}"));
        assert_eq!(difference("# Ours.\nfail_fast: true"), format!("# Ours.\nfail_fast: true\n+repos:\n{hook}"));
        let indented = "repos:\n  - repo: https://example.org/a  # pinned\n    rev: v1\n    hooks:\n      - id: a  # first\n";
        assert_eq!(difference(indented), format!("{indented}{hook}"));
        assert_eq!(difference(indented.trim_end()), format!("{indented}{hook}"));
        let behind = "  # What follows.\n\nci:\n  autofix_prs: false\n";
        assert_eq!(difference(&format!("{indented}{behind}")), format!("{indented}{hook}{behind}"));
        let wide = "exclude: |\n  (?x)^(\n  a\n  )$\nrepos:\n-   repo: https://example.org/a\n    rev: v1\n    hooks:\n    -   id: a\n        args: [--b,\n            --c]\n";
        let wide_hook = "+-   repo: local\n+    hooks:\n+    -   id: vmlint\n+        name: vmlint\n";
        assert!(difference(wide).starts_with(&format!("{wide}{wide_hook}")), "{}", difference(wide));
        let flow = "{repo: local, hooks: [{id: vmlint, name: vmlint, entry: vmlint check --force-exclude, language: system, files: '(?i)\\.(xml|vmcx|json|clixml)$', require_serial: true}]}";
        assert_eq!(added("repos: []\nci: {}\n").unwrap().unwrap(), format!("repos: [{flow}]\nci: {{}}\n"));
        let one = "repos: [{repo: meta, hooks: [{id: identity}]}";
        assert_eq!(added(&format!("{one}] # all\n")).unwrap().unwrap(), format!("{one}, {flow}] # all\n"));
    }

    #[test]
    fn line_ends_stay_as_they_are() {
        let text = "repos:\r\n- repo: meta\r\n  hooks:\r\n  - id: identity\r\n";
        let new = added(text).unwrap().unwrap();
        assert!(new.starts_with(text) && new.ends_with("  require_serial: true\r\n"));
        assert_eq!(new.matches('\n').count(), new.matches("\r\n").count());
    }

    #[test]
    fn a_hook_that_is_there_is_not_added_again() {
        let new = added("").unwrap().unwrap();
        assert_eq!(added(&new), Ok(None));
        assert_eq!(added("repos: [{repo: https://example.org/vmlint, rev: v1, hooks: [{id: vmlint}]}]"), Ok(None));
    }

    #[test]
    fn what_cannot_be_added_to_is_left_alone() {
        for text in [
            "[]",
            "text",
            "repos: text",
            "{ci: {}}",
            "repos: [",
            "repos: *x",
            "a: 1\n...\n",
            "repos:\n- &a\n  repo: meta\n- *a\n---\n",
        ] {
            assert!(added(text).is_err(), "{text}: {:?}", added(text));
        }
    }
}
