//! XPath as rules see it: through the public interface, over trees read from XML.

#[path = "xpath/differential.rs"]
mod differential;
#[path = "xpath/errors.rs"]
mod errors;
#[path = "xpath/functions.rs"]
mod functions;
#[path = "xpath/hostile.rs"]
mod hostile;
#[path = "xpath/keys.rs"]
mod keys;
#[path = "xpath/reader.rs"]
mod reader;
