//! An expression of conditions: its parts, and how it is written.

use crate::error::FilterError;
use crate::subject::Subject;
use crate::term::Term;
use std::fmt;

/// Conditions, and how they go together. None of a kind holds another of the same, so that one meaning has one form.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Expr {
    Term(Term),
    Not(Box<Expr>),
    /// At least two.
    And(Vec<Expr>),
    /// At least two.
    Or(Vec<Expr>),
}

impl Expr {
    pub(crate) fn not(self) -> Self {
        match self {
            Self::Not(inner) => *inner,
            other => Self::Not(Box::new(other)),
        }
    }

    pub(crate) fn and(self, other: Self) -> Self {
        let mut all = match self {
            Self::And(all) => all,
            one => vec![one],
        };
        match other {
            Self::And(more) => all.extend(more),
            one => all.push(one),
        }
        Self::And(all)
    }

    pub(crate) fn or(self, other: Self) -> Self {
        let mut any = match self {
            Self::Or(any) => any,
            one => vec![one],
        };
        match other {
            Self::Or(more) => any.extend(more),
            one => any.push(one),
        }
        Self::Or(any)
    }

    pub(crate) fn holds(&self, row: &impl Subject) -> bool {
        match self {
            Self::Term(term) => term.holds(row),
            Self::Not(inner) => !inner.holds(row),
            Self::And(all) => all.iter().all(|one| one.holds(row)),
            Self::Or(any) => any.iter().any(|one| one.holds(row)),
        }
    }

    pub(crate) fn depth(&self) -> usize {
        match self {
            Self::Term(_) => 0,
            Self::Not(inner) => 1 + inner.depth(),
            Self::And(all) | Self::Or(all) => {
                1 + all.iter().map(Self::depth).max().unwrap_or_default()
            }
        }
    }

    pub(crate) fn terms<'a>(&'a self, found: &mut Vec<&'a Term>) {
        match self {
            Self::Term(term) => found.push(term),
            Self::Not(inner) => inner.terms(found),
            Self::And(all) | Self::Or(all) => all.iter().for_each(|one| one.terms(found)),
        }
    }

    pub(crate) fn each_term(
        &mut self,
        change: &mut impl FnMut(&mut Term) -> Result<(), FilterError>,
    ) -> Result<(), FilterError> {
        match self {
            Self::Term(term) => change(term),
            Self::Not(inner) => inner.each_term(change),
            Self::And(all) | Self::Or(all) => {
                all.iter_mut().try_for_each(|one| one.each_term(change))
            }
        }
    }
}

impl fmt::Display for Expr {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Term(term) => write!(out, "{term}"),
            Self::Not(inner) if matches!(**inner, Self::Term(_)) => write!(out, "not {inner}"),
            Self::Not(inner) => write!(out, "not ({inner})"),
            Self::And(all) => joined(out, all, " and ", |one| matches!(one, Self::Or(_))),
            Self::Or(any) => joined(out, any, " or ", |_| false),
        }
    }
}

fn joined(
    out: &mut fmt::Formatter<'_>,
    all: &[Expr],
    with: &str,
    in_brackets: fn(&Expr) -> bool,
) -> fmt::Result {
    for (place, one) in all.iter().enumerate() {
        if place > 0 {
            out.write_str(with)?;
        }
        if in_brackets(one) {
            write!(out, "({one})")?;
        } else {
            write!(out, "{one}")?;
        }
    }
    Ok(())
}
