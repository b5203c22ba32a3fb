//! XPath 1.0 over the definition tree.
