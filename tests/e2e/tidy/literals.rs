//! The string literals of a Rust source, without its comments.

/// A string literal and the line on which it begins.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Literal {
    pub(super) line: usize,
    pub(super) text: String,
}

/// Finds every string literal, raw ones included. Escapes stay as they are written.
pub(super) fn string_literals(source: &str) -> Vec<Literal> {
    let bytes = source.as_bytes();
    let mut found = Vec::new();
    let mut line = 1;
    let mut at = 0;
    while at < bytes.len() {
        let rest = &source[at..];
        let (taken, literal) = token(rest, at > 0 && is_word(bytes[at - 1]));
        if let Some(text) = literal {
            found.push(Literal { line, text: text.to_owned() });
        }
        line += rest[..taken].matches('\n').count();
        at += taken;
    }
    found
}

/// The length of the next piece of source, and its content if it is a string literal. `in_word` says that a word stands
/// directly before it.
fn token(rest: &str, in_word: bool) -> (usize, Option<&str>) {
    if rest.starts_with("//") {
        return (rest.find('\n').unwrap_or(rest.len()), None);
    }
    if rest.starts_with("/*") {
        return (block_comment(rest), None);
    }
    if let Some(body) = rest.strip_prefix('"') {
        let end = closing_quote(body);
        return ((end + 2).min(rest.len()), Some(&body[..end]));
    }
    if !in_word && let Some((taken, text)) = raw_string(rest) {
        return (taken, Some(text));
    }
    if rest.starts_with('\'') {
        return (char_or_lifetime(rest), None);
    }
    (rest.chars().next().map_or(1, char::len_utf8), None)
}

/// Comments nest.
fn block_comment(rest: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < rest.len() {
        let here = &rest.as_bytes()[at..];
        if here.starts_with(b"/*") {
            depth += 1;
            at += 2;
        } else if here.starts_with(b"*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += 1;
        }
    }
    rest.len()
}

/// How many bytes stand before the quote that ends a literal.
fn closing_quote(text: &str) -> usize {
    let mut escaped = false;
    for (at, byte) in text.bytes().enumerate() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' => escaped = true,
            b'"' => return at,
            _ => {}
        }
    }
    text.len()
}

/// `r"…"`, `r#"…"#` and their byte and C forms.
fn raw_string(rest: &str) -> Option<(usize, &str)> {
    let after_prefix = ["r", "br", "cr"].iter().find_map(|prefix| rest.strip_prefix(prefix))?;
    let hashes = after_prefix.bytes().take_while(|byte| *byte == b'#').count();
    let body = after_prefix[hashes..].strip_prefix('"')?;
    let end = body.find(&format!("\"{}", "#".repeat(hashes))).unwrap_or(body.len());
    let taken = rest.len() - body.len() + end + 1 + hashes;
    Some((taken.min(rest.len()), &body[..end]))
}

/// A character literal may hold a quote; a lifetime is a word after one.
fn char_or_lifetime(rest: &str) -> usize {
    let mut inner = rest[1..].char_indices();
    match (inner.next(), inner.next()) {
        // An escape: the literal ends at the first quote after the escaped character.
        (Some((_, '\\')), Some((at, escaped))) => {
            let start = 1 + at + escaped.len_utf8();
            rest[start..].find('\'').map_or(rest.len(), |end| start + end + 1)
        }
        (Some(_), Some((at, '\''))) => 1 + at + 1,
        _ => 1,
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(source: &str) -> Vec<String> {
        string_literals(source).into_iter().map(|literal| literal.text).collect()
    }

    #[test]
    fn literals_are_found_and_comments_are_not() {
        let source = r##"
            // "in a comment"
            /* "in a /* nested */ block" */
            let a = "one \" quote"; let b = r#"raw "two""#; let c = b"three";
            let d = '"'; let e = '\''; fn f<'a>(x: &'a str) -> &'a str { "four" }
        "##;
        assert_eq!(texts(source), [r#"one \" quote"#, r#"raw "two""#, "three", "four"]);
    }

    #[test]
    fn a_literal_knows_its_line_and_may_span_several() {
        let literals = string_literals("let a = 1;\nlet b = \"x\n y\";\nlet c = \"z\";");
        assert_eq!(literals[0], Literal { line: 2, text: "x\n y".to_owned() });
        assert_eq!(literals[1].line, 4);
    }

    #[test]
    fn an_unfinished_source_does_not_panic() {
        for source in ["\"", "\"\\", "r#\"", "'", "'\\", "/*", "//", "'\\u{", "é'é", "r"] {
            string_literals(source);
        }
    }
}
