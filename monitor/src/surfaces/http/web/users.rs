//! Who may ask, by name and password.

use super::error::{Fault, WebProblem};
use super::form::Text;
use super::read::is_same;
use axum::http::HeaderValue;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bcrypt::HashParts;
use ring::digest::{Context, Digest, SHA256};
use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

/// What bcrypt may cost: the power of two of its rounds.
const COSTS: std::ops::RangeInclusive<u32> = 4..=31;

/// What it costs where nobody says; that of the tools that make hashes.
const USUAL_COST: u32 = 10;

/// Answers that are remembered, of those that were let in and of the others.
const REMEMBERED: usize = 100;

/// Users with the hashes of their passwords.
#[derive(Default)]
pub(in super::super) struct Users {
    hashes: BTreeMap<String, String>,
    /// What the password of a user is compared with who is none, at the same cost: how long the answer takes says nothing.
    of_nobody: String,
}

impl Users {
    /// By `basic_auth_users`. At the start, each hash must be one; later, one that is not lets its user in no more.
    pub(super) fn new(form: &BTreeMap<String, Text>, at_start: bool) -> Result<Self, Fault> {
        let mut hashes = BTreeMap::new();
        let mut most = None;
        for (user, text) in form {
            match cost(&text.value) {
                Ok(cost) => {
                    most = most.max(Some(cost));
                    hashes.insert(user.clone(), text.value.clone());
                }
                Err(why) if at_start => {
                    let user = user.clone();
                    return Err(text.fault(WebProblem::Hash { user, why }));
                }
                Err(_) => {
                    hashes.insert(user.clone(), String::new());
                }
            }
        }
        let cost = most.unwrap_or(USUAL_COST);
        // The digits of pi and e, and no password's.
        let of_nobody =
            format!("$2y${cost:02}$314159265358979323846u2718281828459045235360287471352");
        Ok(Self { hashes, of_nobody })
    }

    pub(in super::super) fn is_empty(&self) -> bool {
        self.hashes.is_empty()
    }
}

/// The cost of a hash.
fn cost(hash: &str) -> Result<u32, String> {
    let parts: HashParts = hash
        .parse()
        .map_err(|error: bcrypt::BcryptError| error.to_string())?;
    let cost = parts.get_cost();
    match COSTS.contains(&cost) {
        true => Ok(cost),
        false => Err(format!("its cost is {cost}, and not from 4 to 31")),
    }
}

/// Compares passwords, one at a time, and remembers what came of it.
#[derive(Debug, Default)]
pub(in super::super) struct Doorkeeper {
    /// Held while one is compared, also where who asked has gone meanwhile.
    at_work: Arc<tokio::sync::Mutex<()>>,
    known: Arc<Mutex<Known>>,
}

impl Doorkeeper {
    /// Whether who sent this `Authorization` is one of the users.
    pub(in super::super) async fn admits(
        &self,
        users: &Users,
        authorization: Option<&HeaderValue>,
    ) -> bool {
        let Some((user, password)) = authorization.and_then(credentials) else {
            return false;
        };
        let hash = std::str::from_utf8(&user).ok();
        let hash = hash.and_then(|user| users.hashes.get(user));
        let hash = hash.filter(|hash| !hash.is_empty());
        let is_user = hash.is_some();
        let hash = hash.unwrap_or(&users.of_nobody).clone();
        let question = question(&user, &hash, &password);
        if let Some(answer) = lock(&self.known).answer(&question) {
            return answer;
        }
        let at_work = Arc::clone(&self.at_work).lock_owned().await;
        // Somebody else may have asked the same.
        if let Some(answer) = lock(&self.known).answer(&question) {
            return answer;
        }
        let known = Arc::clone(&self.known);
        let compared = tokio::task::spawn_blocking(move || {
            // bcrypt takes no more than the first 72 bytes of a password.
            let same = bcrypt::verify(&password, &hash).unwrap_or(false);
            let answer = same && is_user;
            lock(&known).remember(question, answer);
            drop(at_work);
            answer
        });
        compared.await.unwrap_or(false)
    }
}

fn lock(known: &Mutex<Known>) -> std::sync::MutexGuard<'_, Known> {
    known.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Answers by the digests of their questions: no password lies about. Who guesses drives out no user.
#[derive(Debug, Default)]
struct Known {
    admitted: VecDeque<Digest>,
    refused: VecDeque<Digest>,
}

impl Known {
    fn answer(&self, question: &Digest) -> Option<bool> {
        let has = |answers: &VecDeque<Digest>| answers.iter().any(|known| is_same(known, question));
        if has(&self.admitted) {
            return Some(true);
        }
        has(&self.refused).then_some(false)
    }

    fn remember(&mut self, question: Digest, answer: bool) {
        let answers = match answer {
            true => &mut self.admitted,
            false => &mut self.refused,
        };
        if answers.len() >= REMEMBERED {
            answers.pop_front();
        }
        answers.push_back(question);
    }
}

