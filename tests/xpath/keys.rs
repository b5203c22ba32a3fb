//! What expressions need, in examples and in general: whatever an expression finds, its keys are in the document.

use proptest::prelude::*;
use vmlint::tree::{Tree, Vocabulary};
use vmlint::xpath::{Clause, Context, Environment, Key, NodeRef, VariableKind, compile};

use super::reader::{root_element, tree};

/// The keys of every branch as text: clauses separated by `,`, alternatives by `|`, branches by `;`.
fn keys(expression: &str) -> String {
    let mut environment = Environment::default();
    environment.variable("guests", VariableKind::Table);
    environment.variable("guest", VariableKind::String);
    let mut vocabulary = Vocabulary::default();
    let compiled = compile(expression, &environment, &mut vocabulary).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let key = |key: &Key| match key {
        Key::Element(name) => vocabulary.name(*name).1.to_owned(),
        Key::Attribute(name) => format!("@{}", vocabulary.name(*name).1),
        Key::Value(name, value) => format!("@{}={value}", vocabulary.name(*name).1),
    };
    let clause = |clause: &Clause| clause.iter().map(key).collect::<Vec<_>>().join("|");
    let branches: Vec<String> =
        compiled.branches().map(|branch| branch.keys().iter().map(clause).collect::<Vec<_>>().join(",")).collect();
    branches.join(";")
}

#[test]
fn keys_of_expressions() {
    let table = [
        ("devices/interface[@type='vhostuser']", "devices,interface,@type=vhostuser"),
        ("a | b[@c] | //d/@e", "a;b,@c;d,@e"),
        ("(a | b)[@c]", "a|b,@c"),
        ("a[b or c]", "a,b|c"),
        ("a[@x='1' or @x='2']", "a,@x=1|@x=2"),
        ("a[@x='1' or true()]", "a"),
        ("a[b and @c]", "a,b,@c"),
        ("a[not(b)]", "a"),
        ("a[@x != '1']", "a,@x"),
        ("a[not(@x = '1')]", "a"),
        ("a['1' = @x]", "a,@x=1"),
        ("a[@x > 5]", "a,@x"),
        ("a[@x = false()]", "a"),
        ("a[count(b) = 0]", "a"),
        ("a[count(b) < 3]", "a"),
        ("a[count(b) > 1]", "a,b"),
        ("a[2 <= count(b)]", "a,b"),
        ("a[count(b)]", "a"),
        ("a[string-length(@x) > 3]", "a,@x"),
        ("a[starts-with(@x, 'y')]", "a,@x"),
        ("a[starts-with(@x, '')]", "a"),
        ("a[starts-with(@x, $guest)]", "a"),
        ("a[glob(@x, 'y*')]", "a,@x"),
        ("a[glob(@x, '*')]", "a"),
        ("a[matches(@x, '^y')]", "a,@x"),
        ("a[matches(@x, 'y?')]", "a"),
        ("a[version-in(@x, '..7')]", "a,@x"),
        ("a[lower-case(@x) = 'y']", "a,@x"),
        ("a[lower-case(@x) = '']", "a"),
        ("a[bytes(m) > 4]", "a,m"),
        ("a[m mod 4 != 0]", "a"),
        ("m mod 4 = 0", "m"),
        ("a[sum(b) = 0]", "a"),
        ("a[first-of(@x, @y) = 'z']", "a,@x|@y"),
        ("a[@id = $guests/os/@id]", "a,@id"),
        ("a[$guests/os/@id != @id]", "a,@id"),
        ("$guests/os", ""),
        ("a[$guests/os[@x='1']]", "a"),
        ("a[1]/b[last()]/c[position() > 2]", "a,b,c"),
        ("*[self::a or self::b]", "a|b"),
        ("../a/ancestor::b", "a,b"),
        ("/a/b", "a,b"),
        ("text()", ""),
        ("//*[@a]/..", "@a"),
        ("not(a)", ""),
        ("a and (b or c/d)", "a,b|d"),
        ("a < b", "a,b"),
        ("a = b", "a,b"),
        ("a = ''", "a"),
        ("string(a) = ''", ""),
        ("a[.='x']", "a"),
    ];
    for (expression, expected) in table {
        assert_eq!(keys(expression), expected, "{expression}");
    }
}

fn satisfied(tree: &Tree, clauses: &[Clause]) -> bool {
    let elements = || tree.descendants(Tree::ROOT);
    let holds = |key: &Key| match key {
        Key::Element(name) => elements().any(|node| tree.name_id(node) == *name),
        Key::Attribute(name) => elements().flat_map(|node| tree.attributes(node)).any(|a| tree.attribute_name_id(a) == *name),
        Key::Value(name, value) => elements()
            .flat_map(|node| tree.attributes(node))
            .any(|a| tree.attribute_name_id(a) == *name && tree.attribute_value(a) == &**value),
    };
    clauses.iter().all(|clause| clause.iter().any(holds))
}

