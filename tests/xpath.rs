//! XPath as rules see it: through the public interface, over trees read from XML.

#[path = "xpath/reader.rs"]
mod reader;

use vmlint::tree::Vocabulary;
use vmlint::xpath::{Context, Environment, Value, compile};

#[test]
fn smoke() {
    let xml = "<d a='1'><b c='x'>t</b><b c='y'/><!--z--></d>";
    for expression in ["b[@c='x']", "//b[2]/@c", "count(//node())", "string(b)", "b/@c = 'y'", "//comment()"] {
        let mut vocabulary = Vocabulary::default();
        let compiled = compile(expression, &Environment::default(), &mut vocabulary).unwrap();
        let tree = reader::tree(xml, &vocabulary);
        let context = Context::new(&tree);
        let value = compiled.evaluate(&context, reader::root_element(&tree)).unwrap();
        match value {
            Value::Nodes(nodes) => {
                println!("{expression}: {:?}", nodes.iter().map(|&n| reader::place(&context, n)).collect::<Vec<_>>())
            }
            value => println!("{expression}: {value:?}"),
        }
    }
}
