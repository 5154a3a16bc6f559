//! A small HTTP/1.1 client: one connection kept open, one request at a time. It is small so that
//! it takes little of the CPU it shares with the server.

use std::net::Ipv4Addr;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::Result;

/// One open connection.
#[derive(Debug)]
pub(crate) struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

/// An answer, inside the connection's buffer until the next request.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Answer<'a> {
    /// Status code.
    pub(crate) status: u16,
    /// Status line and headers.
    pub(crate) head: &'a str,
    /// Body.
    pub(crate) body: &'a [u8],
}

impl Answer<'_> {
    /// The cookie it sets, as `name=value`.
    fn cookie(&self) -> Option<&str> {
        header(self.head, "set-cookie")?.split(';').next()
    }

    /// What went wrong, for a message.
    pub(crate) fn complaint(&self) -> String {
        let text = String::from_utf8_lossy(self.body);
        let short: String = text.chars().take(300).collect();
        format!("answered {}: {short}", self.status)
    }
}

fn header<'a>(head: &'a str, name: &str) -> Option<&'a str> {
    head.split("\r\n")
        .filter_map(|l| l.split_once(':'))
        .find(|(n, _)| n.eq_ignore_ascii_case(name))
        .map(|(_, v)| v.trim())
}

/// The bytes of a request.
pub(crate) fn request(method: &str, path: &str, cookie: &str, body: Option<&str>) -> Vec<u8> {
    let mut out = Vec::new();
    write_request(&mut out, method, path, cookie, body);
    out
}

/// The same, into a buffer that is used again.
pub(crate) fn write_request(
    out: &mut Vec<u8>,
    method: &str,
    path: &str,
    cookie: &str,
    body: Option<&str>,
) {
    out.clear();
    let mut add = |parts: &[&str]| parts.iter().for_each(|p| out.extend_from_slice(p.as_bytes()));
    add(&[method, " ", path, " HTTP/1.1\r\nhost: localhost\r\n"]);
    if !cookie.is_empty() {
        add(&["cookie: ", cookie, "\r\n"]);
    }
    match body {
        Some(body) => {
            let length = body.len().to_string();
            add(&["content-type: application/json\r\ncontent-length: ", &length, "\r\n\r\n", body]);
        }
        None => add(&["\r\n"]),
    }
}

impl Connection {
    /// Opens a connection to this machine.
    pub(crate) async fn open(port: u16) -> Result<Self> {
        let stream = TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await?;
        stream.set_nodelay(true)?;
        Ok(Self { stream, buffer: Vec::with_capacity(16 * 1024) })
    }

    /// Sends a request and waits for the whole answer.
    pub(crate) async fn send(&mut self, request: &[u8]) -> Result<Answer<'_>> {
        self.stream.write_all(request).await?;
        self.buffer.clear();
        let mut seen = 0;
        let body_at = loop {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection".into());
            }
            let from = usize::saturating_sub(seen, 3);
            if let Some(at) = self.buffer[from..].windows(4).position(|w| w == b"\r\n\r\n") {
                break from + at + 4;
            }
            seen = self.buffer.len();
        };
        let head = std::str::from_utf8(&self.buffer[..body_at])?;
        let status = head.get(9..12).and_then(|s| s.parse().ok()).ok_or("not an HTTP answer")?;
        let length = match header(head, "content-length") {
            Some(n) => n.parse::<usize>()?,
            None if status == 204 => 0,
            None => return Err("an answer without content-length".into()),
        };
        while self.buffer.len() < body_at + length {
            if self.stream.read_buf(&mut self.buffer).await? == 0 {
                return Err("the server closed the connection inside an answer".into());
            }
        }
        if self.buffer.len() > body_at + length {
            return Err("more bytes than one answer".into());
        }
        let (head, body) = self.buffer.split_at(body_at);
        Ok(Answer { status, head: std::str::from_utf8(head)?, body })
    }

    /// A request outside the measurements: anything but success is an error that names it. Returns
    /// the JSON of the answer and the cookie it sets.
    pub(crate) async fn call(
        &mut self,
        method: &str,
        path: &str,
        cookie: &str,
        body: Option<&Value>,
    ) -> Result<(Value, Option<String>)> {
        let body = body.map(Value::to_string);
        let answer = self.send(&request(method, path, cookie, body.as_deref())).await?;
        if !(200..300).contains(&answer.status) {
            return Err(format!("{method} {path} {}", answer.complaint()).into());
        }
        let cookie = answer.cookie().map(str::to_owned);
        let json =
            header(answer.head, "content-type").is_some_and(|t| t.starts_with("application/json"));
        let value = if json {
            serde_json::from_slice(answer.body)?
        } else {
            Value::String(String::from_utf8_lossy(answer.body).into_owned())
        };
        Ok((value, cookie))
    }
}

/// A text of a JSON object.
pub(crate) fn text<'a>(value: &'a Value, key: &str) -> Result<&'a str> {
    value.get(key).and_then(Value::as_str).ok_or_else(|| format!("the answer has no {key}").into())
}
