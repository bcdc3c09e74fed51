//! Why a request has no result.

use lsp_server::ErrorCode;

/// An error as the editor gets it.
#[derive(Debug)]
pub(super) struct Refusal {
    pub(super) code: ErrorCode,
    pub(super) message: String,
}

impl Refusal {
    /// It was understood and cannot be done; the message is for a person.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self { code: ErrorCode::RequestFailed, message: message.into() }
    }
}

/// A request's result.
pub(super) type Reply<T> = Result<T, Refusal>;
