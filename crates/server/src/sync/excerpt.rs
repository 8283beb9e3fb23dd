//! The words around a match.

use recado_protocol::text::{QueryTerm, tokens};

/// How many characters stand before the match.
const BEFORE_CHARS: usize = 40;
/// How many characters an excerpt has in all.
const EXCERPT_CHARS: usize = 160;
/// A run of characters without a space that is longer than this is looked at in pieces.
const WORD_CHARS: usize = 40;

/// The part of a text around the first word that one of the terms matches, on one line; its beginning if none does.
pub(super) fn around(text: &str, terms: &[QueryTerm]) -> String {
    let words: Vec<&str> = text.split_whitespace().flat_map(pieces).collect();
    let matches = |word: &&str| {
        tokens(word).iter().any(|token| {
            terms.iter().any(|term| {
                if term.prefix { token.starts_with(&term.token) } else { *token == term.token }
            })
        })
    };
    let line = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let Some(word) = words.iter().copied().find(|word| matches(word)) else {
        return cut(&line, 0);
    };
    // Words keep their place in the line; only the space between them was made one.
    let at = line.find(word).unwrap_or(0);
    let start = line[..at].char_indices().rev().nth(BEFORE_CHARS - 1).map_or(0, |(start, _)| start);
    // Begins with a whole word where there is a space to begin after.
    let start = if start == 0 {
        0
    } else {
        line[start..at].find(' ').map_or(start, |space| start + space + 1)
    };
    cut(&line, start)
}

fn cut(line: &str, start: usize) -> String {
    let mut excerpt = String::new();
    if start > 0 {
        excerpt.push('…');
    }
    let mut rest = line[start..].char_indices();
    match rest.nth(EXCERPT_CHARS) {
        Some((end, _)) => {
            excerpt.push_str(line[start..start + end].trim_end());
            excerpt.push('…');
        }
        None => excerpt.push_str(&line[start..]),
    }
    excerpt
}

/// A word, or the overlapping pieces of one that is written without spaces.
fn pieces(word: &str) -> Vec<&str> {
    let starts: Vec<usize> = word.char_indices().map(|(start, _)| start).collect();
    if starts.len() <= WORD_CHARS {
        return vec![word];
    }
    let step = WORD_CHARS / 2;
    (0..starts.len())
        .step_by(step)
        .map(|first| {
            let end = starts.get(first + WORD_CHARS).copied().unwrap_or(word.len());
            &word[starts[first]..end]
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::{EXCERPT_CHARS, around};
    use recado_protocol::text::query_terms;

    #[test]
    fn an_excerpt_shows_the_match_with_some_words_before_it() {
        let text = format!("{} the PARCEL\nis late {}", "before ".repeat(50), "after ".repeat(50));
        let excerpt = around(&text, &query_terms("parc"));
        assert!(excerpt.contains("the PARCEL is late"), "{excerpt}");
        assert!(excerpt.starts_with("…before"), "{excerpt}");
        assert!(excerpt.ends_with('…'));
        assert!(excerpt.chars().count() <= EXCERPT_CHARS + 2);
    }

    #[test]
    fn a_short_text_is_its_own_excerpt() {
        assert_eq!(around("  one\ntwo ", &query_terms("two")), "one two");
        assert_eq!(around("one two", &query_terms("three")), "one two");
        assert_eq!(around("", &query_terms("three")), "");
    }

    #[test]
    fn a_match_is_shown_in_a_text_without_spaces() {
        let text = format!("{}小雨{}", "好".repeat(300), "的".repeat(300));
        assert!(around(&text, &query_terms("小雨")).contains("小雨"));
    }
}
