//! What is read: views, lists, conversations and search. The cache answers at once; what it lacks
//! is asked for, and told by an event when it has arrived.

use std::sync::Arc;
use std::time::Duration;

use recado_protocol::host::{
    ConversationView, Directory, Empty, HostError, HostEvent, InboxPage, InboxRequest, OpenRequest,
    PartsPage, PartsRequest, SearchIn, SearchRequest, SearchResult, SearchResults, Sidebar, View,
};
use recado_protocol::search::{MAX_HITS, SearchPage};
use recado_protocol::sync::HeadQuery;
use recado_protocol::{ConversationId, ConversationState, ErrorCode};
use recado_store::Store;

use super::account::{ClosedListing, OpenAccount};
use super::shared::Shared;
use crate::engine::Demand;
use crate::error::failure;
use crate::transport::Request;

/// How long somebody waits who opens what is not here at all, or scrolls past what is here.
const WAIT: Duration = Duration::from_secs(5);
/// How long a background load may take before it is given up.
const BACKGROUND_WAIT: Duration = Duration::from_secs(60);
/// How many heads one page of closed conversations brings.
const CLOSED_PAGE: u32 = 100;

impl Shared {
    pub(super) async fn sidebar(&self, _: Empty) -> Result<Sidebar, HostError> {
        self.ready_account()?.read(Store::sidebar).await
    }

    pub(super) async fn directory(&self, _: Empty) -> Result<Directory, HostError> {
        self.ready_account()?.read(Store::directory).await
    }

    pub(super) async fn inbox_page(
        self: &Arc<Self>,
        request: InboxRequest,
    ) -> Result<InboxPage, HostError> {
        let account = self.ready_account()?;
        let asked = request.clone();
        let mut page = account.read(move |store| store.inbox_page(&asked)).await?;
        if request.view == View::Closed {
            let full = page.next.is_some();
            let last = page.rows.last().map(|row| row.head.last_part_at);
            let listing = account.closed().clone();
            let covered = full && listing.until.is_some() && last >= listing.until;
            page.partial = !listing.complete && !covered;
            if page.partial && !listing.loading {
                self.list_closed(account, listing);
            }
        }
        Ok(page)
    }

    /// Lists the next page of closed conversations in the background.
    fn list_closed(self: &Arc<Self>, account: Arc<OpenAccount>, listing: ClosedListing) {
        account.closed().loading = true;
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            let query = HeadQuery {
                state: ConversationState::Closed,
                contact_id: None,
                after: listing.next,
                limit: Some(CLOSED_PAGE),
            };
            let answer = account.demand(Demand::Heads(query), BACKGROUND_WAIT).await;
            let arrived = {
                let mut closed = account.closed();
                closed.loading = false;
                if let Ok(answer) = &answer {
                    closed.complete = answer.next.is_none();
                    closed.until = answer.last_part_at.or(closed.until);
                    closed.next.clone_from(&answer.next);
                }
                answer.is_ok()
            };
            if arrived {
                shared.emit(HostEvent::ConversationsChanged { conversation_ids: Vec::new() });
            }
        });
    }

    pub(super) async fn conversation_open(
        self: &Arc<Self>,
        request: OpenRequest,
    ) -> Result<ConversationView, HostError> {
        let account = self.ready_account()?;
        let asked = request.clone();
        let cached = account.read(move |store| store.conversation_view(&asked)).await?;
        let conversation_id = request.conversation_id;
        let demand = Demand::Conversation {
            conversation_id,
            before_seq: None,
            limit: request.limit.clamp(1, recado_protocol::sync::MAX_PARTS),
        };
        match cached {
            Some(view) => {
                if view.partial {
                    self.complete(account, conversation_id, demand);
                }
                Ok(view)
            }
            None => {
                account.demand(demand, WAIT).await?;
                let view = account.read(move |store| store.conversation_view(&request)).await?;
                view.ok_or_else(|| {
                    failure(ErrorCode::NotFound, "there is no such conversation in your view")
                })
            }
        }
    }

    /// Loads in the background what an open conversation lacks.
    fn complete(
        self: &Arc<Self>,
        account: Arc<OpenAccount>,
        conversation_id: ConversationId,
        demand: Demand,
    ) {
        let shared = Arc::clone(self);
        tokio::spawn(async move {
            if account.demand(demand, BACKGROUND_WAIT).await.is_ok() {
                let conversation_ids = vec![conversation_id];
                shared.emit(HostEvent::ConversationsChanged { conversation_ids });
            }
        });
    }

    pub(super) async fn conversation_parts(
        &self,
        request: PartsRequest,
    ) -> Result<PartsPage, HostError> {
        let account = self.ready_account()?;
        let asked = request.clone();
        let page = account.read(move |store| store.parts_before(&asked)).await?;
        if !page.partial {
            return Ok(page);
        }
        let demand = Demand::Conversation {
            conversation_id: request.conversation_id,
            before_seq: Some(request.before_seq),
            limit: request.limit.clamp(1, recado_protocol::sync::MAX_PARTS),
        };
        match account.demand(demand, WAIT).await {
            Ok(_) => account.read(move |store| store.parts_before(&request)).await,
            Err(_) => Ok(page),
        }
    }

    pub(super) async fn search(&self, request: SearchRequest) -> Result<SearchResults, HostError> {
        let account = self.ready_account()?;
        let limit = request.limit.clamp(1, MAX_HITS);
        match request.search_in {
            SearchIn::Cache => account.read(move |store| store.search(&request.query, limit)).await,
            SearchIn::Server => self.search_server(&account, &request.query, limit).await,
        }
    }

    async fn search_server(
        &self,
        account: &OpenAccount,
        query: &str,
        limit: u32,
    ) -> Result<SearchResults, HostError> {
        let ask = Request::get("/v1/search").with("q", query).with("limit", limit);
        let page: SearchPage = account.session.send(ask).await?.read()?;
        let epoch = account.read(Store::meta).await?.epoch;
        if page.epoch < epoch {
            // It was found under an access that the teammate no longer has.
            return Err(failure(ErrorCode::Overloaded, "your access has changed; search again"));
        }
        Ok(results(page))
    }
}

fn results(page: SearchPage) -> SearchResults {
    let results = page
        .hits
        .into_iter()
        .filter_map(|hit| {
            let head = page.heads.iter().find(|head| head.id == hit.conversation_id)?;
            let contact = page.contacts.iter().find(|contact| contact.id == head.contact_id);
            Some(SearchResult {
                conversation_id: hit.conversation_id,
                part_id: hit.part_id,
                contact_id: head.contact_id,
                contact_name: contact.and_then(|contact| contact.name.clone()),
                author: hit.author,
                author_admin_id: None,
                state: head.state,
                priority: head.priority,
                created_at: hit.created_at,
                excerpt: hit.excerpt,
            })
        })
        .collect();
    SearchResults { results, complete: true }
}
