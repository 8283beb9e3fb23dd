//! The plain-text twin of sanitised HTML.

/// What sanitised HTML says.
pub(super) struct PlainText {
    /// Its words.
    pub(super) text: String,
    /// Whether the HTML says more than they do: links, lists, emphasis, pictures, tables.
    pub(super) rich: bool,
}

/// Elements that begin on a line of their own.
const BLOCKS: &[&str] = &[
    "blockquote",
    "caption",
    "center",
    "dd",
    "div",
    "dl",
    "dt",
    "figcaption",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "li",
    "ol",
    "p",
    "pre",
    "table",
    "tr",
    "ul",
];
/// Elements with an empty line around them.
const PARAGRAPHS: &[&str] = &[
    "blockquote",
    "dl",
    "figure",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "ol",
    "p",
    "pre",
    "table",
    "ul",
];
/// Elements that say nothing beyond lines and paragraphs.
const PLAIN: &[&str] = &["br", "center", "div", "p", "span", "wbr"];

/// Reads what the sanitiser wrote: well-formed, attributes in double quotes, four character references.
pub(super) fn read(html: &str) -> PlainText {
    let mut out = Writer::default();
    let mut rich = false;
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        out.words(&rest[..start]);
        let (tag, after) = tag(&rest[start..]);
        rest = after;
        let closing = tag.starts_with('/');
        let name = tag.trim_start_matches('/');
        let name = name.split([' ', '>', '\n', '\t']).next().unwrap_or_default();
        rich |= !PLAIN.contains(&name);
        match name {
            "br" => out.line_break(),
            "li" if !closing => {
                out.break_lines(1);
                out.words("- ");
            }
            "td" | "th" if closing => out.gap = true,
            "pre" => {
                out.break_lines(2);
                out.preformatted = !closing;
            }
            _ if PARAGRAPHS.contains(&name) => out.break_lines(2),
            _ if BLOCKS.contains(&name) => out.break_lines(1),
            _ => {}
        }
    }
    out.words(rest);
    PlainText { text: out.text, rich }
}

/// HTML that nobody parsed, without what looks like a tag.
pub(super) fn without_tags(html: &str) -> String {
    let mut out = Writer::default();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        out.words(&rest[..start]);
        rest = tag(&rest[start..]).1;
        out.gap = true;
    }
    out.words(rest);
    out.text
}

/// The tag at the start of `html`, without its brackets, and what follows it. A `>` inside quotes does not end it.
fn tag(html: &str) -> (&str, &str) {
    let mut quoted = false;
    for (index, byte) in html.bytes().enumerate() {
        match byte {
            b'"' => quoted = !quoted,
            b'>' if !quoted => return (&html[1..index], &html[index + 1..]),
            _ => {}
        }
    }
    (&html[1..], "")
}

#[derive(Default)]
struct Writer {
    text: String,
    /// Line breaks that are due before the next word.
    breaks: usize,
    /// Whether a space is due before the next word.
    gap: bool,
    preformatted: bool,
}

impl Writer {
    fn words(&mut self, html: &str) {
        let mut rest = html;
        while let Some(first) = rest.chars().next() {
            let (c, length) = reference(rest).unwrap_or((first, first.len_utf8()));
            rest = &rest[length..];
            if self.preformatted && c == '\n' {
                self.line_break();
            } else if c.is_ascii_whitespace() && !self.preformatted {
                self.gap = true;
            } else {
                self.push(if c == '\u{A0}' { ' ' } else { c });
            }
        }
    }

    fn push(&mut self, c: char) {
        if self.breaks > 0 {
            if !self.text.is_empty() {
                self.text.extend(std::iter::repeat_n('\n', self.breaks));
            }
            (self.breaks, self.gap) = (0, false);
        }
        if self.gap {
            if !self.text.is_empty() && !self.text.ends_with(' ') {
                self.text.push(' ');
            }
            self.gap = false;
        }
        self.text.push(c);
    }

    /// A line break that was asked for; two of them leave a line empty.
    fn line_break(&mut self) {
        self.breaks += 1;
        self.gap = false;
    }

    /// At least so many line breaks.
    fn break_lines(&mut self, count: usize) {
        self.breaks = self.breaks.max(count);
    }
}

/// The character reference at the start of a text, with its length.
fn reference(text: &str) -> Option<(char, usize)> {
    if !text.starts_with('&') {
        return None;
    }
    let known = [
        ("&amp;", '&'),
        ("&lt;", '<'),
        ("&gt;", '>'),
        ("&nbsp;", '\u{A0}'),
        ("&quot;", '"'),
        ("&#39;", '\''),
    ];
    known.iter().find(|(name, _)| text.starts_with(name)).map(|(name, c)| (*c, name.len()))
}
