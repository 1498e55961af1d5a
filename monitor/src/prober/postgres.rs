//! PostgreSQL as a client that logs in and then rests: the frontend protocol 3.0 (PostgreSQL documentation, "Frontend/Backend
//! Protocol"), as far as that takes, with SCRAM-SHA-256 (RFC 5802, RFC 7677).

use super::line::Line;
use super::trouble::Trouble;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use monitor_model::format::printable;
use ring::{digest, hmac, pbkdf2};
use std::num::NonZeroU32;

/// Asks whether there is TLS; one byte answers.
pub(super) const ASKS_FOR_TLS: [u8; 8] = [0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f];

/// The word after a silence: Sync, which ReadyForQuery answers.
pub(super) const SYNC: [u8; 5] = [b'S', 0, 0, 0, 4];

/// The longest message that is read, in bytes.
const LONGEST: usize = 16 << 10;

/// Messages until a login is done, at most.
const MOST_MESSAGES: u32 = 100;

/// The most rounds of a password's hash: the server says how many, and asks for 4,096 by default.
const MOST_ROUNDS: u32 = 200_000;

/// The one way to log in with a password.
const SCRAM: &str = "SCRAM-SHA-256";

/// Who logs in, and where.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Login {
    pub(super) user: String,
    pub(super) database: String,
}

/// Logs in; a password is in the variable PGPASSWORD, if one is needed. The nonce is of this connection alone.
pub(super) async fn log_in(
    line: &mut Line,
    login: &Login,
    password: Option<&str>,
    nonce: &str,
) -> Result<(), Trouble> {
    line.say(&startup(login)).await?;
    let mut scram = None;
    for _ in 0..MOST_MESSAGES {
        let (tag, body) = line.hear(LONGEST, message).await?;
        match tag {
            b'R' => {
                let (code, rest) = body.split_first_chunk().ok_or_else(stranger)?;
                match i32::from_be_bytes(*code) {
                    0 => {}
                    10 if says(rest, SCRAM) => {
                        let password = password.ok_or_else(|| {
                            nonsense("it asks for a password: set PGPASSWORD".to_owned())
                        })?;
                        let first = Scram::new(password, nonce);
                        line.say(&first.begins()).await?;
                        scram = Some(first);
                    }
                    11 => {
                        let scram = scram.as_mut().ok_or_else(stranger)?;
                        let proof = scram.proves(rest).ok_or_else(stranger)?;
                        line.say(&packed(b'p', proof.as_bytes())).await?;
                    }
                    12 if scram.as_ref().is_some_and(|scram| scram.is_proven(rest)) => {}
                    12 => return Err(nonsense("it does not know the password itself".to_owned())),
                    _ => {
                        return Err(nonsense(format!(
                            "it asks for another way to log in than {SCRAM} or none"
                        )));
                    }
                }
            }
            b'Z' => return Ok(()),
            b'E' => return Err(refusal(&body)),
            b'S' | b'K' | b'N' | b'v' => {}
            _ => return Err(stranger()),
        }
    }
    Err(stranger())
}

/// Waits for what answers [`SYNC`].
pub(super) async fn ready(line: &mut Line) -> Result<(), Trouble> {
    for _ in 0..MOST_MESSAGES {
        match line.hear(LONGEST, message).await? {
            (b'Z', _) => return Ok(()),
            (b'S' | b'N', _) => {}
            (b'E', body) => return Err(refusal(&body)),
            _ => return Err(stranger()),
        }
    }
    Err(stranger())
}

/// A message: its letter, and what it says.
type Message = (u8, Vec<u8>);

/// Reads a message as a whole, and how long it is.
fn message(held: &[u8]) -> Result<Option<(usize, Message)>, Trouble> {
    let Some((head, rest)) = held.split_first_chunk::<5>() else {
        return Ok(None);
    };
    let [tag, length @ ..] = *head;
    // Its length counts itself.
    let length = u32::from_be_bytes(length) as usize;
    let body = length.checked_sub(4).filter(|_| length < LONGEST);
    let body = body.ok_or_else(stranger)?;
    let whole = rest.get(..body);
    Ok(whole.map(|body| (1 + length, (tag, body.to_vec()))))
}

