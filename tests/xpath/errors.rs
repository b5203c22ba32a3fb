//! What is wrong with an expression, where, and what to do about it.

use vmlint::tree::Vocabulary;
use vmlint::xpath::{Environment, Error, VariableKind, compile};

fn error(expression: &str) -> Error {
    let mut environment = Environment::default();
    environment.prefix("qemu", "http://libvirt.org/schemas/domain/qemu/1.0");
    environment.variable("guest", VariableKind::String);
    environment.variable("guests", VariableKind::Table);
    match compile(expression, &environment, &mut Vocabulary::default()) {
        Ok(_) => panic!("`{expression}` compiles"),
        Err(error) => error,
    }
}

#[test]
fn errors_name_the_place_the_fault_and_the_remedy() {
    // Expression, the text at the error's place (empty: at the end), part of the message, part of the hint.
    let table = [
        ("", "", "the expression is empty", ""),
        ("  ", "  ", "the expression is empty", ""),
        ("a[@b='c'", "", "`]` to close the `[` at column 2, but the expression ends", ""),
        ("count(a", "", "`)` to close the `(` at column 6", ""),
        ("a[b)", ")", "`]` to close the `[` at column 2, but found `)`", ""),
        ("a[\n (b = 1]", "]", "`)` to close the `(` at line 2, column 2", ""),
        ("text(a)", "a", "`)` to close the `(` at column 5", ""),
        ("a]", "]", "an operator or the end", ""),
        ("a = 'b", "'", "no closing `'`", ""),
        ("a == b", "==", "`==` is not an operator", "single `=`"),
        ("a && b", "&&", "`&&` is not an operator", "write `and`"),
        ("a || b", "||", "`||` is not an operator", "write `or`"),
        ("a <> b", "<>", "`<>` is not an operator", "`!=`"),
        ("a =~ 'b'", "=~", "`=~` is not an operator", "matches("),
        ("a & b", "&", "`&` has no meaning", "`and`"),
        ("!a", "!", "`!` has no meaning", "not(...)"),
        ("a % 2", "%", "`%` has no meaning", "`mod`"),
        ("a = {b}", "{", "`{` has no meaning", "braces"),
        ("a\\b", "\\", "`\\` has no meaning", "`/`"),
        ("a = “b”", "“", "`“` has no meaning", "strings stand in"),
        ("@a = /x.*/?", "?", "`?` has no meaning", "glob("),
        ("a # b", "#", "`#` has no meaning", "quotes"),
        ("a AND b", "AND", "found `AND`", "small letters"),
        ("a eq b", "eq", "found `eq`", "write `=`"),
        ("a in b", "in", "found `in`", "compare with each"),
        ("a ad b", "ad", "found `ad`", "did you mean `and`"),
        ("not a", "a", "found `a`", "not(a...)"),
        ("not @a", "@", "found `@`", "not(...)"),
        ("if (a) then b else c", "then", "found `then`", "XPath 2"),
        ("a except b", "except", "found `except`", "XPath 2"),
        ("'it''s'", "'s'", "without an operator", "doubled"),
        ("a / 2", "2", "found `2`", "div"),
        ("a/", "", "the expression ends", "does not end with `/`"),
        ("a/'b'", "'b'", "found `'b'`", "without quotes"),
        ("//", "", "the expression ends", "does not end"),
        ("a[]", "]", "found `]`", ""),
        ("= 'a'", "=", "found `=`", "both sides"),
        (".[a]", "[", "found `[`", "self::node()"),
        ("a/string()", "string", "cannot be a step", "string(path)"),
        ("1e3", "1e3", "`1e3` is not a number", "exponent"),
        ("vcpu > 10GB", "10GB", "`10GB` is not a number", "bytes("),
        ("@v = 7.6.1", "7.6.1", "`7.6.1` is not a number", "quotes"),
        ("$", "$", "name of a variable", ""),
        ("$gest", "$gest", "no variable `$gest`", "did you mean `$guest`"),
        ("$host-name", "$host-name", "no variable", ""),
        ("qmu:arg", "qmu:arg", "prefix `qmu`", "did you mean `qemu`"),
        ("zzz:*", "zzz:*", "prefix `zzz`", ""),
        ("qemu:", "qemu:", "follow the prefix", "two colons"),
        ("chlid::a", "chlid", "no axis `chlid`", "did you mean `child`"),
        ("namespace::a", "namespace", "namespace axis", "namespace-uri"),
        ("start-with(a, 'b')", "start-with", "no function `start-with`", "did you mean `starts-with`"),
        ("upper-case(a)", "upper-case", "no function", "lower-case"),
        ("tokenize(a, ' ')", "tokenize", "no function", "contains(concat("),
        ("exists(a)", "exists", "no function", "path"),
        ("fn:count(a)", "fn:count", "no function `fn:count`", "did you mean `count`"),
        ("frobnicate(a)", "frobnicate", "no function `frobnicate`", ""),
        ("count()", "count()", "called with no argument", ""),
        ("contains(a)", "contains(a)", "called with one argument", ""),
        ("not(a, b)", "not(a, b)", "called with 2 arguments", ""),
        ("a[count('b') > 1]", "'b'", "needs a node-set, but this is a string", "without quotes"),
        ("sum(1)", "1", "needs a node-set, but this is a number", ""),
        ("a | 'b'", "'b'", "`|` joins sets of nodes", "or"),
        ("'a'/b", "'a'", "needs a node-set before it", ""),
        ("$guest/b", "$guest", "needs a node-set before it", ""),
        ("(1 + 2)[1]", "1 + 2", "a predicate needs a node-set", ""),
        ("glob(@a, '[')", "'['", "`[` is not a glob", ""),
        ("matches(@a, 'a(')", "'a('", "not a regular expression: unclosed group", ""),
        ("matches(@a, '(a{1000}){1000}')", "'(a{1000}){1000}'", "too large", ""),
        ("version-in(@a, 'seven')", "'seven'", "`seven` is not a version", ""),
        ("version-in(@a, '7.6..x')", "'7.6..x'", "`x` is not a version", ""),
    ];
    let mut wrong = 0;
    for (expression, place, message, hint) in table {
        let error = error(expression);
        let found = error.hint.clone().unwrap_or_default();
        let hinted = found.contains(hint) && found.is_empty() == hint.is_empty();
        if expression[error.span.clone()] != *place || !error.message.contains(message) || !hinted {
            wrong += 1;
            println!("{expression}: {:?}", error);
        }
    }
    assert_eq!(wrong, 0);
}

#[test]
fn errors_read_as_sentences() {
    assert_eq!(error("a[@type = 'b'").to_string(), "expected `]` to close the `[` at column 2, but the expression ends");
    assert_eq!(error("strats-with(a, 'b')").to_string(), "there is no function `strats-with` (did you mean `starts-with`?)");
}