/// What is asked, so that no two questions are the same: each part with its length.
fn question(user: &[u8], hash: &str, password: &[u8]) -> Digest {
    let mut context = Context::new(&SHA256);
    for part in [user, hash.as_bytes(), password] {
        context.update(&(part.len() as u64).to_le_bytes());
        context.update(part);
    }
    context.finish()
}

/// User and password of a `Basic` authorization (RFC 7617).
fn credentials(authorization: &HeaderValue) -> Option<(Vec<u8>, Vec<u8>)> {
    let bytes = authorization.as_bytes();
    let (scheme, rest) = bytes.split_at_checked("Basic ".len())?;
    if !scheme.eq_ignore_ascii_case(b"Basic ") {
        return None;
    }
    let mut user = STANDARD.decode(rest).ok()?;
    let colon = user.iter().position(|byte| *byte == b':')?;
    let password = user.split_off(colon + 1);
    user.pop();
    Some((user, password))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn basic(text: &str) -> HeaderValue {
        HeaderValue::from_str(&format!("Basic {}", STANDARD.encode(text))).unwrap()
    }

    fn users(of: &[(&str, &str)], cost: u32) -> Users {
        let hashes = of.iter().map(|(user, password)| {
            let hash = bcrypt::hash_with_salt(password, cost, [7; 16]).unwrap();
            (user.to_string(), hash.to_string())
        });
        let of_nobody = Users::new(&BTreeMap::new(), true).unwrap().of_nobody;
        Users {
            hashes: hashes.collect(),
            of_nobody: of_nobody.replace("$10$", &format!("${cost:02}$")),
        }
    }

    #[test]
    fn the_hash_of_nobody_is_one() {
        let nobody = Users::new(&BTreeMap::new(), true).unwrap();
        assert_eq!(cost(&nobody.of_nobody), Ok(USUAL_COST));
        assert!(nobody.is_empty());
        assert!(cost(&nobody.of_nobody.replace("$10$", "$03$")).is_err());
        assert!(cost(&nobody.of_nobody.replace("$10$", "$32$")).is_err());
    }

    #[tokio::test]
    async fn who_knows_the_password_is_let_in_and_nobody_else() {
        let users = users(&[("prometheus", "s3:cret"), ("empty", "")], 4);
        let door = Doorkeeper::default();
        for (text, admitted) in [
            ("prometheus:s3:cret", true),
            ("prometheus:s3:cret", true),
            ("prometheus:s3", false),
            ("prometheus:", false),
            ("empty:", true),
            ("nobody:s3:cret", false),
            ("nobody:", false),
            ("Prometheus:s3:cret", false),
            (":s3:cret", false),
            ("prometheus", false),
        ] {
            let answer = door.admits(&users, Some(&basic(text))).await;
            assert_eq!(answer, admitted, "{text}");
        }
        assert!(!door.admits(&users, None).await);
        for header in [
            "Basic",
            "Basic !!!",
            "Bearer abc",
            "Basic cHJvbWV0aGV1cw",
            "é",
        ] {
            let header = HeaderValue::from_bytes(header.as_bytes()).unwrap();
            assert!(!door.admits(&users, Some(&header)).await, "{header:?}");
        }
        let mut lower = String::from("bAsIc ");
        lower.push_str(&STANDARD.encode("prometheus:s3:cret"));
        let lower = HeaderValue::from_str(&lower).unwrap();
        assert!(door.admits(&users, Some(&lower)).await);
    }

    #[tokio::test]
    async fn what_is_remembered_belongs_to_one_user_hash_and_password() {
        let door = Doorkeeper::default();
        let before = users(&[("a", "secret")], 4);
        assert!(door.admits(&before, Some(&basic("a:secret"))).await);
        let changed = users(&[("a", "another")], 4);
        assert!(!door.admits(&changed, Some(&basic("a:secret"))).await);
        let gone = users(&[("b", "secret")], 4);
        assert!(!door.admits(&gone, Some(&basic("a:secret"))).await);
        // Parts that run into each other make another question.
        let hash = &before.hashes["a"];
        let glued = question(format!("a{hash}").as_bytes(), "", b"secret");
        assert!(!is_same(&glued, &question(b"a", hash, b"secret")));
    }

    #[tokio::test]
    async fn who_guesses_drives_no_user_out_and_what_is_remembered_is_bounded() {
        let door = Doorkeeper::default();
        let users = users(&[("a", "secret")], 4);
        assert!(door.admits(&users, Some(&basic("a:secret"))).await);
        for guess in 0..2 * REMEMBERED {
            let guess = basic(&format!("a:{guess}"));
            assert!(!door.admits(&users, Some(&guess)).await);
        }
        let known = lock(&door.known);
        assert_eq!((known.admitted.len(), known.refused.len()), (1, REMEMBERED));
    }
}
