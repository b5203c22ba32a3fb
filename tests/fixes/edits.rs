//! Single fixes: a rule, a document, and the document after it.

use crate::fixed;

/// What is found, its fix, the document before and after.
type Case = (&'static str, &'static str, &'static str, &'static str);

fn hold(cases: &[Case]) {
    for (find, steps, before, after) in cases {
        let rule = format!("find: \"{find}\"\nfix: {{safety: safe, description: do it, {steps}}}");
        let (text, complaints) = fixed(&[&rule], before);
        assert_eq!((text.as_str(), complaints), (*after, Vec::<String>::new()), "{find} {steps}");
    }
}

#[test]
fn attributes_are_set() {
    hold(&[
        // Quotes stay, and what stands beside the value.
        ("a[@p='1']", "set: {'@p': 2}", "<domain><a p='1' q=\"1\"/></domain>", "<domain><a p='2' q=\"1\"/></domain>"),
        ("a[@q='1']", "set: {'@q': 2}", "<domain><a p='1' q = \"1\"/></domain>", "<domain><a p='1' q = \"2\"/></domain>"),
        // An attribute that was found stands for its element.
        ("a/@p[.='1']", "set: {'@p': 2}", "<domain><a p='1'/></domain>", "<domain><a p='2'/></domain>"),
        // What is special in XML is escaped, the quote at hand above all.
        ("a[@p='1']", "set: {'@p': '<&\"'}", "<domain><a p=\"1\"/></domain>", "<domain><a p=\"&lt;&amp;&quot;\"/></domain>"),
        ("a[@p='1']", "set: {'@p': '<&\"'}", "<domain><a p='1'/></domain>", "<domain><a p='&lt;&amp;\"'/></domain>"),
        // Entities in the old value are part of it.
        ("a[@p='&']", "set: {'@p': 2}", "<domain><a p='&amp;'/></domain>", "<domain><a p='2'/></domain>"),
        // Values may come from the document.
        (
            "a[@p='1']",
            "set: {'@p': '{b/@q}-{b}'}",
            "<domain><a p='1'><b q='&lt;'>t</b></a></domain>",
            "<domain><a p='&lt;-t'><b q='&lt;'>t</b></a></domain>",
        ),
        // Below and above the found node.
        (
            "a[b/@p='1']",
            "set: {'b/@p': 2}",
            "<domain><a><b p='1'/><b p='1'/></a></domain>",
            "<domain><a><b p='2'/><b p='2'/></a></domain>",
        ),
        ("a/b[../@p='1']", "set: {'../@p': 2}", "<domain><a p='1'><b/></a></domain>", "<domain><a p='2'><b/></a></domain>"),
        // Attributes that another expression finds.
        (
            "a[@*='1']",
            "set: {\"@*[.='1']\": 2}",
            "<domain><a p='1' q='3' r='1'/></domain>",
            "<domain><a p='2' q='3' r='2'/></domain>",
        ),
    ]);
}

#[test]
fn attributes_are_added() {
    hold(&[
        ("a[not(@p)]", "set: {'@p': 1}", "<domain><a/></domain>", "<domain><a p='1'/></domain>"),
        ("a[not(@p)]", "set: {'@p': 1}", "<domain><a></a></domain>", "<domain><a p='1'></a></domain>"),
        ("a[not(@p)]", "set: {'@p': 1}", "<domain><a q=\"2\" /></domain>", "<domain><a q=\"2\" p=\"1\" /></domain>"),
        // Quotes as around.
        ("a[not(@p)]", "set: {'@p': 1}", "<domain type=\"kvm\"><a/></domain>", "<domain type=\"kvm\"><a p=\"1\"/></domain>"),
        // Attributes in lines of their own get another line, declarations are no attributes.
        (
            "a[not(@p)]",
            "set: {'@p': 1}",
            "<domain><a q='1'\n   r='2'/></domain>",
            "<domain><a q='1'\n   r='2'\n   p='1'/></domain>",
        ),
        ("a[not(@p)]", "set: {'@p': 1}", "<domain><a xmlns:z='u'/></domain>", "<domain><a p='1' xmlns:z='u'/></domain>"),
        // Two at once, in the order of the policy.
        ("a[not(@p)]", "set: {'@p': 1, '@q': 2}", "<domain><a/></domain>", "<domain><a p='1' q='2'/></domain>"),
    ]);
}

