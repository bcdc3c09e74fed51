//! Which request is answered by what.

use gen_lsp_types as lsp;
use gen_lsp_types::Request as Known;
use lsp_server::{ErrorCode, Request};
use serde_json::Value;

use super::reply::{Refusal, Reply};
use super::session::Session;
use super::view::View;
use super::{action, call, completion, edit, hover, name, outline, rename, token};

/// Answers a request from what was checked; the result as JSON.
pub(super) fn answer(session: &Session, request: Request) -> Reply<String> {
    let Request { method, params, .. } = request;
    let asked = Asked { session, method: &method, params };
    asked.about_places().or_else(Asked::about_files).or_else(Asked::about_more).unwrap_or_else(
        |asked| {
            Err(Refusal {
                code: ErrorCode::MethodNotFound,
                message: format!("`{}` is not known", asked.method),
            })
        },
    )
}

struct Asked<'a> {
    session: &'a Session,
    method: &'a str,
    params: Value,
}

/// The answer, or the question again where it is another's.
type Turn<'a> = Result<Reply<String>, Asked<'a>>;

macro_rules! turns {
    ($asked:ident: $($request:ty => $answer:expr;)*) => {
        match $asked.method {
            $(method if method == <$request as Known>::METHOD.as_str() => {
                Ok($asked.take::<$request>($answer))
            })*
            _ => Err($asked),
        }
    };
}

impl<'a> Asked<'a> {
    fn take<R: Known>(
        self,
        answer: impl FnOnce(&'a Session, R::Params) -> Reply<R::Result>,
    ) -> Reply<String> {
        let wrong = |error: serde_json::Error| Refusal {
            code: ErrorCode::InvalidParams,
            message: error.to_string(),
        };
        let params = serde_json::from_value(self.params).map_err(wrong)?;
        // Not by way of a `Value`: results may be large.
        serde_json::to_string(&answer(self.session, params)?).map_err(wrong)
    }

    fn about_places(self) -> Turn<'a> {
        turns! { self:
            lsp::HoverRequest => |session, params| {
                Ok(at(session, &params.text_document_position_params).and_then(|(view, offset)| hover::hover(view, offset)))
            };
            lsp::CompletionRequest => |session, params| {
                let place = at(session, &params.text_document_position_params);
                Ok(place.map(|(view, offset)| completion::completions(view, offset).into()))
            };
            lsp::DefinitionRequest => |session, params| {
                let place = at(session, &params.text_document_position_params);
                let found = place.and_then(|(view, offset)| name::definition(view, offset));
                Ok(found.map(|location| lsp::Definition::from(location).into()))
            };
            lsp::ReferencesRequest => |session, params| {
                let place = at(session, &params.text_document_position_params);
                let declared = params.context.include_declaration;
                Ok(place.map(|(view, offset)| name::references(view, offset, declared)))
            };
            lsp::PrepareRenameRequest => |session, params| {
                let place = at(session, &params.text_document_position_params);
                Ok(place.and_then(|(view, offset)| rename::prepare(view, offset)).map(Into::into))
            };
            lsp::RenameRequest => |session, params| {
                let place = at(session, &params.text_document_position_params);
                let Some((view, offset)) = place else { return Ok(None) };
                rename::rename(view, offset, &params.new_name).map(Some)
            };
            lsp::CallHierarchyPrepareRequest => |session, params| {
                let place = at(session, &params.text_document_position_params);
                Ok(place.and_then(|(view, offset)| call::prepare(view, offset)))
            };
        }
    }

    fn about_files(self) -> Turn<'a> {
        turns! { self:
            lsp::DocumentFormattingRequest => |session, params| {
                Ok(session.view(&params.text_document.uri).map(|view| edit::formatted(view, None)))
            };
            lsp::DocumentRangeFormattingRequest => |session, params| {
                let view = session.view(&params.text_document.uri);
                Ok(view.map(|view| edit::formatted(view, Some(params.range))))
            };
            lsp::CodeActionRequest => |session, params| {
                let view = session.view(&params.text_document.uri);
                Ok(view.map(|view| action::actions(view, params.range, &params.context)))
            };
            lsp::DocumentSymbolRequest => |session, params| {
                let view = session.view(&params.text_document.uri);
                Ok(view.map(|view| outline::symbols(view).into()))
            };
            lsp::FoldingRangeRequest => |session, params| {
                Ok(session.view(&params.text_document.uri).map(outline::folds))
            };
            lsp::SemanticTokensRequest => |session, params| {
                let view = session.view(&params.text_document.uri);
                Ok(view.map(|view| token::tokens(view, None)))
            };
            lsp::SemanticTokensRangeRequest => |session, params| {
                let view = session.view(&params.text_document.uri);
                Ok(view.map(|view| token::tokens(view, Some(params.range))))
            };
            lsp::InlayHintRequest => |session, params| {
                let view = session.view(&params.text_document.uri);
                Ok(view.map(|view| outline::hints(view, params.range)))
            };
            lsp::CodeLensRequest => |session, params| {
                Ok(session.view(&params.text_document.uri).map(outline::lenses))
            };
        }
    }

    fn about_more(self) -> Turn<'a> {
        turns! { self:
            lsp::WorkspaceSymbolRequest => |session, params| {
                Ok(Some(name::everywhere(session, &params.query).into()))
            };
            lsp::CallHierarchyIncomingCallsRequest => |session, params| {
                Ok(call::incoming(session, &params.item))
            };
            lsp::CallHierarchyOutgoingCallsRequest => |session, params| {
                Ok(call::outgoing(session, &params.item))
            };
        }
    }
}

fn at<'a>(
    session: &'a Session,
    place: &lsp::TextDocumentPositionParams,
) -> Option<(View<'a>, usize)> {
    let view = session.view(&place.text_document.uri)?;
    Some((view, view.offset(place.position)))
}
