//! Waiting for a process, its output and orders at once, without cost.

use std::os::fd::{AsFd, BorrowedFd};
use std::time::Duration;

use rustix::event::{PollFd, PollFlags, Timespec, poll};

use super::control::Listening;
use super::leader::Leader;
use super::output::Output;

/// Where something happened.
#[derive(Debug, Clone, Copy)]
pub(super) enum Source {
    /// One of the output's streams.
    Stream(usize),
    Leader,
    Control,
}

/// Sleeps until something happens, for `timeout` at most; says where.
pub(super) fn ready(
    listening: &Listening,
    leader: &Leader,
    output: &Output<'_>,
    timeout: Option<Duration>,
) -> Vec<Source> {
    let mut sources: Vec<(Source, BorrowedFd<'_>)> =
        vec![(Source::Control, listening.wake.as_fd())];
    for (which, stream) in output.streams.iter().enumerate() {
        sources.extend(stream.as_ref().map(|s| (Source::Stream(which), s.pipe.as_fd())));
    }
    if leader.exit.is_none() {
        sources.push((Source::Leader, leader.handle.as_fd()));
    }
    let fd = |(_, source): &(Source, _)| PollFd::from_borrowed_fd(*source, PollFlags::IN);
    let mut polled: Vec<PollFd<'_>> = sources.iter().map(fd).collect();
    if poll(&mut polled, timeout.map(timespec).as_ref()).is_err() {
        return Vec::new();
    }
    let happened = sources.iter().zip(&polled).filter(|(_, fd)| !fd.revents().is_empty());
    happened.map(|((what, _), _)| *what).collect()
}

/// Whether a stream has something to be read now.
pub(super) fn has_input(output: &Output<'_>, which: usize) -> bool {
    let Some(Some(stream)) = output.streams.get(which) else { return false };
    let mut one = [PollFd::new(&stream.pipe, PollFlags::IN)];
    poll(&mut one, Some(&timespec(Duration::ZERO))).is_ok_and(|ready| ready > 0)
}

fn timespec(length: Duration) -> Timespec {
    Timespec {
        tv_sec: i64::try_from(length.as_secs()).unwrap_or(i64::MAX),
        tv_nsec: length.subsec_nanos().into(),
    }
}
