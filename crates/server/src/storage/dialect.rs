//! The few things in which SQLite and PostgreSQL really differ.

use super::{DbError, Tx, params};

/// The database engine behind a [`Db`](super::Db).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Engine {
    /// The embedded engine: one file, one writer.
    Sqlite,
    /// One or more server nodes on a PostgreSQL server.
    Postgres,
}

impl Engine {
    /// Text to append to a SELECT whose rows the transaction is going to change, or by which it decides what to write.
    /// Rows that refer to them can still be added meanwhile.
    #[must_use]
    pub fn for_update(self) -> &'static str {
        match self {
            // A write transaction is the only writer already.
            Self::Sqlite => "",
            Self::Postgres => " FOR NO KEY UPDATE",
        }
    }

    /// Like [`Engine::for_update`], leaving out rows that another transaction has locked: a queue's next jobs.
    #[must_use]
    pub fn for_update_skip_locked(self) -> &'static str {
        match self {
            Self::Sqlite => "",
            Self::Postgres => " FOR NO KEY UPDATE SKIP LOCKED",
        }
    }

    /// The value to store in a full-text column for the token text in parameter `?parameter`.
    #[must_use]
    pub fn full_text_value(self, parameter: usize) -> String {
        match self {
            Self::Sqlite => format!("?{parameter}"),
            // Takes tokens as they are; `to_tsvector` would split them a second time.
            Self::Postgres => format!(
                "array_to_tsvector(array_remove(string_to_array(CAST(?{parameter} AS TEXT), ' '), ''))"
            ),
        }
    }

    /// The condition that a full-text row matches the query in parameter `?parameter`, which
    /// [`Engine::full_text_query`] makes. `table` is the FTS5 table and `column` the `tsvector` column of its
    /// counterpart.
    #[must_use]
    pub fn full_text_match(self, table: &str, column: &str, parameter: usize) -> String {
        match self {
            Self::Sqlite => format!("{table} MATCH ?{parameter}"),
            // The cast of text takes tokens as they are; `to_tsquery` would split them a second time.
            Self::Postgres => {
                format!("{table}.{column} @@ CAST(CAST(?{parameter} AS TEXT) AS tsquery)")
            }
        }
    }

    /// A query for rows that hold every one of `tokens`; where `prefix` is set, the last token may be the beginning
    /// of a longer one. `None` without any token, because an empty query matches nothing on one engine and is
    /// refused by the other.
    #[must_use]
    pub fn full_text_query(self, tokens: &[&str], prefix: bool) -> Option<String> {
        let (last, before) = tokens.split_last()?;
        let quote = |token: &str| match self {
            Self::Sqlite => format!("\"{}\"", token.replace('"', "\"\"")),
            Self::Postgres => format!("'{}'", token.replace('\\', "\\\\").replace('\'', "''")),
        };
        let mut terms: Vec<String> = before.iter().map(|token| quote(token)).collect();
        terms.push(match (self, prefix) {
            (_, false) => quote(last),
            (Self::Sqlite, true) => format!("{}*", quote(last)),
            (Self::Postgres, true) => format!("{}:*", quote(last)),
        });
        Some(terms.join(match self {
            Self::Sqlite => " AND ",
            Self::Postgres => " & ",
        }))
    }
}

/// Wakes the other nodes when this transaction commits. SQLite has no other nodes, so nothing happens there.
///
/// # Errors
/// [`DbError`] if PostgreSQL refuses.
pub async fn notify(tx: &mut Tx, channel: &str, payload: &str) -> Result<(), DbError> {
    match tx.engine() {
        Engine::Sqlite => Ok(()),
        Engine::Postgres => {
            tx.query("SELECT pg_notify(?1, ?2)", &params![channel, payload]).await?;
            Ok(())
        }
    }
}
