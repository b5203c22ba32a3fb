//! Expressions that nobody would write in good faith: each is refused, or ends by its budget.

use std::fmt::Write;

use proptest::prelude::*;
use vmlint::tree::Vocabulary;
use vmlint::xpath::{Context, Environment, Exhausted, VariableKind, compile};

use super::reader::{root_element, tree};

fn environment() -> Environment {
    let mut environment = Environment::default();
    environment.prefix("p", "urn:p").variable("s", VariableKind::String);
    environment.variable("t", VariableKind::Table);
    environment
}

/// Compiles and, where that succeeds, evaluates on a small document.
fn run(expression: &str) -> Result<(), String> {
    let mut vocabulary = Vocabulary::default();
    let compiled = match compile(expression, &environment(), &mut vocabulary) {
        Ok(compiled) => compiled,
        Err(error) => {
            assert!(expression.get(error.span.clone()).is_some(), "{expression}: {error} at {:?}", error.span);
            return Err(error.to_string());
        }
    };
    let document = tree("<a x='1'><b y='2'>t<c/></b><!--c--><b xmlns='urn:p' y='3'/><?i d?></a>", &vocabulary);
    let tables = [tree("<t><r i='1'/><r i='2'/></t>", &vocabulary)];
    let context = Context { tables: &tables, strings: &["1"], budget: 100_000, ..Context::new(&document) };
    let _ = compiled.evaluate(&context, root_element(&document));
    for branch in compiled.branches() {
        let _ = branch.nodes(&context, root_element(&document));
    }
    Ok(())
}

#[test]
fn deep_and_long_expressions_are_refused() {
    let long = 100_000;
    let refused = [
        "(".repeat(long),
        "a[".repeat(long),
        "not(".repeat(long),
        format!("{}1{}", "(".repeat(20_000), ")".repeat(20_000)),
        format!("a{}", "[a".repeat(1_000)),
        "a/".repeat(20_000) + "a",
        "a".to_owned() + &"//a".repeat(10_000),
        "1".to_owned() + &" + 1".repeat(10_000),
        "1".to_owned() + &" = 1".repeat(10_000),
        "a or ".repeat(200_000) + "a",
        "x".repeat(1 << 20),
        " ".repeat(1 << 20),
        format!("'{}'", "x".repeat(1 << 20)),
    ];
    for expression in &refused {
        let error = run(expression).unwrap_err();
        assert!(error.contains("deeper than 64 levels") || error.contains("more than the 65536"), "{error}");
    }
    let accepted = [
        "a or ".repeat(10_000) + "a",
        "a|".repeat(30_000) + "a",
        "-".repeat(60_000) + "1",
        format!("{}1{}", "(".repeat(60), ")".repeat(60)),
        format!("{}a{}", "a[".repeat(30), "]".repeat(30)),
        "a/".repeat(60) + "a",
        format!("concat({} 'a')", "'a',".repeat(10_000)),
        format!("a{}", "[1]".repeat(10_000)),
        format!("a{}", "[last()]".repeat(5_000)),
    ];
    for expression in &accepted {
        let beginning = &expression[..20.min(expression.len())];
        run(expression).unwrap_or_else(|error| panic!("{beginning}…: {error}"));
    }
}

#[test]
fn runaway_expressions_end_by_their_budget() {
    let mut xml = String::from("<r>");
    for row in 0..1000 {
        write!(xml, "<a><b v='{row}'/></a>").unwrap();
    }
    xml.push_str("</r>");
    let mut vocabulary = Vocabulary::default();
    let expressions = [
        "//*[count(//*[count(//*) > 1]) > 1]",
        "//*[not(//*[not(//*)])][not(//*[not(//*[@none])])]",
        "count(//*[//*[//*[@none]]])",
        "//b[@v = //b[@v = //b[@v = //b/@none]/@v]/@v]",
        "//*/following::*/preceding::*/following::*/@none",
        "//*[sum(//@v) > sum(//*[count(//*) = 1])]",
        "//*[contains(string(/), 'x') or //*[contains(string(/), 'y')]]",
        "//*[matches('x', concat('y', @v))][//*[matches('x', concat('y', @v))]]",
    ];
    let compiled: Vec<_> =
        expressions.iter().map(|text| compile(text, &Environment::default(), &mut vocabulary).unwrap()).collect();
    // This one only looks expensive: a condition is content with the first node.
    let cheap = compile("//*[//*[//*]]", &Environment::default(), &mut vocabulary).unwrap();
    let document = tree(&xml, &vocabulary);
    let context = Context { budget: 200_000, ..Context::new(&document) };
    for (text, expression) in expressions.iter().zip(&compiled) {
        assert_eq!(expression.evaluate(&context, root_element(&document)), Err(Exhausted), "{text}");
    }
    assert_eq!(cheap.nodes(&context, root_element(&document)).unwrap().len(), 2001);
}

#[test]
fn repeated_nodes_do_not_multiply() {
    let xml = format!("<r>{}</r>", "<a><b/></a>".repeat(100));
    let mut vocabulary = Vocabulary::default();
    let text = "//b/../..//b/../..//b/../..//b/../..//b/../..//b";
    let compiled = compile(text, &Environment::default(), &mut vocabulary).unwrap();
    let document = tree(&xml, &vocabulary);
    let context = Context { budget: 20_000, ..Context::new(&document) };
    assert_eq!(compiled.nodes(&context, root_element(&document)).map(|nodes| nodes.len()), Ok(100));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 2000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_compiles_or_is_refused(text in any::<String>()) {
        let _ = run(&text);
    }

    #[test]
    fn any_tokens_compile_or_are_refused(tokens in prop::collection::vec(prop::sample::select(vec![
        "a", "b", "@", "*", "/", "//", "::", ".", "..", "(", ")", "[", "]", "|", "+", "-", "=", "!=", "<", "and", "or", "div",
        "mod", "'x'", "''", "1", "2.5", ",", "$s", "$t", "p:b", "p:*", "child", "ancestor", "text()", "node()", "position()",
        "last()", "count(", "not(", "concat(", "id(", "lang(", "sum(", "substring(", "glob(", "bytes(", "[1]", "[@x]", "//b", " ",
    ]), 0..14)) {
        let _ = run(&tokens.concat());
        let _ = run(&tokens.join(" "));
    }
}