#[test]
fn texts_are_set() {
    hold(&[
        ("a[.=1]", "set: {.: 2}", "<domain><a>1</a></domain>", "<domain><a>2</a></domain>"),
        ("a[.=1]", "set: {.: 2}", "<domain><a p='x'>\r\n\t1\r\n</a></domain>", "<domain><a p='x'>\r\n\t2\r\n</a></domain>"),
        ("a[.='']", "set: {.: '<'}", "<domain><a/></domain>", "<domain><a>&lt;</a></domain>"),
        ("a[.='']", "set: {.: 2}", "<domain><a p='1' /></domain>", "<domain><a p='1'>2</a></domain>"),
        ("a[.='']", "set: {.: 2}", "<domain><a></a></domain>", "<domain><a>2</a></domain>"),
        ("a[.='12']", "set: {.: 3}", "<domain><a>1<!-- c -->2</a></domain>", "<domain><a>3<!-- c --></a></domain>"),
        ("a[.='<1>']", "set: {.: 3}", "<domain><a>&lt;<![CDATA[1>]]></a></domain>", "<domain><a>3</a></domain>"),
        ("a[.='<1']", "set: {.: '<'}", "<domain><a><![CDATA[<1]]></a></domain>", "<domain><a>&lt;</a></domain>"),
        (
            "a[normalize-space()='1']",
            "set: {.: 2}",
            "<domain><a><?pi x?> 1<!----></a></domain>",
            "<domain><a><?pi x?> 2<!----></a></domain>",
        ),
        ("a[text()='1']", "set: {text(): 3}", "<domain><a> 1 <b/></a></domain>", "<domain><a> 1 <b/></a></domain>"),
        (
            "a[normalize-space(text()[1])='1']",
            "set: {'text()[1]': 3}",
            "<domain><a> 1 <b/></a></domain>",
            "<domain><a> 3 <b/></a></domain>",
        ),
    ]);
}

#[test]
fn whole_lines_go_with_their_only_element() {
    hold(&[
        ("a", "remove: .", "<domain>\n  <a/>\n  <b/>\n</domain>\n", "<domain>\n  <b/>\n</domain>\n"),
        ("a", "remove: .", "<domain>\r\n\t<a>\r\n\t\t<b/>\r\n\t</a> \r\n\t<b/>\r\n</domain>", "<domain>\r\n\t<b/>\r\n</domain>"),
        ("a", "remove: .", "<domain>\r  <a/>\r</domain>", "<domain>\r</domain>"),
        // With something beside it only the element goes, and no blanks stay at the end of a line.
        ("a", "remove: .", "<domain>\n  <a/> <b/>\n</domain>", "<domain>\n  <b/>\n</domain>"),
        ("a", "remove: .", "<domain>\n  <b/> <a/>\n</domain>", "<domain>\n  <b/>\n</domain>"),
        ("a", "remove: .", "<domain>\n  <b/><a/><c/>\n</domain>", "<domain>\n  <b/><c/>\n</domain>"),
        ("a", "remove: .", "<domain><a/></domain>", "<domain></domain>"),
        ("a", "remove: .", "<domain> <a/> <b/></domain>", "<domain> <b/></domain>"),
        ("a", "remove: .", "<domain>\n  <a/> <!-- why -->\n</domain>", "<domain>\n  <!-- why -->\n</domain>"),
        ("a", "remove: .", "<domain>\n  <!-- why -->\n  <a/>\n</domain>", "<domain>\n  <!-- why -->\n</domain>"),
        // Neighbours that go together go as one, what lies in another goes with it.
        ("a", "remove: ['.', following-sibling::b]", "<domain>\n  <a/><b/>\n  <c/>\n</domain>", "<domain>\n  <c/>\n</domain>"),
        ("a", "remove: ['.', b, .//c]", "<domain>\n  <a><b><c/></b></a>\n</domain>", "<domain>\n</domain>"),
    ]);
}

#[test]
fn attributes_and_texts_are_removed() {
    hold(&[
        ("a[@p]", "remove: '@p'", "<domain><a p='1' q='2'/></domain>", "<domain><a q='2'/></domain>"),
        ("a[@q]", "remove: '@q'", "<domain><a p='1'\n  q='2'/></domain>", "<domain><a p='1'/></domain>"),
        ("a[@p]", "remove: '@*'", "<domain><a p='1'   q='2' /></domain>", "<domain><a /></domain>"),
        ("a[text()]", "remove: text()", "<domain><a>1<b/>2</a></domain>", "<domain><a><b/></a></domain>"),
        // What is removed and set at once is removed; the others of its element are set.
        ("a[@p='1']", "remove: '@p', set: {'@q': 3}", "<domain><a p='1' q='2'/></domain>", "<domain><a q='3'/></domain>"),
    ]);
}

