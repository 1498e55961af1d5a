//! What says who asks, read from files each time it is needed, so that what is renewed there is used. It is kept
//! for as long as a request takes, and shown to nobody.

use super::error::FileError;
use crate::config::{Login, NamedFile};
use crate::plain_file::{self, Unreadable};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use hyper::header::HeaderValue;

/// The most bytes of a password or token: what servers take as one header (nginx 8 KiB, Go 1 MiB).
const LONGEST_SECRET: u64 = 8 << 10;

/// The most bytes of a file with certificates: bundles of all that browsers trust have a quarter.
const LONGEST_PEM: u64 = 1 << 20;

/// The value of the header `Authorization`.
pub(crate) fn authorization(login: &Login) -> Result<HeaderValue, FileError> {
    let (file, text) = match login {
        Login::Basic { username, password } => {
            let plain = format!("{username}:{}", secret(password)?);
            (password, format!("Basic {}", STANDARD.encode(plain)))
        }
        Login::Bearer(token) => (token, format!("Bearer {}", secret(token)?)),
    };
    let mut value = HeaderValue::from_str(&text).map_err(|_| {
        error(
            file,
            "it holds what no header can; is it one line of plain text?",
        )
    })?;
    value.set_sensitive(true);
    Ok(value)
}

/// The bytes of a file with certificates or a key.
pub(super) fn pem(file: &NamedFile) -> Result<Vec<u8>, FileError> {
    read(file, LONGEST_PEM)
}

/// What is in a file, without the blanks and ends of lines around it.
fn secret(file: &NamedFile) -> Result<String, FileError> {
    let bytes = read(file, LONGEST_SECRET)?;
    let text = String::from_utf8(bytes).map_err(|_| error(file, "this is no text"))?;
    match text.trim() {
        "" => Err(error(file, "there is nothing in it")),
        secret => Ok(secret.to_owned()),
    }
}

fn read(file: &NamedFile, limit: u64) -> Result<Vec<u8>, FileError> {
    plain_file::read(&file.path, limit).map_err(|why| {
        let reason = match why {
            Unreadable::Io(source) => source.to_string(),
            Unreadable::NotAFile => "no regular file".to_owned(),
            Unreadable::TooLong => format!("longer than {limit} bytes"),
        };
        error(file, &reason)
    })
}

pub(super) fn error(file: &NamedFile, reason: &str) -> FileError {
    FileError {
        place: file.place.clone(),
        key: file.key,
        path: file.path.clone(),
        reason: reason.to_owned(),
    }
}
