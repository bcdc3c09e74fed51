//! Source texts and places in them.
//!
//! Owns the files of one compilation and the arithmetic from byte offsets to lines and columns.
//! Knows nothing of the language, and reads no files: the caller brings the text.

mod line_index;
mod map;
mod origin;

pub use line_index::{LineColumn, LineIndex};
pub use map::{FileId, SourceFile, SourceMap, Span, Spanned};
pub use origin::Origin;
