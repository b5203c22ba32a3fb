use super::draft::Draft;
use super::field::Field;
pub(super) fn machine(_root: Field<'_>, _text: &str) -> Draft {
    Draft::vm()
}
