//! One stream's place in the change log.

use recado_protocol::error::ApiError;
use recado_protocol::live::LiveFrame;
use recado_protocol::sync::SyncPage;
use recado_protocol::{LogId, Timestamp, Visibility};

use crate::core::{Core, CoreError, Principal};
use crate::http::failure_answer;
use crate::storage::change_log;
use crate::sync;

/// How many entries of the log one page covers.
const ENTRIES: u32 = 200;
/// How many pages are pushed at a stretch. Whoever is further behind is told to pull, which has its own pace.
const PAGES_AT_A_STRETCH: u32 = 8;
/// How long a page that holds nothing for this teammate may wait for one that does, in seconds: it only moves the cursor.
const EMPTY_PAGE_DELAY_S: i64 = 5;

/// What is to be done next.
pub enum Step {
    /// A frame to be sent.
    Send(LiveFrame),
    /// Nothing until the log grows.
    UpToDate,
    /// The stream cannot go on.
    End(ApiError),
}

/// One stream's place in the change log.
pub struct Follower {
    core: Core,
    who: Principal,
    log_id: LogId,
    /// How many entries of the log one page covers.
    entries: u32,
    /// What was read up to.
    cursor: u64,
    /// A page without changes that was not sent yet, and when it has to be.
    empty: Option<(SyncPage, Timestamp)>,
    /// Pages sent since the follower was up to date.
    stretch: u32,
    /// What was in view when it read last.
    view: Option<Visibility>,
}

impl Follower {
    /// A stream that begins after `cursor`.
    #[must_use]
    pub fn new(core: Core, who: Principal, log_id: LogId, cursor: u64) -> Self {
        let (empty, view) = (None, None);
        Self { core, who, log_id, entries: ENTRIES, cursor, empty, stretch: 0, view }
    }

    /// The same stream with pages that cover so many entries, so that a simulated one falls behind.
    #[cfg(feature = "simulation")]
    #[must_use]
    pub fn with_entries(self, entries: u32) -> Self {
        Self { entries, ..self }
    }

    /// Reads on.
    pub async fn step(&mut self) -> Step {
        if self.stretch == PAGES_AT_A_STRETCH {
            return self.jump_to_the_end().await;
        }
        loop {
            let (core, who, log_id) = (&self.core, self.who, self.log_id);
            let read = sync::page_and_view(core, who, log_id, self.cursor, self.entries).await;
            let mut page = match read {
                Ok((page, view)) => {
                    self.view = Some(view);
                    page
                }
                Err(error) => return end(error),
            };
            let more = page.more;
            self.cursor = page.cursor;
            let waiting = self.empty.take();
            if let Some((waiting, _)) = &waiting {
                // Nothing lay between, so the client takes both as one page.
                page.after = waiting.after;
            }
            let now = self.core.now();
            let due = waiting.map_or_else(|| now.plus_seconds(EMPTY_PAGE_DELAY_S), |(_, due)| due);
            let has_news = !page.changes.is_empty() || due <= now;
            if page.cursor > page.after && has_news {
                self.stretch += 1;
                return Step::Send(LiveFrame::Page { page });
            }
            if page.cursor > page.after {
                self.empty = Some((page, due));
            }
            if !more {
                self.stretch = 0;
                return Step::UpToDate;
            }
        }
    }

    /// When a page without changes has waited long enough, by the server's clock; `None` without one.
    #[must_use]
    pub fn empty_page_due(&self) -> Option<Timestamp> {
        self.empty.as_ref().map(|(_, due)| *due)
    }

    /// The page without changes that waits, now.
    pub fn take_empty_page(&mut self) -> Option<LiveFrame> {
        self.empty.take().map(|(page, _)| LiveFrame::Page { page })
    }

    /// What was in view when it read last; `None` before.
    #[must_use]
    pub const fn view(&self) -> Option<&Visibility> {
        self.view.as_ref()
    }

    async fn jump_to_the_end(&mut self) -> Step {
        let workspace_id = self.who.workspace_id;
        let head =
            self.core.db().read(async move |tx| change_log::head(tx, workspace_id).await).await;
        match head {
            Ok(head) => {
                self.cursor = head.seq;
                self.empty = None;
                self.stretch = 0;
                Step::Send(LiveFrame::Pull)
            }
            Err(error) => end(error.into()),
        }
    }
}

fn end(error: CoreError) -> Step {
    Step::End(failure_answer(error))
}
