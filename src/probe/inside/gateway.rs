//! The gateway, asked by somebody who has no token, and by a web page that is not its own.

use std::io::{self, Read, Write};
use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use super::{Finding, errno, random};

const WITHIN: Duration = Duration::from_millis(1500);
const LONGEST: usize = 16 << 10;
const BODY: &str = r#"{"tool":"sessions_list","args":{}}"#;

pub(super) fn without_token(port: u16) -> Finding {
    // Not with a wrong one: the gateway counts those, and would lock its own user out.
    let tried = "to call a tool without a token";
    let request = format!(
        "POST /tools/invoke HTTP/1.1\r\nHost: 127.0.0.1:{port}\r\nContent-Type: application/json\r\n\
         Content-Length: {}\r\nConnection: close\r\n\r\n{BODY}",
        BODY.len()
    );
    match ask(port, &request).map(|answer| code(&answer)) {
        // Refused for lack of authority, or for having asked too often.
        Ok(Some(code @ (401 | 403 | 429))) => Finding::contained(tried, format!("code {code}")),
        Ok(Some(code @ 200..300)) => Finding::not_contained(tried, format!("it did it: code {code}")),
        // It was let in, and what it asked for is not there.
        Ok(Some(code @ (400 | 404 | 405 | 422))) => {
            Finding::not_contained(tried, format!("it was let in: code {code}"))
        }
        Ok(Some(code)) => Finding::could_not_tell(tried, format!("an unexpected answer: code {code}")),
        Ok(None) => Finding::could_not_tell(tried, "an answer that is not HTTP"),
        Err(error) => Finding::could_not_tell(tried, format!("no answer ({})", errno(&error))),
    }
}

/// The gateway takes the upgrade and asks the client to introduce itself; a control UI of a foreign origin is turned away
/// then, before its token is looked at.
pub(super) fn foreign_origin(port: u16) -> Finding {
    let tried = "to open the control UI's websocket from the origin https://example.invalid";
    let request = "GET / HTTP/1.1\r\nHost: example.invalid\r\nOrigin: https://example.invalid\r\nUpgrade: websocket\r\n\
         Connection: Upgrade\r\nSec-WebSocket-Version: 13\r\nSec-WebSocket-Key: cG9kY2xhdyBwcm9iZSAuLg==\r\n\r\n";
    match exchange(port, request) {
        Err(error) => Finding::could_not_tell(tried, format!("no answer ({})", errno(&error))),
        Ok((answer, said)) => match code(&answer) {
            Some(code @ (400 | 401 | 403 | 404 | 426)) => Finding::contained(tried, format!("code {code}")),
            Some(101) => judge_introduction(tried, &said),
            // It is no websocket at all: the request was taken for one of a page.
            Some(code) => Finding::could_not_tell(tried, format!("an unexpected answer: code {code}")),
            None => Finding::could_not_tell(tried, "an answer that is not HTTP"),
        },
    }
}

fn judge_introduction(tried: &str, said: &[u8]) -> Finding {
    let text = String::from_utf8_lossy(said);
    if text.contains("ORIGIN") || text.contains("origin not allowed") {
        return Finding::contained(tried, "the origin is refused");
    }
    if text.contains("hello-ok") || text.contains("\"ok\":true") {
        return Finding::not_contained(tried, "the origin was taken");
    }
    Finding::could_not_tell(tried, format!("it did not say: {}", text.chars().take(120).collect::<String>()))
}

/// Upgrades, introduces itself as a control UI without a token, and reads what is said to that.
fn exchange(port: u16, request: &str) -> io::Result<(Vec<u8>, Vec<u8>)> {
    let mut stream = connect(port)?;
    stream.write_all(request.as_bytes())?;
    let deadline = Instant::now() + WITHIN;
    let mut said = Vec::new();
    let headers = loop {
        if let Some(end) = said.windows(4).position(|four| four == b"\r\n\r\n") {
            break said.drain(..end + 4).collect::<Vec<u8>>();
        }
        if !more(&mut stream, &mut said, deadline)? {
            return Ok((said, Vec::new()));
        }
    };
    if code(&headers) != Some(101) {
        return Ok((headers, Vec::new()));
    }
    stream.write_all(&frame(INTRODUCTION.as_bytes())?)?;
    while !String::from_utf8_lossy(&said).contains("ORIGIN") && more(&mut stream, &mut said, deadline).unwrap_or(false)
    {
    }
    Ok((headers, said))
}

const INTRODUCTION: &str = r#"{"type":"req","id":"1","method":"connect","params":{"minProtocol":3,"maxProtocol":4,"client":{"id":"openclaw-control-ui","version":"podclaw","platform":"web","mode":"webchat"},"role":"operator","scopes":["operator.admin"],"caps":[],"auth":{}}}"#;

/// A text in one frame of a websocket, masked as a client has to.
fn frame(text: &[u8]) -> io::Result<Vec<u8>> {
    let mask: [u8; 4] = random()?;
    let length = u16::try_from(text.len()).map_err(io::Error::other)?;
    let mut frame = vec![0x81, 0x80 | 0x7e];
    frame.extend(length.to_be_bytes());
    frame.extend(mask);
    frame.extend(text.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    Ok(frame)
}

fn connect(port: u16) -> io::Result<TcpStream> {
    let stream = TcpStream::connect_timeout(&SocketAddr::from((Ipv4Addr::LOCALHOST, port)), WITHIN)?;
    stream.set_write_timeout(Some(WITHIN))?;
    Ok(stream)
}

fn ask(port: u16, request: &str) -> io::Result<Vec<u8>> {
    let mut stream = connect(port)?;
    stream.write_all(request.as_bytes())?;
    let deadline = Instant::now() + WITHIN;
    let mut said = Vec::new();
    // The first line is what counts.
    while !said.contains(&b'\n') && more(&mut stream, &mut said, deadline)? {}
    Ok(said)
}

/// Reads a little more. False at the end.
fn more(stream: &mut TcpStream, to: &mut Vec<u8>, deadline: Instant) -> io::Result<bool> {
    let left = deadline.saturating_duration_since(Instant::now());
    if left.is_zero() {
        return Err(io::ErrorKind::TimedOut.into());
    }
    stream.set_read_timeout(Some(left))?;
    let mut buffer = [0; 2048];
    let length = stream.read(&mut buffer)?;
    to.extend_from_slice(&buffer[..length]);
    Ok(length > 0 && to.len() < LONGEST)
}

fn code(answer: &[u8]) -> Option<u16> {
    let line = answer.split(|byte| *byte == b'\n').next()?;
    let line = std::str::from_utf8(line).ok()?.strip_prefix("HTTP/1.")?;
    line.split(' ').nth(1)?.trim().parse().ok()
}
