//! Which rows are shown.

use crate::bounds::{DEEPEST, LONGEST, MOST_TERMS};
use crate::error::{FilterError, Problem};
use crate::expr::Expr;
use crate::list::List;
use crate::parse;
use crate::subject::Subject;
use crate::term::Term;
use crate::words::{Field, WORDS, Word};
use std::fmt;
use std::str::FromStr;

/// Which rows are shown: those that it matches. The default is all.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Filter(Option<Expr>);

impl Filter {
    /// Reads an expression such as "state at-risk and not port 22", or one of `ss`. Nothing but blanks is all.
    ///
    /// # Errors
    /// What is wrong with it, and where.
    pub fn parse(text: &str) -> Result<Self, FilterError> {
        Self::bounded(parse::expression(text)?)
            .map_err(|problem| FilterError::new(problem, 0..0, text))
    }

    /// Reads the value of one word, as a flag has it: "443", "!22", ">3m"; several are parted by commas: any of those that choose, and
    /// none of those that leave out.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn flag(field: Field, value: &str) -> Result<Self, FilterError> {
        Self::bounded(parse::value(field, value)?)
            .map_err(|problem| FilterError::new(problem, 0..0, value))
    }

    /// One name or number as it is, whatever signs and commas are in it.
    ///
    /// # Errors
    /// As there.
    pub fn is(field: Field, value: &str) -> Result<Self, FilterError> {
        Self::bounded(Some(parse::is(field, value)?))
            .map_err(|problem| FilterError::new(problem, 0..0, value))
    }

    /// What the values of one flag come to, which is given several times: any of those that choose, and none of those that
    /// leave out. Of none it is all.
    ///
    /// # Errors
    /// More than one filter may hold.
    pub fn any(values: impl IntoIterator<Item = Self>) -> Result<Self, FilterError> {
        let exprs = values.into_iter().filter_map(|filter| filter.0);
        Self::bounded(parse::chosen(exprs)).map_err(FilterError::whole)
    }

    fn bounded(expr: Option<Expr>) -> Result<Self, Problem> {
        let filter = Self(expr);
        if filter.terms().len() > MOST_TERMS {
            return Err(Problem::TooMany { most: MOST_TERMS });
        }
        if filter
            .0
            .as_ref()
            .is_some_and(|expr| expr.depth() > DEEPEST / 2)
        {
            return Err(Problem::TooDeep { most: DEEPEST / 2 });
        }
        // It can be sent and read again.
        if filter.to_string().len() > LONGEST {
            return Err(Problem::TooLong { most: LONGEST });
        }
        Ok(filter)
    }

    /// What both match.
    ///
    /// # Errors
    /// More than one filter may hold.
    pub fn and(self, other: Self) -> Result<Self, FilterError> {
        self.joined(other, Expr::and)
    }

    /// What either matches; of one that matches all, all.
    ///
    /// # Errors
    /// As there.
    pub fn or(self, other: Self) -> Result<Self, FilterError> {
        if self.is_all() || other.is_all() {
            return Ok(Self::default());
        }
        self.joined(other, Expr::or)
    }

    fn joined(self, other: Self, join: fn(Expr, Expr) -> Expr) -> Result<Self, FilterError> {
        let expr = match (self.0, other.0) {
            (Some(one), Some(other)) => Some(join(one, other)),
            (one, other) => one.or(other),
        };
        Self::bounded(expr).map_err(FilterError::whole)
    }

    /// What it does not match. Of one that matches all this is all as well: what excludes nothing excludes nothing.
    #[must_use]
    pub fn excluded(self) -> Self {
        Self(self.0.map(Expr::not))
    }

    /// Whether nothing is left out.
    pub fn is_all(&self) -> bool {
        self.0.is_none()
    }

    /// Whether a row is shown. What it does not know (an owner, a path) no condition holds for, and the exclusion of such a
    /// condition does.
    pub fn matches(&self, row: &impl Subject) -> bool {
        self.0.as_ref().is_none_or(|expr| expr.holds(row))
    }

    /// That rows of `list` have what it asks for, so that nothing is left out unsaid.
    ///
    /// # Errors
    /// The first word that they do not have.
    pub fn fits(&self, list: List) -> Result<(), FilterError> {
        let has = |word: &str| {
            FilterError::whole(Problem::NotOfThese {
                what: list.name(),
                word: word.to_owned(),
                has: words_of(list),
            })
        };
        for term in self.terms() {
            let word = Word::of(term.field());
            match term {
                _ if !word.is_of(list) => return Err(has(word.word)),
                Term::State(state) if !state.is_of(list) => {
                    return Err(has(&format!("state {}", state.word)));
                }
                Term::Namespace(name) => {
                    return Err(FilterError::whole(Problem::Namespace {
                        name: name.clone(),
                    }));
                }
                _ => {}
            }
        }
        Ok(())
    }

    /// With each network namespace that is named by a file or a process as `inode` knows it.
    ///
    /// # Errors
    /// One that it does not know.
    pub fn with_namespaces(
        mut self,
        inode: impl Fn(&str) -> Option<u32>,
    ) -> Result<Self, FilterError> {
        if let Some(expr) = &mut self.0 {
            expr.each_term(&mut |term| {
                if let Term::Namespace(name) = term {
                    let unknown = || FilterError::whole(Problem::Namespace { name: name.clone() });
                    let found = inode(name).ok_or_else(unknown)?;
                    *term = Term::Number(Field::Netns, found);
                }
                Ok(())
            })?;
        }
        Ok(self)
    }

    fn terms(&self) -> Vec<&Term> {
        let mut found = Vec::new();
        if let Some(expr) = &self.0 {
            expr.terms(&mut found);
        }
        found
    }
}

/// The words that rows of `list` have, for people.
fn words_of(list: List) -> String {
    let words = WORDS.iter().filter(|word| word.is_of(list));
    words.map(|word| word.word).collect::<Vec<_>>().join(", ")
}

impl FromStr for Filter {
    type Err = FilterError;

    fn from_str(text: &str) -> Result<Self, FilterError> {
        Self::parse(text)
    }
}

/// As it is read again.
impl fmt::Display for Filter {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.as_ref().map_or(Ok(()), |expr| write!(out, "{expr}"))
    }
}
