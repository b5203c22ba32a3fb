//! What must hold of every input whatever: made-up bytes, damaged definitions, and the same definition written otherwise.

mod common;
mod promises;

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use common::{checker, files, utf16};
use promises::readers;
use proptest::prelude::*;
use vmlint::check::{Checker, Outcome};
use vmlint::finding::Finding;

static CHECKER: LazyLock<Checker<'static>> = LazyLock::new(|| checker("rhel-8"));

/// Definitions to start from: those of every format, one bad of every rule, and the malformed ones.
static SEEDS: LazyLock<Vec<Vec<u8>>> = LazyLock::new(|| {
    let mut paths = [files("fixtures/libvirt", "xml"), files("fixtures/hostile", "xml"), rule_fixtures()].concat();
    paths.retain(|path| std::fs::metadata(path).unwrap().len() < 8_192);
    paths.iter().map(|path| std::fs::read(path).unwrap()).collect()
});

/// The same as text, but for those that are none or malformed.
static DEFINITIONS: LazyLock<Vec<String>> = LazyLock::new(|| {
    let paths = [files("fixtures/libvirt", "xml"), rule_fixtures()].concat();
    paths.iter().map(|path| std::fs::read_to_string(path).unwrap()).collect()
});

fn rule_fixtures() -> Vec<PathBuf> {
    let folders = std::fs::read_dir(common::root().join("fixtures/rules")).unwrap();
    let mut names: Vec<String> = folders.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort();
    names.iter().flat_map(|name| files(&format!("fixtures/rules/{name}"), "xml")).collect()
}

/// Judges, and checks what must hold of every outcome.
fn judge(bytes: &[u8]) -> Outcome {
    let outcome = promises::files::outcome(&CHECKER, Path::new("test.xml"), bytes);
    readers::is_plain(outcome.checked.source.text());
    outcome
}

/// What a finding says and where, in lines and columns.
fn told(outcome: &Outcome) -> Vec<(String, u32, u32, u32, String)> {
    let told = |finding: &Finding| {
        let place = outcome.checked.source.position(finding.place.span.start);
        let focus = outcome.checked.source.position(finding.focus.span.start);
        (finding.rule.to_string(), place.line, place.column, focus.column, finding.message.clone())
    };
    outcome.checked.findings.iter().map(told).collect()
}

/// One way to damage bytes; places are fractions of the length.
#[derive(Debug, Clone)]
enum Damage {
    Flip(f64, u8),
    Cut(f64),
    Drop(f64, usize),
    Insert(f64, Vec<u8>),
    Repeat(f64, usize, usize),
    Splice(f64, prop::sample::Index),
    Append(prop::sample::Index),
}

fn damage() -> impl Strategy<Value = Damage> {
    let words: Vec<&[u8]> = vec![
        b"<",
        b">",
        b"/>",
        b"'",
        b"\"",
        b"&",
        b"&#x0;",
        b"&#65536;",
        b"&lt;",
        b"<![CDATA[",
        b"]]>",
        b"<!--",
        b"-->",
        b"<?pi ?>",
        b"<!-- vmlint: ignore[*] reason: x -->",
        b"<!-- vmlint: ignore[*",
        b"<!--vmlint:ignore[rhel-8/t{c,p}*]until=2000-01-01 reason:",
        b"<metadata><a:ignore xmlns:a='https://vmlint.dev/xmlns/1' rule='*' reason='x'/></metadata>",
        b"<!DOCTYPE domain>",
        b"xmlns='urn:x' ",
        b" xmlns:a='urn:x' a:b='' ",
        b" xmlns='' ",
        b" xml:lang='' ",
        b"</a:b>",
        b"&#13;",
        b"&#xD;&#xA;",
        b"]]&gt;",
        b"\xEF\xBF\xBF",
        b"\xEF\xBF\xBD",
        b"\r\n",
        b"\t",
        b"=",
        b":",
        b"xmlns:qemu='http://libvirt.org/schemas/domain/qemu/1.0' ",
        b"<domain type='kvm'>",
        b"</domain>",
        b"\0",
        b"\x1b[31m",
        b"\xEF\xBB\xBF",
        b"\xFF\xFE",
        b"\r",
        b"\xC2\x85",
        b"\xE2\x80\xAE",
        b"\xF0\x9F\x98\x80",
        b"<qemu:arg value='-device'/><qemu:arg value='{\"driver\":\"x\",\"a\":[1,{}]}'/>",
        b"<qemu:arg value='-drive'/><qemu:arg value='file=a,,b,throttling.iops-total=1'/>",
    ];
    let word = prop_oneof![prop::sample::select(words).prop_map(<[u8]>::to_vec), prop::collection::vec(any::<u8>(), 1..6)];
    let at = || 0.0..1.0;
    prop_oneof![
        (at(), any::<u8>()).prop_map(|(at, byte)| Damage::Flip(at, byte)),
        at().prop_map(Damage::Cut),
        (at(), 1..200_usize).prop_map(|(at, count)| Damage::Drop(at, count)),
        (at(), word).prop_map(|(at, word)| Damage::Insert(at, word)),
        (at(), 1..80_usize, 2..20_usize).prop_map(|(at, count, times)| Damage::Repeat(at, count, times)),
        (at(), any::<prop::sample::Index>()).prop_map(|(at, other)| Damage::Splice(at, other)),
        any::<prop::sample::Index>().prop_map(Damage::Append),
    ]
}

