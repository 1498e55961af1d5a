//! Answers that are made while they are read: a task makes the next part once the reader has taken the one before, so of
//! each reader no more is kept than two parts and what hyper and the kernel hold.

use super::asked::LINES;
use super::rows::Rows;
use axum::body::{Body, Bytes, HttpBody};
use axum::http::{HeaderValue, header};
use axum::response::{IntoResponse, Response};
use hyper::body::Frame;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll};
use tokio::sync::mpsc;
use tokio::task::spawn_blocking;

/// What makes an answer. Once this is dropped the answer is whole.
pub(super) type Parts = mpsc::Sender<io::Result<Bytes>>;

struct Made(mpsc::Receiver<io::Result<Bytes>>);

impl HttpBody for Made {
    type Data = Bytes;
    type Error = io::Error;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<io::Result<Frame<Bytes>>>> {
        let part = self.0.poll_recv(context);
        part.map(|part| part.map(|part| part.map(Frame::data)))
    }
}

/// An answer of lines, and what makes it.
pub(super) fn lines() -> (Parts, Response) {
    let (parts, made) = mpsc::channel(1);
    let answer = ([(header::CONTENT_TYPE, LINES)], Body::new(Made(made)));
    (parts, answer.into_response())
}

/// These rows as an answer, each made when the reader comes to it. One that does not read holds what they are made of,
/// and no thread.
pub(super) fn rows(rows: Rows) -> Response {
    let (parts, mut answer) = lines();
    if let Some(age) = rows.age() {
        let seconds = HeaderValue::from(age.as_secs());
        answer.headers_mut().insert(header::AGE, seconds);
    }
    tokio::spawn(async move {
        let mut rows = rows;
        loop {
            // Only for as long as it takes to make them: no thread waits for the reader.
            let made = spawn_blocking(move || (rows.next_lines(), rows)).await;
            let Ok((lines, rest)) = made else {
                // The answer is not whole, and so it must look.
                let broken = io::Error::other("making the rows broke off");
                let _ = parts.send(Err(broken)).await;
                return;
            };
            if lines.is_empty() || parts.send(Ok(lines.into())).await.is_err() {
                return;
            }
            rows = rest;
        }
    });
    answer
}
