//! An expression, read from its words: `or` binds least, then `and`, which may be left out, then `not`, as ss(8)
//! says; `ss` itself goes from left to right.

use crate::bounds::{DEEPEST, LONGEST};
use crate::error::{FilterError, Problem};
use crate::expr::Expr;
use crate::host::{Host, Ports};
use crate::states::State;
use crate::term::{Keepalive, Term};
use crate::tokens::{Compare, Placed, Token, compare_word, sign, tokens};
use crate::values::{Amount, Value};
use crate::words::{self, EXCLUDE, Field, Word};
use monitor_model::finding::{Family, Role, Severity};
use monitor_model::format::is_unseen;
use std::ops::Range;

/// Numbers above this are inodes of network namespaces, not processes: the kernel has no process id beyond it
/// (`PID_MAX_LIMIT`), and counts its inodes from 0xEFFFFFF0 on.
const LAST_PROCESS: u32 = 4 << 20;

/// Reads a whole expression; nothing but blanks is `None`.
pub fn expression(text: &str) -> Result<Option<Expr>, FilterError> {
    if text.len() > LONGEST {
        return Err(FilterError::whole(Problem::TooLong { most: LONGEST }));
    }
    let tokens = tokens(text)?;
    if tokens.is_empty() {
        return Ok(None);
    }
    let mut parser = Parser {
        text,
        tokens,
        at: 0,
        depth: 0,
    };
    let expr = parser.any()?;
    match parser.tokens.get(parser.at) {
        None => Ok(Some(expr)),
        Some((_, at)) => Err(parser.misplaced(
            at.clone(),
            "a condition such as \"port 443\", \"and\" or \"or\"",
        )),
    }
}

/// Reads what a flag has.
pub fn value(field: Field, text: &str) -> Result<Option<Expr>, FilterError> {
    if text.len() > LONGEST {
        return Err(FilterError::whole(Problem::TooLong { most: LONGEST }));
    }
    if text.contains(is_unseen) {
        return Err(FilterError::new(Problem::Unseen, 0..text.len(), text));
    }
    let mut exprs = Vec::new();
    for part in text.split(',') {
        let value = part.trim();
        let end = value.as_ptr() as usize - text.as_ptr() as usize + value.len();
        // "!" before a value leaves it out, also before ">3m".
        let (excluded, value) = match value.strip_prefix('!') {
            Some(rest) => (true, rest.strip_prefix('=').unwrap_or(rest).trim()),
            None => (false, value),
        };
        let (compare, value) = match (sign(value), value.chars().next()) {
            ((Token::Compare(compare), length), Some('=' | '<' | '>')) => {
                (Some(compare), value[length..].trim())
            }
            _ => (None, value),
        };
        let at = end - value.len()..end;
        let expr = condition(Word::of(field), compare, value, at, text)?;
        exprs.push(if excluded { expr.not() } else { expr });
    }
    Ok(chosen(exprs))
}

/// Reads one value as it is.
pub fn is(field: Field, text: &str) -> Result<Expr, FilterError> {
    if text.contains(is_unseen) {
        return Err(FilterError::new(Problem::Unseen, 0..text.len(), text));
    }
    condition(Word::of(field), None, text, 0..text.len(), text)
}

/// Any of those that choose, and none of those that leave out: "22,!80" is 22 and not 80, and "!22,!80" neither.
pub fn chosen(exprs: impl IntoIterator<Item = Expr>) -> Option<Expr> {
    let leaves_out = |expr: &Expr| match expr {
        Expr::Not(_) => true,
        Expr::And(all) => all.iter().all(|one| matches!(one, Expr::Not(_))),
        _ => false,
    };
    let (out, any): (Vec<Expr>, Vec<Expr>) = exprs.into_iter().partition(leaves_out);
    let any = any.into_iter().reduce(Expr::or);
    any.into_iter().chain(out).reduce(Expr::and)
}

struct Parser<'a> {
    text: &'a str,
    tokens: Vec<Placed>,
    at: usize,
    depth: usize,
}

/// A part of a row of conditions, and whether it is a bare state, which others of its kind widen.
struct Item {
    expr: Expr,
    /// As `state` or `exclude` have it.
    state: Option<bool>,
}

