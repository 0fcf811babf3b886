//! Tokens to text, and places in that text back to tokens.

use std::path::Path;

use frame_codegen::source::{SourceId, Sources, Span as TextSpan};
use proc_macro2::{Delimiter, Spacing, Span, TokenStream, TokenTree};

/// The text of some tokens, as one file of a [`Sources`].
pub(crate) struct Text {
    /// Its bytes.
    pub(crate) text: String,
    /// Half-open ranges of bytes, and the token that each is, in order.
    places: Vec<(usize, usize, Span)>,
}

impl Text {
    /// Writes tokens one behind the other: what stood together stands together.
    pub(crate) fn of(tokens: TokenStream) -> Text {
        let mut text = Text { text: String::new(), places: Vec::new() };
        text.stream(tokens);
        text
    }

    /// As a file.
    pub(crate) fn add_to(&self, sources: &mut Sources) -> SourceId {
        sources.add(Path::new("frame_spec!"), self.text.clone())
    }

    /// The first and last token of a place.
    pub(crate) fn tokens(&self, place: TextSpan) -> Option<(Span, Span)> {
        let (start, end) = (place.start as usize, place.end as usize);
        let mut inside = self.places.iter().filter(|(from, to, _)| *from < end && start < *to).map(|(.., span)| *span);
        match inside.next() {
            Some(first) => Some((first, inside.next_back().unwrap_or(first))),
            // Behind the last token.
            None => self.places.last().map(|(.., span)| (*span, *span)),
        }
    }

    fn stream(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    self.word(open, group.span_open(), false);
                    self.stream(group.stream());
                    self.word(close, group.span_close(), false);
                }
                TokenTree::Punct(punct) => {
                    let joint = punct.spacing() == Spacing::Joint || punct.as_char() == '.';
                    if punct.as_char() == '.' && self.text.ends_with(' ') {
                        self.text.pop();
                    }
                    self.word(&punct.as_char().to_string(), punct.span(), joint);
                }
                TokenTree::Ident(ident) => self.word(&ident.to_string(), ident.span(), false),
                TokenTree::Literal(literal) => self.word(&literal.to_string(), literal.span(), false),
            }
        }
    }

    fn word(&mut self, word: &str, span: Span, joint: bool) {
        let start = self.text.len();
        self.text.push_str(word);
        self.places.push((start, self.text.len(), span));
        if !joint {
            self.text.push(' ');
        }
    }
}
