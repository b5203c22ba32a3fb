//! The functions an expression may call: the 27 of the recommendation and the few that vmlint adds.
//!
//! [`functions`] lists them with what they do, for documentation and suggestions.

use serde::{Deserialize, Serialize};

use super::Type;

/// A function as users see it.
#[derive(Debug)]
pub struct Signature {
    /// Its name.
    pub name: &'static str,
    /// Its parameters; `?` marks one that may be left out, `…` one that may be repeated.
    pub parameters: &'static str,
    /// The type of its value.
    pub result: Type,
    /// Whether vmlint added it to XPath 1.0.
    pub extension: bool,
    /// What it does, in a sentence.
    pub about: &'static str,
    pub(super) function: Function,
    /// Fewest and most arguments.
    pub(super) arity: (usize, usize),
}

/// The functions as the evaluator knows them; the order is that of the list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(super) enum Function {
    Last,
    Position,
    Count,
    Id,
    LocalName,
    NamespaceUri,
    Name,
    String,
    Concat,
    StartsWith,
    Contains,
    SubstringBefore,
    SubstringAfter,
    Substring,
    StringLength,
    NormalizeSpace,
    Translate,
    Boolean,
    Not,
    True,
    False,
    Lang,
    Number,
    Sum,
    Floor,
    Ceiling,
    Round,
    Glob,
    Matches,
    LowerCase,
    EndsWith,
    FirstOf,
    Bytes,
    VersionIn,
}

/// All functions, those of the recommendation first.
pub fn functions() -> &'static [Signature] {
    &FUNCTIONS
}

impl Function {
    /// The function's entry in the list.
    pub fn signature(self) -> &'static Signature {
        // A test holds the list to the order of the variants; every variant has its entry.
        FUNCTIONS.get(self as usize).unwrap_or(&FUNCTIONS[0])
    }

    pub fn result(self) -> Type {
        self.signature().result
    }

    /// Whether the first argument has to be a node-set.
    pub fn takes_nodes(self) -> bool {
        matches!(
            self,
            Function::Count | Function::Sum | Function::LocalName | Function::NamespaceUri | Function::Name | Function::Bytes
        )
    }

    /// Whether a missing argument stands for the context node.
    pub fn defaults_to_context(self) -> bool {
        use Function::{LocalName, Name, NamespaceUri, NormalizeSpace, Number, String, StringLength};
        matches!(self, LocalName | NamespaceUri | Name | String | StringLength | NormalizeSpace | Number)
    }
}

const ANY: usize = usize::MAX;

const fn core(
    function: Function,
    name: &'static str,
    parameters: &'static str,
    arity: (usize, usize),
    result: Type,
    about: &'static str,
) -> Signature {
    Signature { name, parameters, result, extension: false, about, function, arity }
}

const fn added(
    function: Function,
    name: &'static str,
    parameters: &'static str,
    arity: (usize, usize),
    result: Type,
    about: &'static str,
) -> Signature {
    Signature { name, parameters, result, extension: true, about, function, arity }
}

use Type::{Boolean, Nodes, Number, String};

