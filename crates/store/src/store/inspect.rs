//! What the simulator looks at beside what the product reads.

use recado_protocol::{Contact, ContactId, Team, Teammate};

use super::Store;
use crate::cache::directory;
use crate::error::Error;
use crate::sql::{id, unsigned};
use crate::views::snapshot::cache_error;

impl Store {
    /// Every contact in the cache.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn contacts(&self) -> Result<Vec<Contact>, Error> {
        self.read_cache(|cache| {
            let ids: Vec<ContactId> = cache
                .prepare_cached("SELECT id FROM contacts ORDER BY id")
                .and_then(|mut all| all.query_map([], |row| id(row, 0))?.collect())
                .map_err(cache_error)?;
            let contacts = ids.into_iter().map(|id| directory::contact(cache, id));
            let contacts: rusqlite::Result<Vec<_>> = contacts.collect();
            Ok(contacts.map_err(cache_error)?.into_iter().flatten().collect())
        })
    }

    /// Every teammate and every team in the cache.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn people(&self) -> Result<(Vec<Teammate>, Vec<Team>), Error> {
        self.read_cache(|cache| {
            let both = || Ok((directory::teammates(cache)?, directory::teams(cache)?));
            both().map_err(cache_error)
        })
    }

    /// How many messages the index has words of although they are not in the cache.
    ///
    /// # Errors
    ///
    /// Those of any read.
    pub fn stray_documents(&self) -> Result<u64, Error> {
        self.read_cache(|cache| {
            let stray = "SELECT COUNT(DISTINCT doc) FROM search_terms \
                         WHERE doc NOT IN (SELECT doc_id FROM search_docs)";
            cache
                .prepare_cached(stray)
                .and_then(|mut count| count.query_row([], |row| unsigned(row, 0)))
                .map_err(cache_error)
        })
    }
}
