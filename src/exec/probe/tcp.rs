//! `tcp "host:port"`: something takes a connection there.

use std::io::ErrorKind;
use std::net::{TcpStream, ToSocketAddrs};
use std::time::Duration;

use super::{Answer, apart};
use crate::exec::process::Controller;

pub(super) fn ask(address: &str, time: Duration, control: &Controller) -> Answer {
    let target = address.to_owned();
    // Names are looked up there too, which has no bound of its own.
    apart(time, control, move || connect(&target, time)).unwrap_or_else(|| {
        let time = crate::value::duration_text(time);
        Err(format!("tcp \"{address}\" did not answer within {time}"))
    })
}

fn connect(address: &str, time: Duration) -> Answer {
    let found = address.to_socket_addrs().map_err(|error| match error.kind() {
        ErrorKind::InvalidInput => {
            format!("tcp \"{address}\" is no address: it is written as \"host:port\"")
        }
        _ => format!("tcp \"{address}\": its host is not known: {error}"),
    })?;
    let mut why = "no address belongs to its name".to_owned();
    for one in found {
        match TcpStream::connect_timeout(&one, time) {
            Ok(_) => return Ok(format!("tcp \"{address}\" takes connections")),
            Err(error) => why = reason(&error),
        }
    }
    Err(format!("tcp \"{address}\" does not take connections: {why}"))
}

fn reason(error: &std::io::Error) -> String {
    match error.kind() {
        ErrorKind::ConnectionRefused => "connection refused".to_owned(),
        ErrorKind::TimedOut => "no answer".to_owned(),
        _ => error.to_string(),
    }
}