impl Parser<'_> {
    fn error(&self, problem: Problem, at: Range<usize>) -> FilterError {
        FilterError::new(problem, at, self.text)
    }

    fn misplaced(&self, at: Range<usize>, want: &'static str) -> FilterError {
        self.error(Problem::Misplaced { want }, at)
    }

    fn end(&self) -> Range<usize> {
        self.text.len()..self.text.len()
    }

    /// Whether the next is `token`, or the word for it; it is taken then.
    fn takes(&mut self, token: &Token, word: &str) -> bool {
        let found = self
            .tokens
            .get(self.at)
            .is_some_and(|(next, _)| match next {
                Token::Word {
                    text,
                    quoted: false,
                } => text.eq_ignore_ascii_case(word),
                next => next == token,
            });
        self.at += usize::from(found);
        found
    }

    /// What `or` joins.
    fn any(&mut self) -> Result<Expr, FilterError> {
        let mut any = self.all()?;
        while self.takes(&Token::Or, "or") {
            any = any.or(self.all()?);
        }
        Ok(any)
    }

    /// What `and` joins, or nothing does. States behind each other are those that one or another names, less those that
    /// are excluded, as `ss` has it.
    fn all(&mut self) -> Result<Expr, FilterError> {
        let mut last = self.item()?;
        let mut all: Option<Expr> = None;
        let joined = |all: Option<Expr>, one: Expr| match all {
            Some(all) => all.and(one),
            None => one,
        };
        loop {
            let said = self.takes(&Token::And, "and");
            let ends = match self.tokens.get(self.at) {
                None | Some((Token::Or | Token::Close, _)) => true,
                Some((
                    Token::Word {
                        text,
                        quoted: false,
                    },
                    _,
                )) => text.eq_ignore_ascii_case("or"),
                Some(_) => false,
            };
            if ends && !said {
                return Ok(joined(all, last.expr));
            }
            let next = self.item()?;
            last = match (last.state, next.state) {
                (Some(_), Some(true)) if !said => Item {
                    expr: last.expr.or(next.expr),
                    ..next
                },
                (Some(_), Some(false)) if !said => Item {
                    expr: last.expr.and(next.expr),
                    ..next
                },
                _ => {
                    all = Some(joined(all, last.expr));
                    next
                }
            };
        }
    }

    fn item(&mut self) -> Result<Item, FilterError> {
        let Some((token, at)) = self.tokens.get(self.at).cloned() else {
            return Err(self.misplaced(self.end(), "a condition such as \"port 443\""));
        };
        if self.takes(&Token::Not, "not") {
            let inner = self.deeper(at, Self::item)?;
            return Ok(Item {
                expr: inner.expr.not(),
                state: None,
            });
        }
        if token == Token::Open {
            self.at += 1;
            let expr = self.deeper(at.clone(), Self::any)?;
            if !self.takes(&Token::Close, ")") {
                return Err(match self.tokens.get(self.at) {
                    None => self.error(Problem::Unclosed, at),
                    Some((_, at)) => self.misplaced(at.clone(), "\")\", \"and\" or \"or\""),
                });
            }
            return Ok(Item { expr, state: None });
        }
        match token {
            Token::Word { text, .. } => {
                self.at += 1;
                self.condition(&text, at)
            }
            _ => Err(self.misplaced(at, "a condition such as \"port 443\"")),
        }
    }

    fn deeper<T>(
        &mut self,
        at: Range<usize>,
        read: fn(&mut Self) -> Result<T, FilterError>,
    ) -> Result<T, FilterError> {
        self.depth += 1;
        if self.depth > DEEPEST {
            return Err(self.error(Problem::TooDeep { most: DEEPEST }, at));
        }
        let inner = read(self);
        self.depth -= 1;
        inner
    }

    /// What begins with the word `text`.
    fn condition(&mut self, text: &str, at: Range<usize>) -> Result<Item, FilterError> {
        let excludes = text.eq_ignore_ascii_case(EXCLUDE);
        let word = if excludes {
            Some(Word::of(Field::State))
        } else {
            Word::find(text)
        };
        let Some(word) = word else {
            return Err(self.unknown(text, at));
        };
        let compare = self.compare();
        let mut expr = self.value(word, compare)?;
        while self.takes(&Token::Comma, ",") {
            let next = self.value(word, compare)?;
            expr = if compare == Some(Compare::Unequal) {
                expr.and(next)
            } else {
                expr.or(next)
            };
        }
        let state = (word.field == Field::State).then_some(!excludes);
        let expr = if excludes { expr.not() } else { expr };
        Ok(Item { expr, state })
    }

    fn compare(&mut self) -> Option<Compare> {
        let (token, _) = self.tokens.get(self.at)?;
        let compare = match token {
            Token::Compare(compare) => Some(*compare),
            Token::Not => Some(Compare::Unequal),
            Token::Word {
                text,
                quoted: false,
            } => compare_word(text),
            _ => None,
        };
        self.at += usize::from(compare.is_some());
        compare
    }

    fn value(
        &mut self,
        word: &'static Word,
        compare: Option<Compare>,
    ) -> Result<Expr, FilterError> {
        let none = |at| {
            Err(self.error(
                Problem::NoValue {
                    word: word.word,
                    want: word.want,
                },
                at,
            ))
        };
        match self.tokens.get(self.at).cloned() {
            Some((Token::Word { text, quoted }, at)) => {
                let joins = ["and", "or", "not"]
                    .iter()
                    .any(|join| text.eq_ignore_ascii_case(join));
                if joins && !quoted {
                    return none(at);
                }
                self.at += 1;
                condition(word, compare, &text, at, self.text)
            }
            Some((_, at)) => none(at),
            None => none(self.end()),
        }
    }

    fn unknown(&self, text: &str, at: Range<usize>) -> FilterError {
        if let Some(why) = words::only_of_ss(text) {
            return self.error(Problem::OnlyOfSs { why }, at);
        }
        let nearest = if State::parse(text).is_some() {
            Some(format!("state {text}"))
        } else if Host::parse(text).is_some() {
            Some(format!("remote {text}"))
        } else {
            words::nearest(text, words::all())
        };
        self.error(Problem::UnknownWord { nearest }, at)
    }
}

