//! A server on this machine that notes what it is asked, and answers as it is told.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpListener;
use std::thread::{self, JoinHandle};

/// What one request held: its headers in small letters, and its body.
pub(crate) type Request = (Vec<String>, Vec<u8>);

/// A server that answers with these statuses, one after the other, and what it was asked.
pub(crate) fn server(statuses: &'static [u16]) -> (String, JoinHandle<Vec<Request>>) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}/hook", listener.local_addr().expect("an address"));
    let answers = move || {
        let mut seen = Vec::new();
        for status in statuses {
            let (mut stream, _) = listener.accept().expect("a caller");
            let mut reader = BufReader::new(stream.try_clone().expect("a stream"));
            let mut headers = Vec::new();
            loop {
                let mut line = String::new();
                reader.read_line(&mut line).expect("a header");
                if line.trim().is_empty() {
                    break;
                }
                headers.push(line.trim().to_owned());
            }
            let length = headers.iter().find_map(|header| {
                let (name, value) = header.split_once(':')?;
                name.eq_ignore_ascii_case("content-length").then(|| value.trim().parse().ok())?
            });
            let mut body = vec![0; length.unwrap_or(0)];
            reader.read_exact(&mut body).expect("a body");
            let answer =
                format!("HTTP/1.1 {status} X\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
            stream.write_all(answer.as_bytes()).expect("an answer");
            seen.push((headers, body));
        }
        seen
    };
    (address, thread::spawn(answers))
}

pub(crate) fn has(request: &Request, name: &str, value: &str) -> bool {
    request.0.iter().any(|header| {
        header
            .split_once(':')
            .is_some_and(|(known, text)| known.eq_ignore_ascii_case(name) && text.trim() == value)
    })
}
