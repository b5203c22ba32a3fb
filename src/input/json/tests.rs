use super::*;
use crate::input::raw;

fn lines(text: &str) -> Vec<String> {
    let keys = read(text, &Limits::default()).unwrap_or_else(|fault| panic!("{text}: {}", fault.reason));
    raw::lines(&keys)
        .map(|line| {
            format!("{} @{} @{}", line.text, &text[keys.span(line.key).range()], &text[keys.value_span(line.key).range()])
        })
        .collect()
}

#[test]
fn every_value_has_its_path_and_its_place() {
    let text = "{ \"a\" :  1, \"b\": {\"c\": [true, [null], {\"d\": \"x\"}], \"e\": {}},\r\n\t\"f\":-1.5e3 }";
    let wanted = [
        "/a int 1 @\"a\" :  1 @1",
        "/b/c[0] bool true @true @true",
        "/b/c[1][0] null null @null @null",
        "/b/c[2]/d string x @\"d\": \"x\" @x",
        "/f double -1.5e3 @\"f\":-1.5e3 @-1.5e3",
    ];
    assert_eq!(lines(text), wanted);
    let keys = read(text, &Limits::default()).unwrap();
    let b = keys.child(None, "b").unwrap();
    assert_eq!(&text[keys.value_span(b).range()], "{\"c\": [true, [null], {\"d\": \"x\"}], \"e\": {}}");
    assert_eq!((keys.kind(b), keys.kind(keys.find(None, "b/c").unwrap())), ("object", "array"));
}

#[test]
fn a_document_may_be_an_array_or_a_single_value() {
    assert_eq!(lines("[[1],\"\"]"), ["[0][0] int 1 @1 @1", "[1] string  @\"\" @"]);
    assert_eq!(lines(" \"x\" "), [" string x @\"x\" @x"]);
    assert_eq!(lines("7"), [" int 7 @7 @7"]);
    assert!(lines("[]").is_empty());
}

#[test]
fn escapes_are_resolved_and_half_pairs_kept_as_bytes() {
    let cases = [
        (r#""\/Date(1488869314761)\/""#, "string /Date(1488869314761)/"),
        (r#""it\u0027s \u003cb\u003e""#, "string it's <b>"),
        (r#""C:\\VMs\t\"""#, "string C:\\VMs\\t\""),
        (r#""\ud83d\ude00é""#, "string 😀é"),
        (r#""a\ud83dé""#, "string 61003dd8e900"),
        (r#""\ude00\ud83d\ud83d\ude00""#, "string 00de3dd83dd800de"),
    ];
    for (text, wanted) in cases {
        let lines = lines(text);
        assert!(lines[0].starts_with(&format!(" {wanted} @")), "{text}: {lines:?}");
    }
}

#[test]
fn what_is_no_json_is_refused_at_its_place() {
    let deep = "[".repeat(300);
    let cases = [
        ("", "", "the file is empty"),
        ("{\"a\": 1,}", ",}", "a `,` with no value behind it"),
        ("[1 2]", "2]", "expected `,` or `]`"),
        ("{\"a\" 1}", "1}", "expected `:` behind the name of a member"),
        ("{a: 1}", "a:", "expected the name of a member in double quotes"),
        ("{'a': 1}", "'a'", "expected the name of a member in double quotes"),
        ("['a']", "'a'", "texts stand in double quotes"),
        ("// x\n{}", "//", "JSON has no comments"),
        ("[1, /* x */ 2]", "/*", "JSON has no comments"),
        ("{\"a\": 1 // x\n}", "//", "JSON has no comments"),
        ("[1] [2]", "[2]", "text behind the end of the document"),
        ("[01]", "01]", "this is no number of JSON"),
        ("[-]", "-]", "this is no number of JSON"),
        ("[1.]", "1.]", "this is no number of JSON"),
        ("[2GB]", "2GB", "this is no number of JSON"),
        ("[NaN]", "NaN", "`NaN` is no value of JSON"),
        ("[nulls]", "nulls", "expected a value"),
        ("[\"a\tb\"]", "\tb", "the control character 0x09 stands in a text"),
        ("[\"C:\\VMs\"]", "\\VMs", "a `\\` starts no escape here"),
        ("[\"\\u12\"]", "\\u12", "a `\\` starts no escape here"),
        ("{\"a\": [1, 2", "", "the file ends before its values are closed"),
        ("{\"a\": \"x", "", "the file ends before its values are closed"),
        ("{\"a\": 1, \"b\": 2, \"a\": 3}", "\"a\": 3", "the member `a` is given twice"),
        (&deep, "[", "values are nested more than 256 deep"),
    ];
    for (text, place, reason) in cases {
        let fault = read(text, &Limits::default()).unwrap_err();
        assert_eq!(fault.reason, reason, "{text}");
        assert!(text[fault.span.start as usize..].starts_with(place), "{text}: {:?}", fault.span);
    }
}

#[test]
fn a_member_given_twice_names_both_places() {
    let text = r#"{"x": {"a\"": 1, "b": 2, "a\"": 3}, "y": {"b": 1}}"#;
    let fault = read(text, &Limits::default()).unwrap_err();
    let (first, words) = fault.related.unwrap();
    assert_eq!((&text[fault.span.range()], first.start, words), (r#""a\"""#, 7, "first given here"));
}

#[test]
fn strict_as_another_reader() {
    use proptest::prelude::*;
    let piece = prop::sample::select(vec![
        "{",
        "}",
        "[",
        "]",
        ",",
        ":",
        "\"a\"",
        "\"b\"",
        "1",
        "-0",
        "1.5",
        "1e",
        "true",
        "null",
        " ",
        "\"\\u00e9\"",
        "\"\\ud800\"",
        "nul",
        "\"",
    ]);
    proptest!(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(4096) }, |(pieces in prop::collection::vec(piece, 0..12))| {
        let text: String = pieces.concat();
        let other = serde_json::from_str::<serde_json::Value>(&text);
        match read(&text, &Limits::default()) {
            Ok(_) => prop_assert!(other.is_ok() || text.contains("\\ud800"), "{text}: {other:?}"),
            Err(fault) => prop_assert!(other.is_err() || fault.reason.contains("twice"), "{text}: {}", fault.reason),
        }
    });
}
