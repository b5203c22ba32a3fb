//! Conditions that are settled before any document is seen: those that look at variables and tables alone. A branch with one that
//! is false finds nothing in any document, so whoever runs many branches can leave it out.

use super::Context;
use super::eval::{Evaluator, Focus};
use super::functions::Function;
use super::nodes::NodeRef;
use super::plan::{Expr, Predicate, Start};
use crate::tree::Tree;

/// Whether the expression finds nothing, or is false, whatever the document.
pub(super) fn finds_nothing(expression: &Expr, context: &Context) -> bool {
    match expression {
        Expr::Path(path) => {
            let at_start = match &path.start {
                Start::Filter(primary, predicates) => finds_nothing(primary, context) || any_false(predicates, context),
                Start::Context | Start::Root | Start::Table(_) | Start::Rows(_) => false,
            };
            at_start || path.steps().any(|step| any_false(&step.predicates, context))
        }
        Expr::Union(parts) => parts.iter().all(|part| finds_nothing(part, context)),
        _ => is_false(expression, context),
    }
}

fn any_false(predicates: &[Predicate], context: &Context) -> bool {
    predicates.iter().any(|predicate| matches!(predicate, Predicate::Filter(condition) if is_false(condition, context)))
}

fn is_false(condition: &Expr, context: &Context) -> bool {
    match condition {
        Expr::And(parts) => parts.iter().any(|part| is_false(part, context)),
        Expr::Or(parts) => parts.iter().all(|part| is_false(part, context)),
        Expr::Path(_) | Expr::Union(_) => finds_nothing(condition, context),
        _ => {
            is_settled(condition) && Evaluator::new(context).boolean(condition, Focus::on(NodeRef::new(Tree::ROOT))) == Ok(false)
        }
    }
}

/// Whether the value is the same for every document, variables being what they are.
fn is_settled(expression: &Expr) -> bool {
    match expression {
        Expr::Number(_) | Expr::String(_) | Expr::Variable(_) => true,
        Expr::Or(parts) | Expr::And(parts) | Expr::Union(parts) => parts.iter().all(is_settled),
        Expr::Compare(_, left, right) | Expr::Arithmetic(_, left, right) => is_settled(left) && is_settled(right),
        Expr::Negate(inner) | Expr::Match(inner, _) | Expr::Member(inner, ..) => is_settled(inner),
        Expr::Path(path) => path.fixed(),
        Expr::Call(call) => {
            let looks_around = matches!(call.function, Function::Position | Function::Last | Function::Lang | Function::Id);
            !looks_around && call.arguments.iter().all(is_settled)
        }
    }
}
