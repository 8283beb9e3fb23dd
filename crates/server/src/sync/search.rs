//! Search over what a teammate may see.

use recado_protocol::search::{MAX_HITS, SearchHit, SearchPage};
use recado_protocol::text::query_terms;
use recado_protocol::{AuthorType, ErrorCode};

use super::{contact_ids, excerpt, reader};
use crate::core::{Core, CoreError, Principal};
use crate::storage::search::Found;
use crate::storage::{change_log, contact, conversation, search as index};

/// The longest query that is taken, in characters.
const MAX_QUERY_CHARS: usize = 200;

/// Messages, notes, titles and contacts' names in which every word of `query` occurs, newest first. A query without a
/// letter or digit finds nothing.
///
/// # Errors
/// [`CoreError::Invalid`] for a query that is too long; [`CoreError::Denied`], [`CoreError::Db`].
pub async fn search(
    core: &Core,
    who: Principal,
    query: &str,
    limit: u32,
) -> Result<SearchPage, CoreError> {
    if query.chars().count() > MAX_QUERY_CHARS {
        let message = format!("Search for at most {MAX_QUERY_CHARS} characters.");
        return Err(CoreError::invalid(ErrorCode::InvalidRequest, message));
    }
    let terms = query_terms(query);
    let limit = limit.clamp(1, MAX_HITS);
    core.db()
        .read(async move |tx| {
            let viewer = reader(tx, who).await?;
            let log = change_log::head(tx, who.workspace_id).await?;
            let found = index::find(tx, &viewer, &terms, limit).await?;
            let mut ids: Vec<_> = found.iter().map(|found| found.conversation_id).collect();
            ids.sort_unstable();
            ids.dedup();
            let mut heads = conversation::visible(tx, &viewer, &ids).await?;
            heads.sort_unstable_by_key(|head| head.id);
            let contacts = contact::by_ids(tx, who.workspace_id, &contact_ids(&heads)).await?;
            let hit = |Found { conversation_id, part }: Found| -> Option<SearchHit> {
                if let Some(part) = part {
                    return Some(SearchHit {
                        conversation_id,
                        part_id: Some(part.id),
                        author: part.author,
                        created_at: part.created_at,
                        excerpt: excerpt::around(&part.body_text, &terms),
                    });
                }
                let place = heads.binary_search_by_key(&conversation_id, |head| head.id).ok()?;
                let head = &heads[place];
                let name = contacts
                    .binary_search_by_key(&head.contact_id, |contact| contact.id)
                    .ok()
                    .and_then(|place| contacts[place].name.clone());
                let title = head.title.iter().chain(&name).cloned().collect::<Vec<_>>().join(" · ");
                Some(SearchHit {
                    conversation_id,
                    part_id: None,
                    author: AuthorType::Contact,
                    created_at: head.created_at,
                    excerpt: excerpt::around(&title, &terms),
                })
            };
            let hits = found.into_iter().filter_map(hit).collect();
            Ok(SearchPage { log_id: log.log_id, epoch: viewer.epoch, hits, heads, contacts })
        })
        .await
}
