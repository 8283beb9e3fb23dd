//! The denominator: what somebody would write by hand on rusqlite for just this work, with the same
//! SQLCipher settings.

mod read;
mod schema;
mod write;

use std::path::Path;

use anyhow::Result;
use recado_protocol::ConversationId;
use recado_protocol::sync::{Bootstrap, ConversationPage, HeadPage, SyncPage};
use rusqlite::Connection;

use crate::cache::{Cache, Found, List, ListRow, Opened, Search};

/// One connection to one file.
pub(crate) struct Plain(Connection);

impl Plain {
    /// Opens a file, with a key or without one, and makes it if it is missing.
    pub(crate) fn open(path: &Path, key: Option<&[u8; 32]>) -> Result<Self> {
        let connection = schema::open(path, key)?;
        schema::make_if_missing(&connection, key.is_some())?;
        Ok(Self(connection))
    }
}

impl Cache for Plain {
    fn bootstrap(&self, bootstrap: Bootstrap) -> Result<()> {
        Ok(write::set_cursor(&self.0, bootstrap.cursor)?)
    }

    fn heads(&self, page: HeadPage) -> Result<()> {
        Ok(write::heads(&self.0, &page)?)
    }

    fn conversations(&self, page: ConversationPage) -> Result<()> {
        Ok(write::conversations(&self.0, &page)?)
    }

    fn changes(&self, page: SyncPage) -> Result<()> {
        write::changes(&self.0, &page)
    }

    fn index(&self, limit: u32) -> Result<(u32, bool)> {
        Ok(write::index(&self.0, limit)?)
    }

    fn first_page(&self, list: List) -> Result<Vec<ListRow>> {
        Ok(read::first_page(&self.0, list)?)
    }

    fn counts(&self) -> Result<u64> {
        Ok(read::counts(&self.0)?)
    }

    fn conversation(&self, id: ConversationId) -> Result<Opened> {
        read::conversation(&self.0, id)
    }

    fn search(&self, search: &Search<'_>) -> Result<Vec<Found>> {
        Ok(read::search(&self.0, search)?)
    }
}

pub(crate) use schema::{make_floor, open as open_bare};
