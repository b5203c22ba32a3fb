//! Functions, variables and values beyond what libxml2 can be asked about.

use vmlint::tree::{Tree, Vocabulary};
use vmlint::xpath::{Context, Environment, Value, VariableKind, compile, functions};

use super::reader::{place, root_element, tree};

const DOCUMENT: &str = "<vm xml:id='top' version='7.9.1'>\
    <memory unit='MiB'>8</memory><memory>8</memory><memory unit='furlong'>8</memory><memory unit='GB'>1.5</memory>\
    <memory unit='b' size='2'>7</memory><memory>much</memory>\
    <disk path='/var/lib/Images/a.RAW'/><disk path='C:\\vm\\b.vhdx'/><disk path=''/>\
    <nic model='e1000' mac='52:54:00:00:00:01'/><nic model='virtio'/></vm>";

const GUESTS: &str =
    "<guests><os id='a' class='server'/><os id='b' class='client'/><os id='C' class='client'><note>x</note></os></guests>";

/// The value of an expression as text: nodes by their places, strings in quotes.
fn value(expression: &str) -> String {
    let mut environment = Environment::default();
    environment.variable("guest", VariableKind::String);
    environment.variable("host-name", VariableKind::String);
    environment.variable("unset", VariableKind::String);
    environment.variable("other", VariableKind::Table);
    environment.variable("guests", VariableKind::Table);
    let mut vocabulary = Vocabulary::default();
    let compiled = compile(expression, &environment, &mut vocabulary).unwrap_or_else(|error| panic!("{expression}: {error}"));
    let document = tree(DOCUMENT, &vocabulary);
    let tables: [Tree; 2] = [tree("<other><os id='e1000'/></other>", &vocabulary), tree(GUESTS, &vocabulary)];
    let context = Context { tables: &tables, strings: &["b", "rhel-8"], ..Context::new(&document) };
    match compiled.evaluate(&context, root_element(&document)).unwrap() {
        Value::Nodes(nodes) => {
            let places: Vec<String> = nodes.iter().map(|&node| format!("{}:{}", node.tree(), place(&context, node))).collect();
            places.join(" ")
        }
        Value::String(text) => format!("'{text}'"),
        Value::Number(number) => number.to_string(),
        Value::Boolean(value) => value.to_string(),
    }
}

