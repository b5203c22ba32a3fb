//! XPath as rules see it: through the public interface, over trees read from XML.

#[path = "xpath/differential.rs"]
mod differential;
#[path = "xpath/reader.rs"]
mod reader;
