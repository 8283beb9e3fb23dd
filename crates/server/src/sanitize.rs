//! Message bodies: sanitised HTML with a plain-text twin. Everything here is done before a transaction begins.

mod plain_text;

use std::borrow::Cow;
use std::collections::{HashMap, HashSet};
use std::fmt;
use std::sync::LazyLock;

use ammonia::{Builder, UrlRelative};
use recado_protocol::ErrorCode;
use recado_protocol::channel::ChannelMessage;
use recado_protocol::command::MAX_BODY_BYTES;
use recado_protocol::text::{tokens, without_nul};

use crate::core::CoreError;

/// How many bytes of tokens one message brings to the search index. PostgreSQL takes no more than a mebibyte.
const MAX_TOKEN_BYTES: usize = 512 * 1024;
/// How deep a customer's HTML may be nested; what lies deeper is shown as plain text.
const MAX_TAGS: usize = 20_000;

/// A message's body, ready to be stored.
#[derive(Clone, PartialEq, Eq)]
pub struct Body {
    /// Sanitised HTML.
    pub html: String,
    /// The same as plain text.
    pub text: String,
    /// Whether the HTML says more than the text.
    pub rich: bool,
    /// The tokens of the text, for search.
    pub tokens: String,
}

impl fmt::Debug for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Body").field("rich", &self.rich).finish_non_exhaustive()
    }
}

impl Body {
    /// A body of plain text.
    ///
    /// # Errors
    /// [`ErrorCode::InvalidValue`] if it holds nothing but spaces, [`ErrorCode::TooLarge`] beyond [`MAX_BODY_BYTES`].
    pub fn from_text(text: &str) -> Result<Self, CoreError> {
        require_size(text)?;
        let text = without_nul(unix_lines(text).into_owned());
        require_words(&text)?;
        Ok(Self::plain(text))
    }

    /// A customer's message. Where there is HTML, it is the message; the text that came with it stands in where the
    /// HTML has no words.
    ///
    /// # Errors
    /// As [`Body::from_text`].
    pub fn from_message(message: &ChannelMessage) -> Result<Self, CoreError> {
        match (&message.body_html, &message.body_text) {
            (Some(html), text) => {
                require_size(html)?;
                let body = Self::from_html(html);
                match text {
                    Some(text) if body.text.trim().is_empty() && !body.rich => {
                        Self::from_text(text)
                    }
                    _ if body.text.trim().is_empty() && !body.rich => Err(empty()),
                    _ => Ok(body),
                }
            }
            (None, Some(text)) => Self::from_text(text),
            (None, None) => Err(empty()),
        }
    }

    fn from_html(html: &str) -> Self {
        let html = without_nul(html.to_owned());
        if html.bytes().filter(|byte| *byte == b'<').count() > MAX_TAGS {
            return Self::plain(plain_text::without_tags(&html));
        }
        let clean = CLEANER.clean(&html).to_string();
        let read = plain_text::read(&clean);
        if !read.rich {
            return Self::plain(read.text);
        }
        Self { tokens: search_tokens(&read.text), html: clean, text: read.text, rich: true }
    }

    fn plain(text: String) -> Self {
        Self { html: escape(&text), tokens: search_tokens(&text), rich: false, text }
    }
}

fn require_size(text: &str) -> Result<(), CoreError> {
    if text.len() > MAX_BODY_BYTES {
        let message = "The message is longer than one mebibyte; send it in parts.";
        return Err(CoreError::invalid(ErrorCode::TooLarge, message));
    }
    Ok(())
}

fn require_words(text: &str) -> Result<(), CoreError> {
    if text.trim().is_empty() { Err(empty()) } else { Ok(()) }
}

fn empty() -> CoreError {
    CoreError::invalid(ErrorCode::InvalidValue, "The message is empty; write something first.")
}

fn unix_lines(text: &str) -> Cow<'_, str> {
    if text.contains('\r') {
        Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        Cow::Borrowed(text)
    }
}

/// Plain text as HTML: paragraphs where a line is blank, line breaks elsewhere.
fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len() + text.len() / 16 + 7);
    for paragraph in text.split("\n\n").map(|paragraph| paragraph.trim_matches('\n')) {
        if paragraph.trim().is_empty() {
            continue;
        }
        html.push_str("<p>");
        for c in paragraph.chars() {
            match c {
                '&' => html.push_str("&amp;"),
                '<' => html.push_str("&lt;"),
                '>' => html.push_str("&gt;"),
                '"' => html.push_str("&quot;"),
                '\'' => html.push_str("&#39;"),
                '\n' => html.push_str("<br>"),
                c => html.push(c),
            }
        }
        html.push_str("</p>");
    }
    html
}

/// A text's tokens for the index, each once, separated by spaces.
#[must_use]
pub fn search_tokens(text: &str) -> String {
    let mut seen = HashSet::new();
    let mut joined = String::new();
    for token in tokens(text) {
        if joined.len() + token.len() >= MAX_TOKEN_BYTES {
            break;
        }
        if !seen.contains(&token) {
            if !joined.is_empty() {
                joined.push(' ');
            }
            joined.push_str(&token);
            seen.insert(token);
        }
    }
    joined
}

/// What of a customer's HTML stays: text with its structure, links and pictures. Nothing that styles, runs, loads by
/// itself or asks for input.
static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut builder = Builder::empty();
    builder
        .tags(HashSet::from([
            "a",
            "abbr",
            "b",
            "bdi",
            "bdo",
            "blockquote",
            "br",
            "caption",
            "center",
            "cite",
            "code",
            "col",
            "colgroup",
            "dd",
            "del",
            "dfn",
            "div",
            "dl",
            "dt",
            "em",
            "figcaption",
            "figure",
            "h1",
            "h2",
            "h3",
            "h4",
            "h5",
            "h6",
            "hr",
            "i",
            "img",
            "ins",
            "kbd",
            "li",
            "mark",
            "ol",
            "p",
            "pre",
            "q",
            "rp",
            "rt",
            "ruby",
            "s",
            "samp",
            "small",
            "span",
            "strike",
            "strong",
            "sub",
            "sup",
            "table",
            "tbody",
            "td",
            "tfoot",
            "th",
            "thead",
            "time",
            "tr",
            "tt",
            "u",
            "ul",
            "var",
            "wbr",
        ]))
        .clean_content_tags(HashSet::from(["script", "style", "title", "template"]))
        .generic_attributes(HashSet::from(["dir", "lang", "title"]))
        .tag_attributes(HashMap::from([
            ("a", HashSet::from(["href"])),
            ("img", HashSet::from(["src", "alt", "width", "height"])),
            ("ol", HashSet::from(["start"])),
            ("td", HashSet::from(["colspan", "rowspan"])),
            ("th", HashSet::from(["colspan", "rowspan", "scope"])),
            ("time", HashSet::from(["datetime"])),
        ]))
        .url_schemes(HashSet::from(["http", "https", "mailto", "tel", "cid"]))
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"));
    builder
});

#[cfg(test)]
mod tests;
