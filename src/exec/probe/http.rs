//! `http "url" [status N] [body expr]`: a GET, its status and the start of its body.

use std::io::Read;
use std::time::Duration;

use ureq::Agent;

use super::{Answer, apart};
use crate::exec::process::Controller;

/// So much of a body is looked at.
const BODY: u64 = 1 << 20;

pub(super) fn ask(
    url: &str,
    status: Option<u16>,
    body: Option<&str>,
    time: Duration,
    control: &Controller,
) -> Answer {
    let request = Request { url: url.to_owned(), status, body: body.map(str::to_owned), time };
    apart(time, control, move || request.send()).unwrap_or_else(|| {
        let time = crate::value::duration_text(time);
        Err(format!("{url} did not answer within {time}"))
    })
}

struct Request {
    url: String,
    status: Option<u16>,
    body: Option<String>,
    time: Duration,
}

impl Request {
    fn send(&self) -> Answer {
        let url = &self.url;
        // Who asks for a redirection wants to see it.
        let follow = if self.status.is_some_and(|status| status / 100 == 3) { 0 } else { 10 };
        let agent: Agent = Agent::config_builder()
            .http_status_as_error(false)
            .max_redirects(follow)
            .max_redirects_will_error(false)
            .timeout_global(Some(self.time))
            .user_agent(concat!("goalc/", env!("CARGO_PKG_VERSION")))
            .build()
            .into();
        let mut answer = agent.get(url).call().map_err(|error| self.failure(&error))?;
        let status = answer.status().as_u16();
        match self.status {
            Some(wanted) if status != wanted => {
                return Err(format!("{url} answered {status}, not {wanted}"));
            }
            None if status / 100 != 2 => {
                return Err(format!("{url} answered {status}, not 200"));
            }
            _ => {}
        }
        let Some(text) = &self.body else { return Ok(format!("{url} answered {status}")) };
        let mut found = Vec::new();
        let read = answer.body_mut().as_reader().take(BODY).read_to_end(&mut found);
        if contains(&found, text.as_bytes()) {
            return Ok(format!("{url} answered with {text:?}"));
        }
        Err(match read {
            Ok(_) => format!("{url} answered {status}, but its body does not contain {text:?}"),
            Err(error) => format!("{url} answered {status}, but its body cannot be read: {error}"),
        })
    }

    fn failure(&self, error: &ureq::Error) -> String {
        let url = &self.url;
        match error {
            ureq::Error::BadUri(_) | ureq::Error::Http(_) => {
                format!("{url} is no address: it is written as \"http://host/path\"")
            }
            ureq::Error::Timeout(_) => {
                let time = crate::value::duration_text(self.time);
                format!("{url} did not answer within {time}")
            }
            ureq::Error::HostNotFound => format!("{url} did not answer: its host is not known"),
            ureq::Error::ConnectionFailed => {
                format!("{url} did not answer: no connection")
            }
            ureq::Error::Io(error) if error.kind() == std::io::ErrorKind::ConnectionRefused => {
                format!("{url} did not answer: connection refused")
            }
            other => format!("{url} did not answer: {other}"),
        }
    }
}

fn contains(bytes: &[u8], text: &[u8]) -> bool {
    text.is_empty()
        || aho_corasick::AhoCorasick::new([text]).is_ok_and(|search| search.is_match(bytes))
}
