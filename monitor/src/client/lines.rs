//! The lines of an answer.

use super::error::{ClientError, LONGEST_LINE};
use http_body_util::BodyExt;
use hyper::body::{Body, Buf, Bytes};

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

    /// The next line.
    ///
    /// # Errors
    /// [`ClientError::Cut`] where the answer is not whole, [`ClientError::NotAnAnswer`] for what is no line.
    pub(super) async fn next(&mut self) -> Result<Read, ClientError> {
        loop {
            let end = self.part.iter().position(|byte| *byte == b'\n');
            let length = end.unwrap_or(self.part.len());
            if self.begun.len() + length > LONGEST_LINE {
                return Err(ClientError::NotAnAnswer);
            }
            self.begun.extend_from_slice(&self.part[..length]);
            if end.is_some() {
                self.part.advance(length + 1);
                let line = String::from_utf8(std::mem::take(&mut self.begun));
                return Ok(Read::Line(line.map_err(|_| ClientError::NotAnAnswer)?));
            }
            self.part.clear();
            match self.body.frame().await {
                Some(Ok(frame)) => self.part = frame.into_data().unwrap_or_default(),
                None if self.begun.is_empty() => return Ok(Read::End),
                Some(Err(_)) | None => return Err(ClientError::Cut),
            }
        }
    }
}