fn documents() -> impl Strategy<Value = String> {
    let attribute =
        |name: &'static str| prop_oneof![2 => Just(String::new()), 1 => "[ab01]?".prop_map(move |v| format!(" {name}='{v}'"))];
    let tag = move || ("[abc]", attribute("x"), attribute("y"));
    let leaf = (tag(), "[ab01 ]{0,2}").prop_map(|((name, x, y), text)| format!("<{name}{x}{y}>{text}</{name}>"));
    leaf.prop_recursive(4, 12, 4, move |inner| {
        (tag(), prop::collection::vec(inner, 0..4))
            .prop_map(|((name, x, y), children)| format!("<{name}{x}{y}>{}</{name}>", children.concat()))
    })
}

fn node_sets(condition: BoxedStrategy<String>) -> BoxedStrategy<String> {
    let axis = prop::sample::select(vec![
        "",
        "",
        "",
        "@",
        "descendant::",
        "parent::",
        "ancestor-or-self::",
        "self::",
        "following::",
        "preceding-sibling::",
    ]);
    let test = prop::sample::select(vec!["a", "b", "c", "x", "y", "*", "node()", "text()"]);
    let step = (axis, test, prop::option::of(condition.clone())).prop_map(|(axis, test, condition)| {
        let test = if axis == "@" && test == "text()" { "x" } else { test };
        condition.map_or(format!("{axis}{test}"), |condition| format!("{axis}{test}[{condition}]"))
    });
    let start = prop::sample::select(vec!["", "", "//", "/", "../", "(. | a)[1]/", ".//"]);
    (start, prop::collection::vec(step, 1..3)).prop_map(|(start, steps)| format!("{start}{}", steps.join("/"))).boxed()
}

fn expressions() -> BoxedStrategy<String> {
    let atom = prop::sample::select(vec!["1", "last()", "@x", "a", "@x='a'", "@y='1'", "true()", "not(@x)", ".=''"]);
    let atom = atom.prop_map(str::to_owned).boxed();
    let conditions = atom.prop_recursive(3, 24, 3, |inner| {
        let nodes = || node_sets(inner.clone().boxed());
        let text = move |nodes: BoxedStrategy<String>| {
            let wrapped = ("[a-f]", nodes.clone()).prop_map(|(kind, nodes)| match kind.as_str() {
                "a" => format!("string({nodes})"),
                "b" => format!("lower-case({nodes})"),
                "c" => format!("concat({nodes}, string(@x))"),
                "d" => format!("first-of({nodes}, @y)"),
                "e" => format!("substring-after({nodes}, 'a')"),
                _ => format!("name({nodes})"),
            });
            let number = ("[a-f]", nodes.clone()).prop_map(|(kind, nodes)| match kind.as_str() {
                "a" => format!("count({nodes})"),
                "b" => format!("string-length({nodes})"),
                "c" => format!("number({nodes})"),
                "d" => format!("sum({nodes})"),
                "e" => format!("({nodes}) * 2"),
                _ => format!("bytes({nodes})"),
            });
            let literal = prop::sample::select(vec!["'a'", "''", "'1'", "0", "1", "2", "true()", "false()", "0 div 0"]);
            prop_oneof![nodes, wrapped, number, literal.prop_map(str::to_owned)]
        };
        let operator = prop::sample::select(vec!["=", "=", "!=", "<", "<=", ">", ">=", "and", "or", "or"]);
        let comparison = (text(nodes()), operator, text(nodes())).prop_map(|(l, operator, r)| format!("{l} {operator} {r}"));
        let function = prop::sample::select(vec!["starts-with", "contains", "ends-with", "glob", "matches", "version-in"]);
        let pattern = prop::sample::select(vec!["'a'", "''", "'1'", "'1..'"]);
        let call = (function, text(nodes()), pattern).prop_filter_map("bad pattern", |(function, subject, pattern)| {
            let versions = function == "version-in";
            (versions == pattern.contains('1') || !versions).then(|| format!("{function}({subject}, {pattern})"))
        });
        prop_oneof![
            1 => nodes(),
            4 => comparison,
            2 => call,
            1 => text(nodes()),
            1 => inner.clone().prop_map(|inner| format!("not({inner})")),
            1 => inner.clone().prop_map(|inner| format!("boolean({inner})")),
            1 => (inner.clone(), inner.clone()).prop_map(|(l, r)| format!("({l}) or ({r})")),
            1 => (inner.clone(), inner).prop_map(|(l, r)| format!("({l}) and ({r})")),
        ]
    });
    let conditions = conditions.boxed();
    let nodes = node_sets(conditions.clone());
    prop_oneof![1 => nodes.clone(), 1 => (nodes.clone(), nodes).prop_map(|(l, r)| format!("{l} | {r}")), 3 => conditions].boxed()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 5000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn whatever_is_found_has_its_keys_in_the_document(expression in expressions(), document in documents()) {
        let mut vocabulary = Vocabulary::default();
        let compiled = compile(&expression, &Environment::default(), &mut vocabulary)
            .unwrap_or_else(|error| panic!("{expression}: {error}"));
        let tree = tree(&document, &vocabulary);
        let context = Context::new(&tree);
        let mut nodes = vec![root_element(&tree)];
        nodes.extend(tree.descendants(Tree::ROOT).last().map(NodeRef::new));
        for node in nodes {
            for branch in compiled.branches() {
                if branch.boolean(&context, node).unwrap() {
                    prop_assert!(satisfied(&tree, &branch.keys()), "{:?}", branch.keys());
                }
            }
        }
    }
}
