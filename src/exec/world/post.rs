//! One request with JSON to an address, tried again where that may help.
//!
//! Knows nothing of what is sent. Invariant: it has an end, whatever the other side does, and what
//! it says of a failure does not name the address.

use std::time::Duration;

/// One try takes no longer.
const TRY: Duration = Duration::from_secs(10);

/// Sends JSON; after a failure that may pass, again behind each of these pauses.
///
/// # Errors
/// It was not taken, and why.
pub fn post_json(
    url: &str,
    headers: &[(String, String)],
    body: &str,
    pauses: &[Duration],
) -> Result<(), String> {
    let mut pauses = pauses.iter();
    loop {
        // No answer, or one that says that it is not its fault.
        let (why, again) = match post_once(url, headers, body) {
            Ok(()) => return Ok(()),
            Err(refused) => refused,
        };
        match pauses.next() {
            Some(pause) if again => std::thread::sleep(*pause),
            _ => return Err(why),
        }
    }
}

fn post_once(url: &str, headers: &[(String, String)], body: &str) -> Result<(), (String, bool)> {
    let agent: ureq::Agent = ureq::Agent::config_builder()
        .http_status_as_error(false)
        .max_redirects(0)
        .timeout_global(Some(TRY))
        .user_agent(concat!("goalc/", env!("CARGO_PKG_VERSION")))
        .build()
        .into();
    let mut request = agent.post(url).header("Content-Type", "application/json");
    for (name, value) in headers {
        request = request.header(name, value);
    }
    match request.send(body) {
        Ok(answer) => match answer.status().as_u16() {
            200..=299 => Ok(()),
            status @ (408 | 429 | 500..=599) => Err((format!("answered {status}"), true)),
            status => Err((format!("answered {status}"), false)),
        },
        Err(ureq::Error::BadUri(_) | ureq::Error::Http(_)) => {
            Err(("is no address, or a header is not one".to_owned(), false))
        }
        Err(error) => Err((format!("did not answer: {error}"), true)),
    }
}