#[test]
fn elements_are_inserted_as_their_neighbours_stand() {
    hold(&[
        (
            "a[not(b)]",
            "insert: {into: ., xml: <b/>}",
            "<domain>\n  <a/>\n</domain>",
            "<domain>\n  <a>\n    <b/>\n  </a>\n</domain>",
        ),
        (
            "a[not(b)]",
            "insert: {into: ., xml: <b/>}",
            "<domain>\r\n\t<a p='1' />\r\n</domain>",
            "<domain>\r\n\t<a p='1'>\r\n\t\t<b/>\r\n\t</a>\r\n</domain>",
        ),
        (
            "a[not(b)]",
            "insert: {into: ., xml: <b/>}",
            "<domain>\n  <a>\n  </a>\n</domain>",
            "<domain>\n  <a>\n    <b/>\n  </a>\n</domain>",
        ),
        (
            "a[not(b)]",
            "insert: {into: ., xml: <b/>}",
            "<domain>\n  <a>\n     <c/>\n  </a>\n</domain>",
            "<domain>\n  <a>\n     <c/>\n     <b/>\n  </a>\n</domain>",
        ),
        (
            "a[not(b)]",
            "insert: {into: ., xml: <b/>}",
            "<domain>\n  <a><c/></a>\n</domain>",
            "<domain>\n  <a><c/><b/></a>\n</domain>",
        ),
        ("a[not(b)]", "insert: {into: ., xml: <b/>}", "<domain><a/></domain>", "<domain><a><b/></a></domain>"),
        ("a[not(b)]", "insert: {into: ., xml: <b/>}", "<domain><a>text</a></domain>", "<domain><a>text<b/></a></domain>"),
        ("a[not(../b)]", "insert: {before: ., xml: <b/>}", "<domain>\n  <a/>\n</domain>", "<domain>\n  <b/>\n  <a/>\n</domain>"),
        ("a[not(../b)]", "insert: {after: ., xml: <b/>}", "<domain>\n  <a/>\n</domain>", "<domain>\n  <a/>\n  <b/>\n</domain>"),
        (
            "a[not(../b)]",
            "insert: {after: ., xml: <b/>}",
            "<domain>\n  <a/> <!-- c -->\n</domain>",
            "<domain>\n  <a/>\n  <b/> <!-- c -->\n</domain>",
        ),
        (
            "a[not(../b)]",
            "insert: {after: ., xml: <b/>}",
            "<domain>\n  <c/><a/>\n</domain>",
            "<domain>\n  <c/><a/><b/>\n</domain>",
        ),
        // Several lines are indented in the document's own way; values are escaped.
        (
            "a[not(../b)]",
            "insert: {after: ., xml: \"<b q='{@p}'>\\n  <c/>\\n</b>\"}",
            "<domain>\n\t<a p=\"'&lt;\"/>\n</domain>",
            "<domain>\n\t<a p=\"'&lt;\"/>\n\t<b q='&apos;&lt;'>\n\t\t<c/>\n\t</b>\n</domain>",
        ),
        // One element in the place of another.
        (
            "a",
            "remove: ., insert: {before: ., xml: <b/>}",
            "<domain>\n  <a/>\n  <c/>\n</domain>",
            "<domain>\n  <b/>\n  <c/>\n</domain>",
        ),
        ("a", "remove: ., insert: {after: ., xml: <b/>}", "<domain><a/><c/></domain>", "<domain><b/><c/></domain>"),
        (
            "a[not(b)]",
            "insert: [{into: ., xml: <b/>}, {into: ., xml: <c/>}]",
            "<domain>\n  <a>\n    <d/>\n  </a>\n</domain>",
            "<domain>\n  <a>\n    <d/>\n    <b/>\n    <c/>\n  </a>\n</domain>",
        ),
    ]);
}

#[test]
fn elements_and_attributes_are_renamed() {
    hold(&[
        ("a", "rename: {.: b}", "<domain><a p='1'>t</a ></domain>", "<domain><b p='1'>t</b ></domain>"),
        ("a", "rename: {.: b}", "<domain><a/></domain>", "<domain><b/></domain>"),
        ("a", "rename: {.: b}", "<domain>\n<a>\n<a/></a>\n</domain>", "<domain>\n<b>\n<a/></b>\n</domain>"),
        ("a[@p]", "rename: {'@p': q}", "<domain><a p='1'/></domain>", "<domain><a q='1'/></domain>"),
        (
            "qemu:capabilities",
            "rename: {.: override}",
            "<domain xmlns:Q='http://libvirt.org/schemas/domain/qemu/1.0'><Q:capabilities></Q:capabilities></domain>",
            "<domain xmlns:Q='http://libvirt.org/schemas/domain/qemu/1.0'><Q:override></Q:override></domain>",
        ),
    ]);
}

