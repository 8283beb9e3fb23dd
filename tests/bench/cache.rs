//! The work that is measured, and Recado's own cache doing it.

use std::path::{Path, PathBuf};

use anyhow::{Context as _, Result, ensure};
use recado_protocol::host::{InboxRequest, OpenRequest, Sort, View};
use recado_protocol::sync::{Bootstrap, ConversationPage, HeadPage, SyncPage};
use recado_protocol::{Contact, ConversationHead, ConversationId, Part, PartId};
use recado_store::{Applied, CacheBatch, HeadsProgress, Store, StoreKeys};

use crate::plain::Plain;

/// The key of every file here: these files hold nothing that anybody wrote.
pub(crate) const KEY: [u8; 32] = [0x5A; 32];
/// How many rows a list shows at first.
pub(crate) const PAGE_ROWS: u32 = 50;
/// How many results a search shows.
pub(crate) const RESULTS: u32 = 20;
/// How many of a conversation's parts are opened.
pub(crate) const PARTS: u32 = 200;

/// A list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum List {
    /// Open and mine.
    Mine,
    /// Everything open.
    All,
}

/// A row of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct ListRow {
    pub(crate) head: ConversationHead,
    pub(crate) contact_name: Option<String>,
    pub(crate) unread: u32,
}

/// A conversation as it is opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Opened {
    pub(crate) head: ConversationHead,
    pub(crate) contact: Option<Contact>,
    pub(crate) parts: Vec<Part>,
    /// The customer's other conversations.
    pub(crate) earlier: Vec<ConversationId>,
}

/// A search: what an agent types, and the same in FTS5's language.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Search<'a> {
    pub(crate) name: &'static str,
    pub(crate) typed: &'a str,
    pub(crate) expression: &'a str,
}

/// A message that was found.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Found {
    pub(crate) part_id: PartId,
    pub(crate) conversation_id: ConversationId,
}

/// The three caches that do the same work.
#[derive(Debug, Clone)]
pub(crate) struct Place {
    folder: PathBuf,
}

/// The names of the three caches, in the order of their numbers.
pub(crate) const SIDES: [&str; 3] = ["recado", "rusqlite", "unencrypted"];

impl Place {
    pub(crate) fn new(folder: &Path) -> Result<Self> {
        for side in SIDES {
            std::fs::create_dir_all(folder.join(side))
                .with_context(|| format!("{} cannot be made", folder.join(side).display()))?;
        }
        Ok(Self { folder: folder.to_owned() })
    }

    /// Opens one of the three, making it if it is missing.
    pub(crate) fn open(&self, side: usize) -> Result<Box<dyn Cache>> {
        let folder = self.folder.join(SIDES[side]);
        Ok(match side {
            0 => {
                let keys = StoreKeys { cache: KEY, outbox: KEY };
                Box::new(Recado(Store::open(&folder, keys)?))
            }
            1 => Box::new(Plain::open(&folder.join("cache.db"), Some(&KEY))?),
            _ => Box::new(Plain::open(&folder.join("cache.db"), None)?),
        })
    }

    /// The cache's file.
    pub(crate) fn file(&self, side: usize) -> PathBuf {
        self.folder.join(SIDES[side]).join("cache.db")
    }

    /// Has the operating system forget what it holds of the file, so that the next look is one at the disk.
    pub(crate) fn forget(&self, side: usize) -> Result<()> {
        let file = std::fs::File::open(self.file(side))?;
        // What still has to be written is held on to.
        file.sync_all()?;
        Ok(rustix::fs::fadvise(&file, 0, None, rustix::fs::Advice::DontNeed)?)
    }

    /// A file beside them.
    pub(crate) fn beside(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }
}

/// The work.
pub(crate) trait Cache {
    /// Takes over who and where.
    fn bootstrap(&self, bootstrap: Bootstrap) -> Result<()>;
    /// Stores a page of heads in one transaction.
    fn heads(&self, page: HeadPage) -> Result<()>;
    /// Stores whole conversations in one transaction.
    fn conversations(&self, page: ConversationPage) -> Result<()>;
    /// Stores a page of the change log in one transaction.
    fn changes(&self, page: SyncPage) -> Result<()>;
    /// Brings up to `limit` new messages into the full-text index, in one transaction; returns how
    /// many it took, and whether there is more to do.
    fn index(&self, limit: u32) -> Result<(u32, bool)>;
    /// The first page of a list.
    fn first_page(&self, list: List) -> Result<Vec<ListRow>>;
    /// How many conversations each view holds; returns how many are open.
    fn counts(&self) -> Result<u64>;
    /// Opens a conversation with its newest parts.
    fn conversation(&self, id: ConversationId) -> Result<Opened>;
    /// The newest messages that match.
    fn search(&self, search: &Search<'_>) -> Result<Vec<Found>>;
}

/// Recado's own cache, through its public interface.
struct Recado(Store);

fn applied(applied: &Applied) -> Result<()> {
    ensure!(applied.dropped.is_none(), "the cache refused a page: {:?}", applied.dropped);
    Ok(())
}

impl Cache for Recado {
    fn bootstrap(&self, bootstrap: Bootstrap) -> Result<()> {
        applied(&self.0.apply(CacheBatch::bootstrap(bootstrap))?)
    }

    fn heads(&self, page: HeadPage) -> Result<()> {
        let batch = CacheBatch::heads(page).with_heads_progress(HeadsProgress::Complete);
        applied(&self.0.apply(batch)?)
    }

    fn conversations(&self, page: ConversationPage) -> Result<()> {
        applied(&self.0.apply(CacheBatch::conversations(page))?)
    }

    fn changes(&self, page: SyncPage) -> Result<()> {
        applied(&self.0.apply(CacheBatch::sync(page))?)
    }

    fn index(&self, limit: u32) -> Result<(u32, bool)> {
        let progress = self.0.index_pending(limit)?;
        Ok((progress.indexed, progress.more))
    }

    fn first_page(&self, list: List) -> Result<Vec<ListRow>> {
        let view = match list {
            List::Mine => View::Mine,
            List::All => View::All,
        };
        let request = InboxRequest { view, sort: Sort::Newest, after: None, limit: PAGE_ROWS };
        let rows = self.0.inbox_page(&request)?.rows.into_iter();
        Ok(rows
            .map(|row| ListRow {
                head: row.head,
                contact_name: row.contact_name,
                unread: row.unread,
            })
            .collect())
    }

    fn counts(&self) -> Result<u64> {
        let sidebar = self.0.sidebar()?;
        let all = sidebar.views.iter().find(|view| view.view == View::All);
        Ok(all.and_then(|view| view.count).unwrap_or(0).into())
    }

    fn conversation(&self, id: ConversationId) -> Result<Opened> {
        let request = OpenRequest { conversation_id: id, limit: PARTS };
        let view = self.0.conversation_view(&request)?.context("the conversation is missing")?;
        Ok(Opened {
            head: view.head,
            contact: view.contact,
            parts: view.parts.into_iter().map(|view| view.part).collect(),
            earlier: view.earlier.into_iter().map(|other| other.conversation_id).collect(),
        })
    }

    fn search(&self, search: &Search<'_>) -> Result<Vec<Found>> {
        let found = self.0.search(search.typed, RESULTS)?.results.into_iter();
        found
            .map(|result| {
                let part_id = result.part_id.context("not a message")?;
                Ok(Found { part_id, conversation_id: result.conversation_id })
            })
            .collect()
    }
}
