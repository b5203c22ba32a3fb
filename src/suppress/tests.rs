//! What comments say, and what is wrong with them.

use super::comment::directives;
use super::directive::{Directive, Fault};

/// What was understood, or the fault with the words that it is about.
fn told(comment: &str) -> Vec<String> {
    let directive = |directive: Directive| {
        let rules: Vec<&str> = directive.rules.iter().map(|item| comment.get(item.range.clone()).unwrap()).collect();
        assert_eq!(rules, directive.rules.iter().map(|item| item.text.as_str()).collect::<Vec<_>>());
        assert!(comment.get(directive.range).unwrap().starts_with("vmlint"));
        let until = directive.until.map(|until| format!(" until {until}")).unwrap_or_default();
        let owner = directive.owner.map(|owner| format!(" owner {owner}")).unwrap_or_default();
        format!("{}{until}{owner}: {}", rules.join(" "), directive.reason.unwrap_or_else(|| "no reason".to_owned()))
    };
    let fault = |Fault { range, message, help }: Fault| {
        assert!(help.ends_with(['.', '?']), "{help}");
        format!("`{}` {message}", comment.get(range).unwrap())
    };
    directives(comment).into_iter().map(|told| told.map_or_else(fault, directive)).collect()
}

#[test]
fn what_is_understood() {
    for (comment, wanted) in [
        (" vmlint: ignore[rhel-8/tcg] reason: nested lab ", "rhel-8/tcg: nested lab"),
        ("vmlint:ignore[rhel-8/tcg]reason:lab", "rhel-8/tcg: lab"),
        ("vmlint : ignore [ rhel-8/tcg ] reason = lab", "rhel-8/tcg: lab"),
        ("vmlint: ignore[rhel-8/tcg,*/spice , rhel-{8,9}/v[a-m]*] reason: a", "rhel-8/tcg */spice rhel-{8,9}/v[a-m]*: a"),
        ("vmlint: ignore[*] until=2027-03-31 owner=web reason: a", "* until 2027-03-31 owner web: a"),
        ("vmlint: ignore[*] owner=\"web team\" until: 2027-03-31 reason: a", "* until 2027-03-31 owner web team: a"),
        ("vmlint: ignore[*] reason: \"nested lab\" until=2027-03-31", "* until 2027-03-31: nested lab"),
        ("vmlint: ignore[*] reason='a' owner='b'", "* owner b: a"),
        ("vmlint: ignore[*] reason: 'a' or 'b'", "*: 'a' or 'b'"),
        ("vmlint: ignore[*] reason: it's [so], see: https://a/?b=c", "*: it's [so], see: https://a/?b=c"),
        ("\n  vmlint: ignore[\n    */tcg,\n    */spice\n  ]\n  reason: two\n    lines\n", "*/tcg */spice: two lines"),
        ("vmlint: ignore[größe/仮想] reason: größer", "größe/仮想: größer"),
        ("vmlint: ignore[*/tcg]", "*/tcg: no reason"),
        ("vmlint: ignore[*/tcg] reason:", "*/tcg: "),
    ] {
        assert_eq!(told(comment), [wanted], "{comment}");
    }
}

#[test]
fn each_line_is_a_suppression_of_its_own() {
    let comment = "\n  vmlint: ignore[a/b] reason: one\r\n  vmlint: ignore[c/d] reason: two\n  goes on\n  vmlint: ignroe[e/f]\n";
    let ignroe = "`ignroe` `ignroe` is no word that vmlint knows in a comment";
    assert_eq!(told(comment), ["a/b: one", "c/d: two goes on", ignroe]);
}

#[test]
fn what_is_wrong_is_told_at_its_place() {
    for (comment, wanted) in [
        ("vmlint ignore[a/b] reason: x", "`vmlint` the colon behind `vmlint` is missing"),
        ("vmlint-ignore[a/b] reason: x", "`vmlint` the colon behind `vmlint` is missing"),
        ("vmlint ignore rhel-8/tcg", "`vmlint` the colon behind `vmlint` is missing"),
        ("vmlint:", "`` there is nothing behind `vmlint:`"),
        ("vmlint: [a/b] reason: x", "`[a/b]` `[a/b]` is no word that vmlint knows in a comment"),
        ("vmlint: ignroe[a/b] reason: x", "`ignroe` `ignroe` is no word that vmlint knows in a comment"),
        ("vmlint: guest=rhel-8.6", "`guest` `guest` is no word that vmlint knows in a comment"),
        ("vmlint: ignore", "`` the rules are missing behind `ignore`"),
        ("vmlint: ignore a/b reason: x", "`a/b` the rules are missing behind `ignore`"),
        ("vmlint: ignore(a/b) reason: x", "`(a/b)` the rules are missing behind `ignore`"),
        ("vmlint: ignore[a/b reason: x", "`[` the bracket behind `ignore` is never closed"),
        ("vmlint: ignore[a/[b] reason: x", "`[` the bracket behind `ignore` is never closed"),
        ("vmlint: ignore[] reason: x", "`` a rule is missing in the list"),
        ("vmlint: ignore[a/b,] reason: x", "`` a rule is missing in the list"),
        ("vmlint: ignore[a/b c/d] reason: x", "`a/b c/d` a rule's id has no blanks"),
        ("vmlint: ignore[a/b reason: see x]", "`a/b reason: see x` a rule's id has no blanks"),
        ("vmlint: ignore[a/[z-b]] reason: x", "`a/[z-b]` `a/[z-b]` is no pattern: invalid range; 'z' > 'b'"),
        ("vmlint: ignore[a/b] because x", "`because` `because` is not understood"),
        ("vmlint: ignore[a/b] -- x", "`--` `--` is not understood"),
        ("vmlint: ignore[a/b] untli=2027-03-31 reason: x", "`untli` `untli` is not understood"),
        ("vmlint: ignore[a/b] until=tomorrow reason: x", "`tomorrow` `tomorrow` is no date"),
        ("vmlint: ignore[a/b] until=2027-02-29 reason: x", "`2027-02-29` `2027-02-29` is no date"),
        ("vmlint: ignore[a/b] until=", "`` the date is missing"),
        ("vmlint: ignore[a/b] owner=\"\" reason: x", "`` the owner has no name"),
        ("vmlint: ignore[a/b] owner=x owner=y reason: x", "`owner` `owner` is said twice"),
        ("vmlint: ignore[a/b] reason: x until=2027-03-31", "`until` `until=` stands in the reason and would not be heeded"),
        ("TODO: mend. vmlint: ignore[a/b] reason: x", "`vmlint:` `vmlint:` stands behind other words"),
    ] {
        assert_eq!(told(comment), [wanted], "{comment}");
    }
    let long = format!("vmlint: ignore[{}] reason: x", "a".repeat(201));
    assert_eq!(told(&long), [format!("`{}` no rule has so long an id", "a".repeat(201))]);
}

#[test]
fn what_is_not_said_to_vmlint_is_left_alone() {
    for comment in [
        "",
        "a comment",
        "vmlint is a linter",
        "vmlint ignores this, see the docs",
        "checked with vmlint: no findings",
        "<vmlint:ignore rule='a/b'/>",
        "https://vmlint.dev/xmlns/1",
        "vmlints: ignore[a/b]",
    ] {
        assert_eq!(told(comment), [""; 0], "{comment}");
    }
}