#[test]
fn arguments_of_qemu_are_changed_where_they_stand() {
    let with = |arguments: &str| format!("<domain xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'>{arguments}</domain>");
    let option = "qemu:commandline/qemu-option[@name='device']";
    let cases = [
        // Option and value go, and the command line with the last of them.
        (
            option,
            "remove: .",
            "\n <q:commandline>\n  <q:arg value='-S'/>\n  <q:arg value='-device'/>\n  <q:arg value='x'/>\n </q:commandline>\n",
            "\n <q:commandline>\n  <q:arg value='-S'/>\n </q:commandline>\n",
        ),
        (option, "remove: .", "\n <q:commandline>\n  <q:arg value='-device'/><q:arg value='x'/>\n </q:commandline>\n", "\n"),
        (
            option,
            "remove: .",
            "<q:commandline><q:arg value='-device'/><q:arg value='x'/><q:env name='A'/></q:commandline>",
            "<q:commandline><q:env name='A'/></q:commandline>",
        ),
        // Items go with one comma.
        (
            "qemu:commandline/qemu-option[pair/@key='p']",
            "remove: \"pair[@key='p']\"",
            "<q:commandline><q:arg value='-device'/><q:arg value='x,p=1,q=2'/></q:commandline>",
            "<q:commandline><q:arg value='-device'/><q:arg value='x,q=2'/></q:commandline>",
        ),
        (
            "qemu:commandline/qemu-option[pair/@key='p']",
            "remove: \"pair[@key='p']\"",
            "<q:commandline><q:arg value='-drive'/><q:arg value='p=1,p=2,q=a,,b'/></q:commandline>",
            "<q:commandline><q:arg value='-drive'/><q:arg value='q=a,,b'/></q:commandline>",
        ),
        (
            "qemu:commandline/qemu-option[pair/@key='p']",
            "remove: \"pair[@key='p']\"",
            "<q:commandline><q:arg value='-drive'/><q:arg value='q=1,p=1,p'/></q:commandline>",
            "<q:commandline><q:arg value='-drive'/><q:arg value='q=1'/></q:commandline>",
        ),
        (
            "qemu:commandline/qemu-option[pair/@key='p']",
            "remove: \"pair[@key='p']\"",
            "<q:commandline><q:arg value='-S'/><q:arg value='-drive'/><q:arg value='p=1,p=2'/></q:commandline>",
            "<q:commandline><q:arg value='-S'/></q:commandline>",
        ),
        // Values are set, their commas doubled.
        (
            "qemu:commandline/qemu-option/pair[@key='p'][@value='1']",
            "set: {'@value': 'a,b'}",
            "<q:commandline><q:arg value='-drive'/><q:arg value=\"p=1,q=2\"/></q:commandline>",
            "<q:commandline><q:arg value='-drive'/><q:arg value=\"p=a,,b,q=2\"/></q:commandline>",
        ),
        (
            "qemu:commandline/qemu-option[@value='1']",
            "set: {'@value': 2}",
            "<q:commandline><q:arg value='-m'/><q:arg value='1'/></q:commandline>",
            "<q:commandline><q:arg value='-m'/><q:arg value='2'/></q:commandline>",
        ),
    ];
    for (find, steps, before, after) in cases {
        let rule = format!("find: \"{find}\"\nfix: {{safety: safe, description: do it, {steps}}}");
        assert_eq!(fixed(&[&rule], &with(before)).0, with(after), "{find} {steps}");
    }
}

/// What editing cannot do is not offered.
#[test]
fn what_cannot_be_done_is_left_alone() {
    let cases = [
        ("self::*", "remove: .", "<domain/>"),
        ("self::*", "insert: {after: ., xml: <b/>}", "<domain/>"),
        ("a", "set: {.: 1}", "<domain><a><b/></a></domain>"),
        ("a", "set: {'b/@p': 1}", "<domain><a/></domain>"),
        ("a", "set: {'@p': 1}, rename: {'@p': q}", "<domain><a p='1'/></domain>"),
        // JSON, and a switch whose value stands nowhere.
        (
            "qemu:commandline/qemu-option[pair/@key='p']",
            "remove: \"pair[@key='p']\"",
            "<domain xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:commandline><q:arg value='-device'/><q:arg value='{\"p\":1,\"q\":2}'/></q:commandline></domain>",
        ),
        (
            "qemu:commandline/qemu-option/pair[@key='p']",
            "set: {'@value': 'off'}",
            "<domain xmlns:q='http://libvirt.org/schemas/domain/qemu/1.0'><q:commandline><q:arg value='-device'/><q:arg value='x,p'/></q:commandline></domain>",
        ),
    ];
    for (find, steps, text) in cases {
        let rule = format!("find: \"{find}\"\nfix: {{safety: safe, description: do it, {steps}}}");
        assert_eq!(fixed(&[&rule], text).0, text, "{find} {steps}");
        let finding = &crate::fixed_bytes(&[&rule], text.as_bytes()).outcome.checked.findings[0];
        assert!(steps.contains("rename") || finding.fixes.is_empty(), "{find} {steps} {finding:?}");
    }
}