static FUNCTIONS: [Signature; 34] = [
    core(Function::Last, "last", "", (0, 0), Number, "How many nodes the predicate looks at."),
    core(Function::Position, "position", "", (0, 0), Number, "The place of the node among those the predicate looks at, from 1."),
    core(Function::Count, "count", "nodes", (1, 1), Number, "How many nodes there are."),
    core(Function::Id, "id", "value", (1, 1), Nodes, "The elements whose `xml:id` is among the words of the value."),
    core(Function::LocalName, "local-name", "nodes?", (0, 1), String, "The name of the first node, without its prefix."),
    core(Function::NamespaceUri, "namespace-uri", "nodes?", (0, 1), String, "The namespace of the first node's name."),
    core(Function::Name, "name", "nodes?", (0, 1), String, "The name of the first node as written."),
    core(Function::String, "string", "value?", (0, 1), String, "The value as text; of nodes, the text of the first."),
    core(Function::Concat, "concat", "text, text, …", (2, ANY), String, "The texts joined."),
    core(Function::StartsWith, "starts-with", "text, start", (2, 2), Boolean, "Whether the text begins with the other."),
    core(Function::Contains, "contains", "text, part", (2, 2), Boolean, "Whether the text contains the other."),
    core(
        Function::SubstringBefore,
        "substring-before",
        "text, mark",
        (2, 2),
        String,
        "What stands before the mark, if it is there.",
    ),
    core(
        Function::SubstringAfter,
        "substring-after",
        "text, mark",
        (2, 2),
        String,
        "What stands behind the mark, if it is there.",
    ),
    core(
        Function::Substring,
        "substring",
        "text, start, length?",
        (2, 3),
        String,
        "The characters from a position on, counted from 1.",
    ),
    core(Function::StringLength, "string-length", "text?", (0, 1), Number, "How many characters the text has."),
    core(
        Function::NormalizeSpace,
        "normalize-space",
        "text?",
        (0, 1),
        String,
        "The words of the text with one space between them.",
    ),
    core(
        Function::Translate,
        "translate",
        "text, from, to",
        (3, 3),
        String,
        "The text with single characters replaced or dropped.",
    ),
    core(Function::Boolean, "boolean", "value", (1, 1), Boolean, "Whether there is a node, a character, or a number but 0."),
    core(Function::Not, "not", "condition", (1, 1), Boolean, "Whether the condition does not hold."),
    core(Function::True, "true", "", (0, 0), Boolean, "What always holds."),
    core(Function::False, "false", "", (0, 0), Boolean, "What never holds."),
    core(Function::Lang, "lang", "language", (1, 1), Boolean, "Whether `xml:lang` says that the node is in the language."),
    core(Function::Number, "number", "value?", (0, 1), Number, "The value as a number, NaN where it is none."),
    core(Function::Sum, "sum", "nodes", (1, 1), Number, "The numbers of all nodes added up."),
    core(Function::Floor, "floor", "number", (1, 1), Number, "The largest integer that is not larger."),
    core(Function::Ceiling, "ceiling", "number", (1, 1), Number, "The smallest integer that is not smaller."),
    core(Function::Round, "round", "number", (1, 1), Number, "The nearest integer, the larger one of two."),
    added(
        Function::Glob,
        "glob",
        "text, pattern",
        (2, 2),
        Boolean,
        "Whether the whole text fits a pattern of `*`, `?`, `[a-z]` and `{a,b}`; `*` matches `/` too, `\\` takes the next character literally.",
    ),
    added(
        Function::Matches,
        "matches",
        "text, regex",
        (2, 2),
        Boolean,
        "Whether a regular expression (syntax of the Rust crate `regex`) is found in the text; `^` and `$` tie it to the ends.",
    ),
    added(Function::LowerCase, "lower-case", "text", (1, 1), String, "The text in small letters."),
    added(Function::EndsWith, "ends-with", "text, end", (2, 2), Boolean, "Whether the text ends with the other."),
    added(Function::FirstOf, "first-of", "value, …", (1, ANY), String, "The first of the values that is not empty, as text."),
    added(
        Function::Bytes,
        "bytes",
        "nodes",
        (1, 1),
        Number,
        "The number of the first node in bytes, by the `unit` attribute of its element: `bytes`, `KB` (1000), `K` or `KiB` (1024), … `EiB`; KiB without a unit, NaN for an unknown one.",
    ),
    added(
        Function::VersionIn,
        "version-in",
        "version, ranges",
        (2, 2),
        Boolean,
        "Whether a dotted version is in one of the ranges, separated by commas: `7.6..7.9` (7.9.1 included), `..7.9`, `7.6..`, `>=8`, `<6.4`, `7.4`. Missing numbers are 0; what is no version is in no range.",
    ),
];

/// The way XPath 1.0 does what a function of XPath 2 or of another host language did.
pub(super) fn replacement(name: &str) -> Option<&'static str> {
    let hint = match name {
        "upper-case" => "compare in small letters with `lower-case(...)`, or use `translate(...)`",
        "tokenize" | "index-of" => "look for a word with `contains(concat(' ', @a, ' '), ' word ')` or `matches(...)`",
        "exists" => "a path is true where it finds a node: write the path alone, or `boolean(path)`",
        "empty" => "write `not(path)`",
        "if" => "choose nodes with predicates: `a[condition] | b[not(condition)]`; choose text with `first-of(...)`",
        "some" | "every" | "for" => {
            "a comparison with a path holds if any node does; for every node write `not(path[not(condition)])`"
        }
        "replace" => {
            "single characters are replaced by `translate(...)`, parts cut by `substring-before(...)` and `substring-after(...)`"
        }
        "string-join" => "texts are joined by `concat(a, b)`",
        "min" => "the smallest is the one that has no smaller: `a[not(../a < .)]`",
        "max" => "the largest is the one that has no larger: `a[not(../a > .)]`",
        "avg" => "write `sum(a) div count(a)`",
        "abs" => "compare both ways: `a < -5 or a > 5`",
        "data" | "text-content" => "write `string(...)`",
        "current" => "this is XSLT; begin a path at the document with `/`",
        "doc" | "document" | "collection" => "an expression sees one document; tables are variables",
        "key" => "this is XSLT; use a predicate, or a table variable",
        "distinct-values" => "repeated values have an equal one before them: `a[not(. = preceding::a)]`",
        "deep-equal" | "compare" => "write `a = b`",
        "like" | "fnmatch" => "write `glob(text, pattern)`",
        "regex" | "regexp" | "match" | "test" => "write `matches(text, regex)`",
        "lower" | "lowercase" | "to-lower" => "write `lower-case(text)`",
        "length" | "len" | "size" => "write `string-length(text)`, or `count(nodes)`",
        "coalesce" => "write `first-of(a, b)`",
        _ => return None,
    };
    Some(hint)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_is_in_the_order_of_the_variants() {
        for (index, signature) in functions().iter().enumerate() {
            assert_eq!(signature.function as usize, index, "{}", signature.name);
        }
        assert_eq!(functions().last().map(|signature| signature.function), Some(Function::VersionIn));
    }
}