fn startup(login: &Login) -> Vec<u8> {
    let mut body = vec![0, 3, 0, 0];
    for word in [
        "user",
        &login.user,
        "database",
        &login.database,
        "application_name",
        "tcplull probe",
    ] {
        body.extend(word.bytes().filter(|byte| *byte != 0));
        body.push(0);
    }
    body.push(0);
    let mut packed = (body.len() as u32 + 4).to_be_bytes().to_vec();
    packed.extend(body);
    packed
}

fn packed(tag: u8, body: &[u8]) -> Vec<u8> {
    let mut packed = vec![tag];
    packed.extend((body.len() as u32 + 4).to_be_bytes());
    packed.extend(body);
    packed
}

/// Whether one of the words that end with a zero byte is that.
fn says(words: &[u8], word: &str) -> bool {
    words
        .split(|byte| *byte == 0)
        .any(|one| one == word.as_bytes())
}

/// Too many clients (PostgreSQL documentation, "PostgreSQL Error Codes").
const TOO_MANY_CONNECTIONS: &[u8] = b"53300";

/// What an error says: its code in the field C, and in words in the field M.
fn refusal(body: &[u8]) -> Trouble {
    let field = |name: u8| {
        let mut fields = body.split(|byte| *byte == 0);
        fields.find_map(|field| field.strip_prefix(&[name]))
    };
    if field(b'C') == Some(TOO_MANY_CONNECTIONS) {
        return Trouble::Full;
    }
    let text = String::from_utf8_lossy(field(b'M').unwrap_or_default()).into_owned();
    nonsense(format!("it says: {}", printable(&text)))
}

fn nonsense(what: String) -> Trouble {
    Trouble::Nonsense(what)
}

fn stranger() -> Trouble {
    nonsense("it does not answer as PostgreSQL does".to_owned())
}

/// One login by SCRAM.
struct Scram {
    password: String,
    nonce: String,
    /// What the server has to show.
    server: Option<(hmac::Key, String)>,
}

impl Scram {
    fn new(password: &str, nonce: &str) -> Self {
        Self {
            password: password.to_owned(),
            nonce: nonce.to_owned(),
            server: None,
        }
    }

    /// The server knows the user from the start.
    fn bare(&self) -> String {
        format!("n=,r={}", self.nonce)
    }

    fn begins(&self) -> Vec<u8> {
        let first = format!("n,,{}", self.bare());
        let mut body = SCRAM.as_bytes().to_vec();
        body.push(0);
        body.extend((first.len() as u32).to_be_bytes());
        body.extend(first.bytes());
        packed(b'p', &body)
    }

    /// What answers the server's first message; `None` where that is none.
    fn proves(&mut self, first: &[u8]) -> Option<String> {
        let first = std::str::from_utf8(first).ok()?;
        let mut parts = first.split(',');
        let nonce = parts.next()?.strip_prefix("r=")?;
        let salt = STANDARD.decode(parts.next()?.strip_prefix("s=")?).ok()?;
        let rounds: u32 = parts.next()?.strip_prefix("i=")?.parse().ok()?;
        let rounds = NonZeroU32::new(rounds).filter(|rounds| rounds.get() <= MOST_ROUNDS)?;
        let own = nonce.strip_prefix(self.nonce.as_str())?;
        if own.is_empty() {
            return None;
        }
        let mut salted = [0; digest::SHA256_OUTPUT_LEN];
        let sha = pbkdf2::PBKDF2_HMAC_SHA256;
        pbkdf2::derive(sha, rounds, &salt, self.password.as_bytes(), &mut salted);
        let salted = hmac::Key::new(hmac::HMAC_SHA256, &salted);
        let client = hmac::sign(&salted, b"Client Key");
        let stored = digest::digest(&digest::SHA256, client.as_ref());
        let stored = hmac::Key::new(hmac::HMAC_SHA256, stored.as_ref());
        let last = format!("c=biws,r={nonce}");
        let all = format!("{},{first},{last}", self.bare());
        let signature = hmac::sign(&stored, all.as_bytes());
        let bytes = client.as_ref().iter().zip(signature.as_ref());
        let proof: Vec<u8> = bytes.map(|(one, other)| one ^ other).collect();
        let server = hmac::sign(&salted, b"Server Key");
        self.server = Some((hmac::Key::new(hmac::HMAC_SHA256, server.as_ref()), all));
        Some(format!("{last},p={}", STANDARD.encode(proof)))
    }

