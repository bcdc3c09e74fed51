//! Fail points for tests; not in a release build. As a machine that stops: nothing in the process
//! has its say.

/// After how many events this process is to die: `GOALC_CRASH_AFTER`.
pub(super) fn after() -> Option<u64> {
    std::env::var("GOALC_CRASH_AFTER").ok()?.parse().ok()
}

pub(super) fn now() -> ! {
    let _ = rustix::process::kill_process(rustix::process::getpid(), rustix::process::Signal::KILL);
    std::process::abort()
}