#[test]
fn values() {
    let table = [
        // Where libxml2 leaves the recommendation.
        ("number('1e3')", "NaN"),
        ("number('.')", "NaN"),
        ("number('-')", "NaN"),
        ("number('- 5')", "NaN"),
        ("number('+5')", "NaN"),
        ("string(0.1 + 0.2)", "'0.30000000000000004'"),
        ("string(1 div 3)", "'0.3333333333333333'"),
        ("string(1000000000000000000000)", "'1000000000000000000000'"),
        ("string(0.0000001)", "'0.0000001'"),
        ("string(-0)", "'0'"),
        ("string(-(1 div 0))", "'-Infinity'"),
        ("round(0.49999999999999994)", "0"),
        ("1 div round(-0.4)", "-inf"),
        ("last() + position()", "2"),
        ("id('top')", "0:/1"),
        ("id('none')", ""),
        ("nic[1]/@model/following::nic", "0:/1/11"),
        // Globs see every character alike.
        ("glob('abc', 'a*')", "true"),
        ("glob('abc', 'b*')", "false"),
        ("glob('http://redhat.com/rhel/8.6', 'http://redhat.com/*')", "true"),
        ("glob('a/b/c', 'a*c')", "true"),
        ("glob('a\nc', 'a*c')", "true"),
        ("glob('a*c', 'a\\*c')", "true"),
        ("glob('abc', 'a\\*c')", "false"),
        ("glob('a\\c', 'a\\\\c')", "true"),
        ("glob('b', '{a,b}')", "true"),
        ("glob('b', '[!a]')", "true"),
        ("glob('B', 'b')", "false"),
        ("glob('', '*')", "true"),
        ("glob('', '')", "true"),
        ("glob(disk/@path, '*.RAW')", "true"),
        ("disk[glob(@path, 'C:\\\\*')]", "0:/1/8"),
        ("glob(nic/@model, concat('e', '*'))", "true"),
        ("glob(nic/@model, concat('[', ''))", "false"),
        // Regular expressions are found anywhere.
        ("matches('abc', 'b')", "true"),
        ("matches('abc', '^b')", "false"),
        ("matches('7.9', '^\\d+\\.\\d+$')", "true"),
        ("matches('ABC', '(?i)b')", "true"),
        ("matches('a b', '^\\w+\\s\\w{1,20}$')", "true"),
        ("matches('üx', '^.x$')", "true"),
        ("matches(nic/@model, concat('^e', '\\d'))", "true"),
        ("matches(nic/@model, concat('(', ''))", "false"),
        ("nic[matches(@mac, '^52:54:00:')]/@model", "0:/1/10/@model"),
        ("lower-case(disk/@path)", "'/var/lib/images/a.raw'"),
        ("lower-case('ÄÖ')", "'äö'"),
        ("lower-case(none)", "''"),
        ("ends-with('abc', 'bc')", "true"),
        ("ends-with('abc', '')", "true"),
        ("ends-with('abc', 'b')", "false"),
        ("first-of(none, '', nic/@mac, 'x')", "'52:54:00:00:00:01'"),
        ("first-of(none, '')", "''"),
        ("first-of(0 div 0)", "'NaN'"),
        // Units of libvirt.
        ("bytes(memory[1])", "8388608"),
        ("bytes(memory[2])", "8192"),
        ("bytes(memory[3])", "NaN"),
        ("bytes(memory[4])", "1500000000"),
        ("bytes(memory[5])", "7"),
        ("bytes(memory[5]/@size)", "2"),
        ("bytes(memory[6])", "NaN"),
        ("bytes(memory)", "8388608"),
        ("bytes(none)", "NaN"),
        // Versions.
        ("version-in('7.6', '7.6..7.9')", "true"),
        ("version-in('7.9.1', '7.6..7.9')", "true"),
        ("version-in(@version, '..7.9')", "true"),
        ("version-in('7.10', '7.6..7.9')", "false"),
        ("version-in('7.5.9', '7.6..7.9')", "false"),
        ("version-in('7', '..7.0')", "true"),
        ("version-in('8', '7.6..')", "true"),
        ("version-in('8.0.0', '>=8')", "true"),
        ("version-in('8', '>8.0')", "false"),
        ("version-in('8.0.1', '>8')", "true"),
        ("version-in('6.3.9', '<6.4')", "true"),
        ("version-in('6.4', '<6.4')", "false"),
        ("version-in('6.4', '<=6.4')", "true"),
        ("version-in('7.4.0', '7.4')", "true"),
        ("version-in('7.4.1', '7.4')", "false"),
        ("version-in('7.4', '= 7.4')", "true"),
        ("version-in('9.1', '7.4, 8.., ..3')", "true"),
        ("version-in('5', '7.4, 8.., ..3')", "false"),
        ("version-in('10', '9..')", "true"),
        ("version-in('', '..')", "false"),
        ("version-in('7.x', '..')", "false"),
        ("version-in('7.4', concat('>', '=7'))", "true"),
        ("version-in('7.4', concat('seven', ''))", "false"),
        ("version-in('99999999999999999999999', '..')", "false"),
        // Variables and tables.
        ("$guest", "'b'"),
        ("$host-name = 'rhel-8'", "true"),
        ("$unset", "''"),
        ("$guests", "2:/1"),
        ("$guests/os/@id", "2:/1/1/@id 2:/1/2/@id 2:/1/3/@id"),
        ("$guests/os[@id=$guest]/@class", "2:/1/2/@class"),
        ("$guests/os['b' = @id]/following-sibling::os/@id", "2:/1/3/@id"),
        ("$guests/*[@class='client']/@id", "2:/1/2/@id 2:/1/3/@id"),
        ("$guests/os[@class='client'][1]/@id", "2:/1/2/@id"),
        ("$guests/os[@class='client']/ancestor::*", "2:/1"),
        ("$guests/none[@id=$guest]", ""),
        ("$guests/os[@id=$unset]", ""),
        ("$guests//note/..", "2:/1/3"),
        ("$guests/os[2]/preceding-sibling::*", "2:/1/1"),
        ("$guests/os[../os/note]", "2:/1/1 2:/1/2 2:/1/3"),
        ("$guests/os[/guests/os]/note", "2:/1/3/1"),
        ("$guests[os]/os[1]", "2:/1/1"),
        ("($guests/os)[last()]/@id", "2:/1/3/@id"),
        ("$guest = $guests/os/@id", "true"),
        ("$guest = $guests/os[@class='server']/@id", "false"),
        ("$guest != $guests/os/@id", "true"),
        ("'a' = $guests/os/@id", "true"),
        ("nic[@model = $other/os/@id]", "0:/1/10"),
        ("nic[not(@model = $other/os/@id)]", "0:/1/11"),
        ("$other/os/@id = nic/@model", "true"),
        ("$guests/os[@id = $other/os/@id]", ""),
        ("nic | $other/os | $guests/os[1]", "0:/1/10 0:/1/11 1:/1/1 2:/1/1"),
        ("count($guests/os) > 2", "true"),
        ("sum($guests/os/@id)", "NaN"),
        ("string($guests/os[@class='client'])", "''"),
        ("name($guests)", "'guests'"),
        ("nic[@model = 'virtio' and $guest = 'b']", "0:/1/11"),
    ];
    for (expression, expected) in table {
        assert_eq!(value(expression), expected, "{expression}");
    }
}