/// The condition that `word` compares so with `value`, which stands at `at` in `text`.
fn condition(
    word: &'static Word,
    compare: Option<Compare>,
    value: &str,
    at: Range<usize>,
    text: &str,
) -> Result<Expr, FilterError> {
    let error = |problem| Err(FilterError::new(problem, at.clone(), text));
    if value.is_empty() {
        return error(Problem::NoValue {
            word: word.word,
            want: word.want,
        });
    }
    let wrong = |nearest| {
        error(Problem::WrongValue {
            word: word.word,
            want: word.want,
            nearest,
        })
    };
    let equal = match compare {
        None | Some(Compare::Equal) => Some(true),
        Some(Compare::Unequal) => Some(false),
        Some(_) => None,
    };
    let read = match word.field {
        Field::Idle | Field::PacketIdle | Field::DataIdle | Field::Timeout | Field::Left => {
            return match Value::time(value) {
                Some(value) => Ok(amount(word.field, compare, value)),
                None => wrong(None),
            };
        }
        Field::Unacked | Field::Unread => {
            return match Value::bytes(value) {
                Some(value) => Ok(amount(word.field, compare, value)),
                None => wrong(None),
            };
        }
        Field::Port | Field::RemotePort | Field::LocalPort => {
            let ports = Ports::parse(value)
                .and_then(|ports| ports.compared(compare.unwrap_or(Compare::Equal)));
            let Some(ports) = ports else {
                return wrong(words::nearest(
                    value.trim_start_matches(':'),
                    Ports::services(),
                ));
            };
            let term = Expr::Term(Term::Ports(word.field, ports));
            return Ok(if equal == Some(false) {
                term.not()
            } else {
                term
            });
        }
        Field::State => State::parse(value)
            .map(Term::State)
            .ok_or_else(|| words::nearest(value, State::words())),
        Field::Remote | Field::Local => Host::parse(value)
            .map(|host| Term::Host(word.field, host))
            .ok_or(None),
        Field::Family => one_of(
            value,
            &[
                ("ipv4", Term::Family(Family::Ipv4)),
                ("ipv6", Term::Family(Family::Ipv6)),
                ("inet", Term::Family(Family::Ipv4)),
                ("inet6", Term::Family(Family::Ipv6)),
            ],
        ),
        Field::Role => one_of(
            value,
            &[
                ("client", Term::Role(Role::Client)),
                ("server", Term::Role(Role::Server)),
            ],
        ),
        Field::Keepalive => one_of(
            value,
            &[
                ("off", Term::Keepalive(Keepalive::Off)),
                ("on", Term::Keepalive(Keepalive::On)),
                ("late", Term::Keepalive(Keepalive::Late)),
            ],
        ),
        Field::Severity => one_of(
            value,
            &[
                ("none", Term::Severity(Severity::None)),
                ("ticket", Term::Severity(Severity::Ticket)),
                ("page", Term::Severity(Severity::Page)),
            ],
        ),
        Field::Pid | Field::Uid => value
            .parse()
            .map(|number| Term::Number(word.field, number))
            .map_err(|_| None),
        Field::Netns => match value.parse::<u32>() {
            Ok(inode) if inode > LAST_PROCESS => Ok(Term::Number(Field::Netns, inode)),
            Ok(_) => Ok(Term::Namespace(value.to_owned())),
            Err(_) if value.starts_with('/') => Ok(Term::Namespace(value.to_owned())),
            Err(_) => Err(None),
        },
        Field::Cgroup if !value.starts_with('/') => Err(None),
        Field::Comm
        | Field::Unit
        | Field::Pod
        | Field::Container
        | Field::Cgroup
        | Field::Owner
        | Field::Path
        | Field::Name
        | Field::Id => Ok(Term::Text(word.field, value.to_owned())),
    };
    match (read, equal) {
        (Ok(term), Some(true)) => Ok(Expr::Term(term)),
        (Ok(term), Some(false)) => Ok(Expr::Term(term).not()),
        (Ok(_), None) => error(Problem::WrongOperator { word: word.word }),
        (Err(nearest), _) => wrong(nearest),
    }
}

/// Without a sign it is "at least".
fn amount(field: Field, compare: Option<Compare>, value: Value) -> Expr {
    let compare = compare.unwrap_or(Compare::AtLeast);
    Expr::Term(Term::Amount(field, Amount { compare, value }))
}

/// One of a few words, or the nearest of them.
fn one_of(value: &str, words: &[(&str, Term)]) -> Result<Term, Option<String>> {
    let found = words
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(value));
    let nearest = || words::nearest(value, words.iter().map(|(word, _)| (*word).to_owned()));
    found.map(|(_, term)| term.clone()).ok_or_else(nearest)
}