fn apply(bytes: &mut Vec<u8>, damage: &Damage) {
    let place = |at: f64| (at * bytes.len() as f64) as usize;
    match damage {
        Damage::Flip(at, byte) => {
            let at = place(*at);
            if let Some(found) = bytes.get_mut(at) {
                *found = *byte;
            }
        }
        Damage::Cut(at) => bytes.truncate(place(*at)),
        Damage::Drop(at, count) => {
            let at = place(*at);
            bytes.drain(at..(at + count).min(bytes.len()));
        }
        Damage::Insert(at, word) => {
            let at = place(*at);
            bytes.splice(at..at, word.iter().copied());
        }
        Damage::Repeat(at, count, times) => {
            let at = place(*at);
            let part = bytes[at..(at + count).min(bytes.len())].repeat(*times);
            bytes.splice(at..at, part);
        }
        Damage::Splice(at, other) => {
            let other = other.get(&SEEDS);
            let at = place(*at);
            let from = at.min(other.len());
            bytes.truncate(at);
            bytes.extend_from_slice(&other[from..]);
        }
        Damage::Append(other) => bytes.extend(other.get(&SEEDS).iter()),
    }
}

fn seed() -> impl Strategy<Value = Vec<u8>> {
    any::<prop::sample::Index>().prop_map(|index| index.get(&SEEDS).clone())
}

fn definition() -> impl Strategy<Value = String> {
    any::<prop::sample::Index>().prop_map(|index| index.get(&DEFINITIONS).clone())
}

/// The children of `devices`, each with its lines, in any order.
fn shuffled_devices() -> impl Strategy<Value = (String, String)> {
    definition()
        .prop_filter_map("has no devices of its own", |text| {
            let (head, rest) = text.split_once("\n  <devices>\n")?;
            let (devices, tail) = rest.split_once("\n  </devices>")?;
            let mut children: Vec<String> = Vec::new();
            for line in devices.lines() {
                match children.last_mut() {
                    Some(child) if !line.starts_with("    <") || line.starts_with("    </") => {
                        *child = format!("{child}\n{line}")
                    }
                    _ => children.push(line.to_owned()),
                }
            }
            Some((text.clone(), head.to_owned(), children, tail.to_owned()))
        })
        .prop_flat_map(|(text, head, children, tail)| {
            let shuffled = Just(children).prop_shuffle();
            shuffled.prop_map(move |children| {
                (text.clone(), format!("{head}\n  <devices>\n{}\n  </devices>{tail}", children.join("\n")))
            })
        })
}

/// So many cases, unless the environment asks for more.
fn cases(usual: u32) -> ProptestConfig {
    let default = ProptestConfig::default();
    let asked = std::env::var_os("PROPTEST_CASES").map(|_| default.cases);
    ProptestConfig { cases: asked.unwrap_or(usual), failure_persistence: None, ..default }
}

fn rules(text: &str) -> Vec<String> {
    let outcome = judge(text.as_bytes());
    let mut rules: Vec<String> = outcome.checked.findings.iter().map(|finding| finding.rule.to_string()).collect();
    rules.sort();
    rules
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        judge(&bytes);
    }

    #[test]
    fn any_markup(text in r#"(<(domain|devices|disk|qemu:arg|a:b)( (type|value|xmlns:a)=['"](kvm|-device|\PC{0,4})['"]){0,3}/?>|</(domain|devices)>|\PC{0,6}|&(lt|amp|#[0-9]{1,7});){0,20}"#) {
        judge(text.as_bytes());
    }

    #[test]
    fn damaged_definitions(mut bytes in seed(), damages in prop::collection::vec(damage(), 1..5)) {
        for damage in &damages {
            apply(&mut bytes, damage);
        }
        judge(&bytes);
    }

    #[test]
    fn damaged_definitions_in_utf16(bytes in seed(), little in any::<bool>(), mark in any::<bool>(), damages in prop::collection::vec(damage(), 0..4)) {
        let mut bytes = utf16(&String::from_utf8_lossy(&bytes), little, mark);
        for damage in &damages {
            apply(&mut bytes, damage);
        }
        judge(&bytes);
    }
}