    /// Whether the server shows that it knows the password.
    fn is_proven(&self, last: &[u8]) -> bool {
        let shown = last.strip_prefix(b"v=");
        let shown = shown.and_then(|shown| STANDARD.decode(shown).ok());
        self.server
            .as_ref()
            .zip(shown)
            .is_some_and(|(server, shown)| {
                let (key, all) = server;
                hmac::verify(key, all.as_bytes(), &shown).is_ok()
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_login_proves_the_password_and_holds_the_server_to_it() {
        // The nonce and the answers of the example in RFC 7677, section 3, but for the user, whom PostgreSQL has already.
        let mut scram = Scram::new("pencil", "rOprNGfwEbeRWgbNEkqO");
        let first = "r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,s=W22ZaJ0SNY7soEsUEjb6gQ==,i=4096";
        let proof = scram.proves(first.as_bytes()).unwrap();
        let last = "c=biws,r=rOprNGfwEbeRWgbNEkqO%hvYDpWUa2RaTCAfuxFIlj)hNlF$k0,p=";
        assert!(proof.starts_with(last), "{proof}");
        let (key, all) = scram.server.clone().unwrap();
        let shown = STANDARD.encode(hmac::sign(&key, all.as_bytes()));
        assert!(scram.is_proven(format!("v={shown}").as_bytes()));
        assert!(!scram.is_proven(b"v=6rriTRBi23WpRR/wtup+mMhUZUn/dB5nLTJRsjl95G4="));
        assert!(!scram.is_proven(b"e=other-error"));
    }

    #[test]
    fn what_a_server_may_not_ask_for_is_no_first_message() {
        for first in [
            "",
            "r=mine,s=AAAA,i=4096",
            "r=other-more,s=AAAA,i=4096",
            "r=mine-more,s=?,i=4096",
            "r=mine-more,s=AAAA,i=0",
            "r=mine-more,s=AAAA,i=4000000000",
        ] {
            let mut scram = Scram::new("pencil", "mine");
            assert_eq!(scram.proves(first.as_bytes()), None, "{first}");
        }
    }

    #[test]
    fn messages_are_read_as_a_whole_and_within_bounds() {
        let ready = b"Z\0\0\0\x05I";
        assert_eq!(message(ready), Ok(Some((6, (b'Z', b"I".to_vec())))));
        assert_eq!(message(&ready[..5]), Ok(None));
        assert_eq!(message(&ready[..3]), Ok(None));
        for wrong in [b"Z\0\0\0\x03I", b"Z\x7f\xff\xff\xffI", b"SSH-2."] {
            assert!(message(wrong).is_err(), "{wrong:?}");
        }
        let Trouble::Nonsense(told) = refusal(b"SFATAL\0C28P01\0Mno \x1b such user\0\0") else {
            panic!("an error is told");
        };
        assert!(
            told.contains("such user") && !told.contains('\u{1b}'),
            "{told}"
        );
        let many = b"SFATAL\0C53300\0Msorry, too many clients already\0\0";
        assert_eq!(refusal(many), Trouble::Full);
    }
}
