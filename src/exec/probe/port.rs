//! `port N free`: a server could listen there.

use std::io::ErrorKind;
use std::net::{Ipv4Addr, TcpListener, TcpStream};

use super::Answer;

pub(super) fn ask(port: u16) -> Answer {
    let taken = [Ipv4Addr::LOCALHOST, Ipv4Addr::UNSPECIFIED].into_iter().find_map(|address| {
        match TcpListener::bind((address, port)) {
            Ok(_) => None,
            // Low ports are not for everyone to bind; whether one is taken shows from outside.
            Err(error) if error.kind() == ErrorKind::PermissionDenied => {
                TcpStream::connect((Ipv4Addr::LOCALHOST, port)).ok().map(|_| ())
            }
            Err(_) => Some(()),
        }
    });
    match taken {
        None => Ok(format!("port {port} is free")),
        Some(()) => Err(format!("port {port} is not free")),
    }
}
