//! Where a part lies: one integer, ordered by conversation and then by `seq`.

use rusqlite::Row;
use rusqlite::types::{ToSql, ToSqlOutput};

/// A part's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Place {
    /// The conversation's key.
    pub(crate) key: i64,
    /// The part's place in the conversation.
    pub(crate) seq: u32,
}

impl Place {
    pub(crate) const fn new(key: i64, seq: u32) -> Self {
        Self { key, seq }
    }

    /// The places that a conversation's parts lie between, both included.
    pub(crate) const fn whole(key: i64) -> (Self, Self) {
        (Self::new(key, 0), Self::new(key, u32::MAX))
    }

    pub(crate) fn of_row(row: &Row<'_>, column: usize) -> rusqlite::Result<Self> {
        let number: i64 = row.get(column)?;
        Ok(Self { key: number >> 32, seq: (number & i64::from(u32::MAX)) as u32 })
    }
}

impl ToSql for Place {
    fn to_sql(&self) -> rusqlite::Result<ToSqlOutput<'_>> {
        Ok(ToSqlOutput::from((self.key << 32) | i64::from(self.seq)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusqlite::Connection;

    #[test]
    fn a_place_survives_sql_and_stays_in_its_conversation() {
        let connection = Connection::open_in_memory().expect("a database in memory");
        for place in [Place::new(1, 0), Place::new(7, 12), Place::new(2_000_000_000, u32::MAX)] {
            let (first, last) = Place::whole(place.key);
            let (found, inside) = connection
                .query_row("SELECT ?1, ?1 BETWEEN ?2 AND ?3", [place, first, last], |row| {
                    Ok((Place::of_row(row, 0)?, row.get::<_, bool>(1)?))
                })
                .expect("a row");
            assert_eq!((found, inside), (place, true));
            assert!(last < Place::whole(place.key + 1).0);
        }
    }
}
