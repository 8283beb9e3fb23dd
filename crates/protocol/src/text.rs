//! Text shared by both sides: the one tokeniser of search, previews and clean-up.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

/// The longest token that is indexed, in characters; what is longer is cut.
const MAX_TOKEN_CHARS: usize = 40;
/// How many characters of a message its preview holds.
pub const PREVIEW_CHARS: usize = 120;

/// Whether a character belongs to a script that is written without spaces, and so is indexed in
/// pairs.
fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x3040..=0x30FF      // Hiragana, Katakana
        | 0x3400..=0x4DBF    // CJK extension A
        | 0x4E00..=0x9FFF    // CJK unified ideographs
        | 0xAC00..=0xD7AF    // Hangul syllables
        | 0xF900..=0xFAFF    // CJK compatibility ideographs
        | 0x2_0000..=0x3_134F // CJK extensions B to G
    )
}

/// Case and accent folding: compatibility decomposition without its marks, recomposed, lower case.
fn fold(text: &str) -> String {
    text.nfkd().filter(|c| !is_combining_mark(*c)).nfc().flat_map(char::to_lowercase).collect()
}

/// Splits folded text into words and into runs of unspaced script.
fn runs(folded: &str) -> Vec<(bool, Vec<char>)> {
    let mut runs: Vec<(bool, Vec<char>)> = Vec::new();
    let mut open = false;
    for c in folded.chars() {
        if !c.is_alphanumeric() {
            open = false;
            continue;
        }
        let unspaced = is_unspaced(c);
        match runs.last_mut() {
            Some((kind, run)) if open && *kind == unspaced => run.push(c),
            _ => runs.push((unspaced, vec![c])),
        }
        open = true;
    }
    runs
}

/// The tokens of a text, in order. Words are folded; a run of Chinese, Japanese or Korean gives
/// each pair of neighbours and its last character, so that one character finds it too.
pub fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    for (unspaced, run) in runs(&fold(text)) {
        if unspaced {
            tokens.extend(run.windows(2).map(|pair| pair.iter().collect::<String>()));
            tokens.extend(run.last().map(char::to_string));
        } else {
            tokens.push(run.into_iter().take(MAX_TOKEN_CHARS).collect());
        }
    }
    tokens
}

/// One term of a search: every term of a query has to match.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QueryTerm {
    /// A token as [`tokens`] makes them.
    pub token: String,
    /// Whether tokens that begin with it match as well.
    pub prefix: bool,
}

/// The terms of a search as somebody types it. The last word may be unfinished and so matches as a
/// prefix, unless a space follows it.
pub fn query_terms(query: &str) -> Vec<QueryTerm> {
    let unfinished = query.chars().next_back().is_some_and(char::is_alphanumeric);
    let runs = runs(&fold(query));
    let last_run = runs.len().wrapping_sub(1);
    let mut terms: Vec<QueryTerm> = Vec::new();
    for (index, (unspaced, run)) in runs.into_iter().enumerate() {
        let mut push = |token: String, prefix| {
            if !terms.iter().any(|term| term.token == token) {
                terms.push(QueryTerm { token, prefix });
            }
        };
        match (unspaced, run.as_slice()) {
            (true, [only]) => push(only.to_string(), true),
            (true, run) => run.windows(2).for_each(|pair| push(pair.iter().collect(), false)),
            (false, run) => {
                push(run.iter().take(MAX_TOKEN_CHARS).collect(), unfinished && index == last_run)
            }
        }
    }
    terms
}

/// A message's first words on one line, at most [`PREVIEW_CHARS`] characters.
pub fn preview(body_text: &str) -> String {
    let mut preview = String::new();
    let mut chars = 0;
    for word in body_text.split_whitespace() {
        let gap = usize::from(!preview.is_empty());
        for c in std::iter::repeat_n(' ', gap).chain(word.chars()) {
            if chars == PREVIEW_CHARS - 1 {
                preview.push('…');
                return preview;
            }
            preview.push(c);
            chars += 1;
        }
    }
    preview
}

/// Replaces U+0000, which PostgreSQL cannot store, by U+FFFD.
pub fn without_nul(text: String) -> String {
    if text.contains('\0') { text.replace('\0', "\u{FFFD}") } else { text }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn words_are_folded_and_unspaced_scripts_come_in_pairs() {
        assert_eq!(tokens("Añadí CAFÉ, ﬁx-it!"), ["anadi", "cafe", "fix", "it"]);
        assert_eq!(tokens("王小雨 ok"), ["王小", "小雨", "雨", "ok"]);
        assert_eq!(tokens("订单A7号"), ["订单", "单", "a7", "号"]);
        assert!(tokens("…!?").is_empty());
    }

    #[test]
    fn only_the_unfinished_last_word_is_a_prefix() {
        let terms = |query: &str| {
            query_terms(query).into_iter().map(|t| (t.token, t.prefix)).collect::<Vec<_>>()
        };
        assert_eq!(terms("late or"), [("late".into(), false), ("or".into(), true)]);
        assert_eq!(terms("late "), [("late".into(), false)]);
        assert_eq!(terms("雨"), [("雨".into(), true)]);
        assert_eq!(terms("小雨"), [("小雨".into(), false)]);
    }

    #[test]
    fn a_preview_is_one_short_line() {
        assert_eq!(preview("  one\n\ttwo "), "one two");
        let long = preview(&"word ".repeat(100));
        assert_eq!(long.chars().count(), PREVIEW_CHARS);
        assert!(long.ends_with('…'));
    }

    proptest! {
        #[test]
        fn a_text_is_found_by_each_of_its_words(text in "\\PC{0,60}") {
            let indexed = tokens(&text);
            for term in query_terms(&text) {
                let found = indexed.iter().any(|token| {
                    if term.prefix { token.starts_with(&term.token) } else { *token == term.token }
                });
                prop_assert!(found, "{term:?} in {indexed:?}");
            }
        }

        #[test]
        fn tokens_hold_only_letters_and_digits(text in ".{0,80}") {
            for token in tokens(&text) {
                prop_assert!(!token.is_empty() && token.chars().all(char::is_alphanumeric), "{token:?}");
            }
        }
    }
}
