//! The lines of an answer.

use super::error::{ClientError, LONGEST_LINE};
use http_body_util::BodyExt;
use hyper::body::{Body, Buf, Bytes};
use std::io::BufRead;

/// What comes next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Read {
    /// A line, without its end.
    Line(String),
    /// Nothing: the answer is whole.
    End,
}

/// The lines of an answer as they come.
#[derive(Debug)]
pub(super) struct Lines<B> {
    body: B,
    /// What came last, as far as it is not told yet.
    part: Bytes,
    /// The beginning of the next line, which came before.
    begun: Vec<u8>,
}

impl<B: Body<Data = Bytes> + Unpin> Lines<B> {
    pub(super) fn new(body: B) -> Self {
        Self {
            body,
            part: Bytes::new(),
            begun: Vec::new(),
        }
    }

    /// The next line, if all of it has come already.
    ///
    /// # Errors
    /// [`ClientError::NotAnAnswer`] for what is no line.
    pub(super) fn at_hand(&mut self) -> Result<Option<String>, ClientError> {
        // Of memory nothing fails to be read.
        let read = (&self.part[..]).read_until(b'\n', &mut self.begun);
        self.part.advance(read.unwrap_or_default());
        let is_whole = self.begun.pop_if(|last| *last == b'\n').is_some();
        if self.begun.len() > LONGEST_LINE {
            return Err(ClientError::NotAnAnswer);
        }
        let line = is_whole.then(|| String::from_utf8(std::mem::take(&mut self.begun)));
        line.transpose().map_err(|_| ClientError::NotAnAnswer)
    }

    /// The next line.
    ///
    /// # Errors
    /// [`ClientError::Cut`] where the answer is not whole, [`ClientError::NotAnAnswer`] for what is no line.
    pub(super) async fn next(&mut self) -> Result<Read, ClientError> {
        loop {
            if let Some(line) = self.at_hand()? {
                return Ok(Read::Line(line));
            }
            match self.body.frame().await {
                Some(Ok(frame)) => self.part = frame.into_data().unwrap_or_default(),
                None if self.begun.is_empty() => return Ok(Read::End),
                Some(Err(_)) | None => return Err(ClientError::Cut),
            }
        }
    }
}