/// The span of each element of a definition; none of a file that holds several.
fn elements(text: &str) -> Vec<std::ops::Range<usize>> {
    let Ok(document) = roxmltree::Document::parse(text) else { return Vec::new() };
    document.descendants().filter(roxmltree::Node::is_element).map(|node| node.range()).collect()
}

proptest! {
    #![proptest_config(cases(256))]

    #[test]
    fn any_comment(comment in r#"(vmlint: ?|ignore|reason|until|owner|rhel-8/tcg|\*|[:=\[\]{},'"]|2027-0[1-3]-31|\n|\PC| ){0,16}"#, spoken_to in any::<bool>()) {
        let comment = if spoken_to { format!("vmlint: ignore[{comment}") } else { comment };
        // Two dashes end a comment.
        let comment = comment.split('-').filter(|part| !part.is_empty()).collect::<Vec<_>>().join("-");
        let text = format!("<!-- {comment} --><domain type='qemu'><name>a</name><!--{comment}--><devices><graphics type='spice'/></devices></domain>");
        let outcome = judge(text.as_bytes());
        // Whatever is said, nothing is lost.
        let rules = outcome.checked.findings.iter().chain(&outcome.checked.suppressed).filter(|finding| finding.rule.starts_with("rhel-8/"));
        prop_assert_eq!(rules.count(), 2);
        prop_assert!(outcome.checked.suppressed.iter().all(|finding| comment.contains("reason") && finding.suppressed.is_some()));
    }
}

proptest! {
    #![proptest_config(cases(96))]

    #[test]
    fn a_suppression_hides_what_is_in_its_element_and_nothing_else(text in definition(), at in any::<prop::sample::Index>()) {
        let elements = elements(&text);
        prop_assume!(!elements.is_empty());
        let element = at.get(&elements).clone();
        let comment = "<!-- vmlint: ignore[*] reason: x -->";
        let (before, after) = text.split_at(element.start);
        let with = judge(format!("{before}{comment}{after}").as_bytes());
        let lies_inside = |finding: &Finding| {
            // Made-up nodes point at their arguments, and so does what is written of them.
            [finding.place.span, finding.focus.span].iter().any(|span| element.contains(&(span.start as usize)))
        };
        let key = |finding: &Finding| (finding.rule.to_string(), finding.message.clone());
        let old = judge(text.as_bytes());
        let (inside, outside): (Vec<&Finding>, Vec<&Finding>) = old.checked.findings.iter().partition(|finding| lies_inside(finding));
        let is_rule = |finding: &&Finding| !finding.rule.starts_with("vmlint/");
        prop_assert_eq!(with.checked.suppressed.iter().map(key).collect::<Vec<_>>(), inside.into_iter().map(key).collect::<Vec<_>>());
        let shown = with.checked.findings.iter().filter(is_rule).map(key);
        prop_assert_eq!(shown.collect::<Vec<_>>(), outside.into_iter().filter(is_rule).map(key).collect::<Vec<_>>());
    }
}

proptest! {
    #![proptest_config(cases(48))]

    #[test]
    fn the_encoding_does_not_matter(text in definition(), title in "[a-zA-Zß-öÿ€-₿😀-😏 ]{0,12}") {
        let text = text.replacen("<name>", &format!("<title>{title}</title><name>"), 1);
        let written = |encoding: &str| format!("<?xml version='1.0' encoding='{encoding}'?>\n{text}");
        let expected = told(&judge(written("UTF-8").as_bytes()));
        prop_assert!(expected.iter().all(|(rule, ..)| rule != "vmlint/malformed-input"));
        let marked = [b"\xEF\xBB\xBF", written("utf-8").as_bytes()].concat();
        prop_assert_eq!(&told(&judge(&marked)), &expected);
        for little in [true, false] {
            for mark in [true, false] {
                prop_assert_eq!(&told(&judge(&utf16(&written("UTF-16"), little, mark))), &expected);
            }
        }
        let latin1: Option<Vec<u8>> = written("ISO-8859-1").chars().map(|c| u8::try_from(u32::from(c)).ok()).collect();
        if let Some(latin1) = latin1 {
            prop_assert_eq!(&told(&judge(&latin1)), &expected);
        }
    }

    #[test]
    fn line_ends_do_not_matter(text in definition(), end in prop::sample::select(vec!["\r\n", "\r"])) {
        prop_assert_eq!(told(&judge(text.replace('\n', end).as_bytes())), told(&judge(text.as_bytes())));
    }

    #[test]
    fn quotes_do_not_matter(text in definition()) {
        prop_assume!(!text.contains('"'));
        prop_assert_eq!(told(&judge(text.replace('\'', "\"").as_bytes())), told(&judge(text.as_bytes())));
    }

    #[test]
    fn the_order_of_devices_does_not_matter((text, shuffled) in shuffled_devices()) {
        prop_assert_eq!(rules(&shuffled), rules(&text));
    }

    #[test]
    fn definitions_one_after_the_other_are_judged_one_by_one(one in definition(), other in definition()) {
        let both = judge(format!("{one}{other}").as_bytes());
        let lines = one.lines().count() as u32;
        let mut expected = told(&judge(one.as_bytes()));
        expected.extend(told(&judge(other.as_bytes())).into_iter().map(|(rule, line, a, b, message)| (rule, line + lines, a, b, message)));
        prop_assert_eq!(told(&both), expected);
    }
}

