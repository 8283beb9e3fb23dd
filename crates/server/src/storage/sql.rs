//! One SQL text for both engines.

use std::fmt::Write as _;

/// Rewrites SQLite's numbered parameters (`?1`) to PostgreSQL's (`$1`).
///
/// Question marks in string literals, quoted names and comments stay as they are, and so does one that no digit
/// follows.
pub(super) fn for_postgres(sql: &str) -> String {
    let mut out = String::with_capacity(sql.len());
    let mut rest = sql;
    while let Some(first) = rest.chars().next() {
        let length = match first {
            '\'' | '"' => quoted_length(rest, first),
            '-' if rest.starts_with("--") => rest.find('\n').unwrap_or(rest.len()),
            '/' if rest.starts_with("/*") => rest.find("*/").map_or(rest.len(), |end| end + 2),
            '?' if rest[1..].starts_with(|next: char| next.is_ascii_digit()) => {
                out.push('$');
                rest = &rest[1..];
                continue;
            }
            other => other.len_utf8(),
        };
        out.push_str(&rest[..length]);
        rest = &rest[length..];
    }
    out
}

/// Length of the literal or quoted name at the start of `sql`. A doubled quote inside ends one part and begins the
/// next, which the caller reads as another literal, so it needs no case of its own.
fn quoted_length(sql: &str, quote: char) -> usize {
    sql[1..].find(quote).map_or(sql.len(), |end| end + 2)
}

/// `?first, ?first+1, …`: `count` parameters for an `IN (…)` list whose first one is `?first`.
#[must_use]
pub fn placeholders(first: usize, count: usize) -> String {
    let mut out = String::new();
    for number in first..first + count {
        let separator = if number == first { "" } else { ", " };
        // Writing to a String cannot fail.
        let _ = write!(out, "{separator}?{number}");
    }
    out
}

#[cfg(test)]
mod tests {
    use super::{for_postgres, placeholders};

    #[test]
    fn parameters_become_dollar_numbers() {
        assert_eq!(
            for_postgres("SELECT a FROM t WHERE b = ?1 AND c > ?12"),
            "SELECT a FROM t WHERE b = $1 AND c > $12"
        );
    }

    #[test]
    fn literals_names_and_comments_stay_as_they_are() {
        for sql in [
            "SELECT 'is it ?1'",
            "SELECT 'it''s ?1 ''?2'''",
            "SELECT \"odd?1name\" FROM t",
            "SELECT 1 -- why ?1",
            "SELECT /* ?1 'x */ 1",
            "SELECT a ? b",
            "SELECT 'é ?1'",
            "SELECT 'unfinished ?1",
        ] {
            assert_eq!(for_postgres(sql), sql);
        }
        assert_eq!(for_postgres("SELECT 'é ?1', ?1 -- ?2\n, ?2"), "SELECT 'é ?1', $1 -- ?2\n, $2");
    }

    #[test]
    fn a_list_of_placeholders_counts_from_its_first() {
        assert_eq!(placeholders(3, 3), "?3, ?4, ?5");
        assert_eq!(placeholders(1, 0), "");
    }
}