#[test]
fn a_table_is_looked_into_once() {
    let mut environment = Environment::default();
    environment.variable("guests", VariableKind::Table);
    let mut vocabulary = Vocabulary::default();
    let compiled = compile("@id = $guests/os[@class='client']/@id", &environment, &mut vocabulary).unwrap();
    let rows: String = (0..1000).map(|row| format!("<os id='{row}' class='client'/>")).collect();
    let rows = format!("<guests>{rows}</guests>");
    let tables = [tree(&rows, &vocabulary)];
    let document = tree("<vm id='999'/>", &vocabulary);
    let context = Context { tables: &tables, ..Context::new(&document) };
    assert_eq!(compiled.boolean(&context, root_element(&document)), Ok(true));
    // Far fewer steps than rows are enough from now on.
    let context = Context { budget: 10, ..context };
    assert_eq!(compiled.boolean(&context, root_element(&document)), Ok(true));
}

#[test]
fn expressions_are_shared_between_threads_and_nodes_are_small() {
    fn shared<T: Send + Sync>() {}
    shared::<vmlint::xpath::Expression>();
    assert_eq!(size_of::<vmlint::xpath::NodeRef>(), 8);
}

#[test]
fn every_function_is_listed_and_described() {
    let listed = functions();
    assert_eq!(listed.iter().filter(|signature| !signature.extension).count(), 27);
    assert_eq!(listed.iter().filter(|signature| signature.extension).count(), 7);
    for signature in listed {
        assert!(signature.about.ends_with('.') && signature.about.len() > 15, "{}", signature.name);
    }
}

#[test]
fn first_and_boolean_agree_with_all_nodes() {
    let mut vocabulary = Vocabulary::default();
    let expressions = [
        "//disk/preceding::*",
        "//nic | //memory",
        "nic/..",
        "(//disk)[2]",
        "none",
        "//@*[. = '']",
        "nic[2]/preceding-sibling::*",
    ];
    let compiled: Vec<_> =
        expressions.iter().map(|text| compile(text, &Environment::default(), &mut vocabulary).unwrap()).collect();
    let document = tree(DOCUMENT, &vocabulary);
    let context = Context::new(&document);
    for (text, expression) in expressions.iter().zip(&compiled) {
        let node = root_element(&document);
        let nodes = expression.nodes(&context, node).unwrap();
        assert_eq!(expression.first(&context, node).unwrap(), nodes.first().copied(), "{text}");
        assert_eq!(expression.boolean(&context, node).unwrap(), !nodes.is_empty(), "{text}");
        assert!(expression.is_node_set());
    }
}

#[test]
fn name_tests_are_listed_with_their_places() {
    let mut environment = Environment::default();
    environment.prefix("q", "urn:q").variable("guests", VariableKind::Table);
    let text = "devices/q:arg[@type = $guests/os[@id]/class] | *[q:*] | ($guests/os)[1]/note | self::vm";
    let compiled = compile(text, &environment, &mut Vocabulary::default()).unwrap();
    let steps: Vec<String> = compiled
        .steps()
        .iter()
        .map(|step| {
            let at = if step.attribute { "@" } else { "" };
            let table = if step.table { "$" } else { "" };
            format!("{table}{at}{{{}}}{}={}", step.namespace, step.local, &text[step.span.clone()])
        })
        .collect();
    let expected = [
        "{}devices=devices",
        "{urn:q}arg=q:arg",
        "@{}type=type",
        "${}os=os",
        "$@{}id=id",
        "${}class=class",
        "${}os=os",
        "${}note=note",
        "{}vm=vm",
    ];
    assert_eq!(steps, expected);
}
