use super::draft::Draft;
use crate::input::keys::Keys;
pub(super) fn machines(_keys: &Keys, _text: &str) -> Vec<Draft> {
    Vec::new()
}
