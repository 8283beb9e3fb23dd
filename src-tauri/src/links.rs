//! Links from outside: kept until the page listens and the client runs, then given to the client,
//! which reads them as hostile input.

use std::sync::{Mutex, PoisonError};

use recado_client::Client;

/// Where links from outside go.
#[derive(Default)]
pub(crate) struct Links(Mutex<Inner>);

#[derive(Default)]
struct Inner {
    page_listens: bool,
    client: Option<Client>,
    waiting: Option<String>,
}

impl Links {
    /// A link has come. It takes the place of one that still waits.
    pub(crate) fn receive(&self, link: &str) {
        self.change(|inner| inner.waiting = Some(link.to_owned()));
    }

    /// The page hears what it is told.
    pub(crate) fn page_listens(&self) {
        self.change(|inner| inner.page_listens = true);
    }

    /// The client runs, and what it tells goes to the page.
    pub(crate) fn follow(&self, client: Client) {
        self.change(|inner| inner.client = Some(client));
    }

    fn change(&self, change: impl FnOnce(&mut Inner)) {
        let mut inner = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        change(&mut inner);
        let Inner { page_listens: true, client: Some(client), waiting } = &mut *inner else {
            return;
        };
        if let Some(link) = waiting.take()
            && let Err(error) = client.open_link_from_outside(&link)
        {
            tracing::warn!(code = ?error.code, "a link from outside was refused");
        }
    }
}