#[test]
fn every_definition_is_judged_and_every_malformed_one_refused() {
    for text in DEFINITIONS.iter() {
        assert!(told(&judge(text.as_bytes())).iter().all(|(rule, ..)| !rule.starts_with("vmlint/")), "{text}");
    }
    for path in files("fixtures/hostile", "xml") {
        let told = told(&judge(&std::fs::read(&path).unwrap()));
        assert!(matches!(told.as_slice(), [(rule, ..)] if rule == "vmlint/malformed-input"), "{}", path.display());
    }
}

/// What is read in one pass, and what is left to the thorough reader; in both cases the trees agree.
#[test]
fn plain_texts_are_read_quickly() {
    let plain = [
        "<a/>",
        "<?xml version='1.0'?><a/>",
        "<?xml version=\"1.1\" encoding='utf-8' standalone = 'no' ?>\n<!-- a - b --><a>\n</a>\n<!---->\n",
        "<a b='' c = \"'\"\n d='&lt;&#65;&#x1F600;&amp;'  ></a  >",
        "<a b='x\r\ny\tz\n\r'>one\r\ntwo\rthree</a>",
        "<a>&quot;]] ] ]]&gt; \u{FFFD} \u{7F}<b/>text<!-- \u{FFFD} -->text</a>",
        "<x:a xmlns:x='urn:x' xmlns='urn:y' x:b='1' b='2'><b/><x:b xmlns:x='urn:z' x:b=''/><x:c/></x:a>",
        "<a xmlns='urn:x'><a xmlns=''><a/></a><a/></a>",
        "<a xml:lang='de' lang='en'/>",
    ];
    for text in plain {
        assert!(readers::is_plain(text), "{text}");
    }
    let long = format!("<a {}/>", (0..33).map(|n| format!("a{n}='' ")).collect::<String>());
    let other = [
        "",
        "a",
        "<a",
        "<a>",
        "<a/><b/>",
        "<a/>x",
        " <?xml version='1.0'?><a/>",
        "<?xml?><a/>",
        "<?xml encoding='utf-8'?><a/>",
        "<?xml version='1.0'encoding='utf-8'?><a/>",
        "<!DOCTYPE a><a/>",
        "<a><![CDATA[x]]></a>",
        "<a><?x y?></a>",
        "<é/>",
        "<a é=''/>",
        "<a b='' b=''/>",
        "<a b=''c=''/>",
        "<a b='<'/>",
        "<a b='&x;'/>",
        "<a b='&#0;'/>",
        "<a b='&#xFFFF;'/>",
        "<a b/>",
        "<a b=c/>",
        "<a>&</a>",
        "<a>& amp;</a>",
        "<a>&#xD800;</a>",
        "<a>]]></a>",
        "<a>\u{1}</a>",
        "<a>\u{FFFF}</a>",
        "<a b='\u{FFFE}'/>",
        "<!-- -- --><a/>",
        "<!-- a ---><a/>",
        "<!-- \u{0} --><a/>",
        "<a></b>",
        "<a></ a>",
        "<a></ab>",
        "</a>",
        "<a/ >",
        "<:a/>",
        "<a:/>",
        "<a:b:c/>",
        "<a:1/>",
        "<x:a/>",
        "<a x:b=''/>",
        "<xmlns:a/>",
        "<a xmlns:x='u' xmlns:y='u' x:b='' y:b=''/>",
        "<a xmlns:x='u' xmlns:x='v'/>",
        "<a xmlns:xml='urn:x'/>",
        "<a xmlns='http://www.w3.org/XML/1998/namespace'/>",
        "<a xmlns:x='&amp;'/>",
        &long,
    ];
    for text in other {
        assert!(!readers::is_plain(text), "{text}");
    }
    let quick = DEFINITIONS.iter().filter(|text| readers::is_plain(text)).count();
    assert!(quick * 10 > DEFINITIONS.len() * 9, "{quick} of {}", DEFINITIONS.len());
}
