//! Lists: pages by key, from an index in their order. Those of the lists that are one's own hold all
//! that a row shows.

use std::cmp::Ordering;

use recado_protocol::host::{InboxPage, InboxRequest, ListKey, Sort, View};
use recado_protocol::{ConversationHead, ConversationState, TeammateId};
use rusqlite::{ToSql, params_from_iter};

use super::snapshot::Snapshot;
use crate::cache::rows::{HEAD_COLUMNS, HeadRow};
use crate::meta::HeadsProgress;
use crate::overlay::Laid;
use crate::sql::blob;

/// How many rows one page holds at most.
const MAX_ROWS: u32 = 200;

/// Whether a view holds a conversation.
pub(crate) fn holds(view: View, head: &ConversationHead, me: Option<TeammateId>) -> bool {
    let open = head.state == ConversationState::Open;
    match view {
        View::Mine => open && me.is_some() && head.admin_assignee_id == me,
        View::Unassigned => open && head.admin_assignee_id.is_none(),
        View::All => open,
        View::Team { team_id } => open && head.team_assignee_id == Some(team_id),
        View::Snoozed => head.state == ConversationState::Snoozed,
        View::Closed => head.state == ConversationState::Closed,
    }
}

/// The key of a row under an order.
pub(crate) fn key(head: &ConversationHead, sort: Sort) -> ListKey {
    match (sort, head.waiting_since) {
        (Sort::LongestWaiting, Some(at)) => ListKey { at, waiting: true, conversation_id: head.id },
        _ => ListKey { at: head.last_part_at, waiting: false, conversation_id: head.id },
    }
}

/// Which of two rows stands first: who waits before who does not, the longest first; else the newest
/// first. The id decides between equal times, in the direction of the time.
pub(crate) fn order(a: &ListKey, b: &ListKey) -> Ordering {
    b.waiting.cmp(&a.waiting).then_with(|| {
        let (first, second) = if a.waiting { (a, b) } else { (b, a) };
        (first.at, first.conversation_id).cmp(&(second.at, second.conversation_id))
    })
}

/// A stretch of a list that one index holds in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Stretch {
    /// Every row, the newest first.
    Newest,
    /// Who waits, the longest first.
    Waiting,
    /// Who does not wait, the newest first.
    NotWaiting,
}

/// The view's condition, and the index that holds its rows in the stretch's order.
const fn source(view: View, stretch: Stretch) -> (&'static str, &'static str) {
    use Stretch::{Newest, NotWaiting, Waiting};
    match (view, stretch) {
        (View::Mine, Newest | NotWaiting) => {
            ("state = 'open' AND mine = 1 AND ?1 IS NULL", "conversations_mine")
        }
        (View::Mine, Waiting) => {
            ("state = 'open' AND mine = 1 AND ?1 IS NULL", "conversations_waiting_mine")
        }
        (View::Unassigned, Newest | NotWaiting) => {
            ("state = 'open' AND mine = 0 AND ?1 IS NULL", "conversations_mine")
        }
        (View::Unassigned, Waiting) => {
            ("state = 'open' AND mine = 0 AND ?1 IS NULL", "conversations_waiting_mine")
        }
        (View::Team { .. }, _) => (
            "state = 'open' AND team_assignee_id IS NOT NULL AND team_assignee_id = ?1",
            "conversations_by_team",
        ),
        (View::All, Newest | NotWaiting) => {
            ("state <> 'closed' AND state = 'open' AND ?1 IS NULL", "conversations_active")
        }
        (View::Snoozed, Newest | NotWaiting) => {
            ("state <> 'closed' AND state = 'snoozed' AND ?1 IS NULL", "conversations_active")
        }
        (View::Closed, Newest | NotWaiting) => {
            ("state = 'closed' AND ?1 IS NULL", "conversations_closed")
        }
        (View::All, Waiting) => ("state = 'open' AND ?1 IS NULL", "conversations_waiting"),
        (View::Snoozed, Waiting) => ("state = 'snoozed' AND ?1 IS NULL", "conversations_waiting"),
        (View::Closed, Waiting) => ("state = 'closed' AND ?1 IS NULL", "conversations_waiting"),
    }
}

/// The statement for a stretch. ?1 is what the view asks for, ?2 and ?3 the key of the row before.
fn statement(view: View, stretch: Stretch, after: bool) -> String {
    let (condition, index) = source(view, stretch);
    let waits = match stretch {
        Stretch::Newest => "",
        Stretch::Waiting => "AND waiting_since IS NOT NULL",
        Stretch::NotWaiting => "AND waiting_since IS NULL",
    };
    let (from, order) = match stretch {
        Stretch::Waiting => ("AND (waiting_since, id) > (?2, ?3)", "waiting_since, id"),
        _ => ("AND (last_part_at, id) < (?2, ?3)", "last_part_at DESC, id DESC"),
    };
    let from = if after { from } else { "" };
    format!(
        "SELECT {HEAD_COLUMNS} FROM conversations INDEXED BY {index} \
         WHERE {condition} {waits} {from} ORDER BY {order}"
    )
}

impl Snapshot<'_> {
    /// A page of a list.
    pub(crate) fn inbox_page(&self, request: &InboxRequest) -> rusqlite::Result<InboxPage> {
        let limit = request.limit.clamp(1, MAX_ROWS) as usize;
        let mut rows = self.covered_rows(request);
        for stretch in stretches(request) {
            self.cached_rows(request, stretch, limit + 1, &mut rows)?;
        }
        rows.sort_by(|(a, ..), (b, ..)| order(a, b));
        let next = if rows.len() > limit { Some(rows[limit - 1].0) } else { None };
        let rows = rows
            .into_iter()
            .take(limit)
            .map(|(_, contact_name, laid)| self.inbox_row(contact_name, laid))
            .collect();
        let partial = request.view == View::Closed || self.meta.heads != HeadsProgress::Complete;
        Ok(InboxPage { rows, next, partial })
    }

    /// The rows that commands have changed, wherever they stood before.
    fn covered_rows(&self, request: &InboxRequest) -> Vec<(ListKey, Option<String>, Laid)> {
        self.covered
            .values()
            .filter(|covered| {
                holds(request.view, &covered.laid.head, self.me()) && self.is_visible(&covered.laid)
            })
            .map(|covered| {
                let key = key(&covered.laid.head, request.sort);
                (key, covered.cached.contact_name.clone(), covered.laid.clone())
            })
            .filter(|(key, ..)| {
                request.after.is_none_or(|after| order(&after, key) == Ordering::Less)
            })
            .collect()
    }

    /// Adds the next rows of a stretch, up to `limit` of it, those left out that commands have
    /// changed.
    fn cached_rows(
        &self,
        request: &InboxRequest,
        stretch: Stretch,
        limit: usize,
        rows: &mut Vec<(ListKey, Option<String>, Laid)>,
    ) -> rusqlite::Result<()> {
        let waiting = stretch == Stretch::Waiting;
        let after =
            request.after.filter(|after| request.sort == Sort::Newest || after.waiting == waiting);
        let asked: Option<[u8; 16]> = match request.view {
            View::Team { team_id } => Some(blob(team_id)),
            _ => None,
        };
        let mut parameters: Vec<Box<dyn ToSql>> = vec![Box::new(asked)];
        if let Some(after) = after {
            parameters.push(Box::new(after.at.as_micros()));
            parameters.push(Box::new(blob(after.conversation_id)));
        }
        let mut statement =
            self.cache.prepare_cached(&statement(request.view, stretch, after.is_some()))?;
        let mut found = statement.query(params_from_iter(parameters))?;
        let mut taken = 0;
        while let Some(row) = found.next()? {
            if self.covered.contains_key(&row.get(0)?) {
                continue;
            }
            let cached = HeadRow::read(row)?;
            let contact_name = cached.contact_name.clone();
            let laid = super::snapshot::laid(&cached);
            rows.push((key(&laid.head, request.sort), contact_name, laid));
            taken += 1;
            if taken == limit {
                break;
            }
        }
        Ok(())
    }
}

/// The stretches that a page can reach into, in order.
fn stretches(request: &InboxRequest) -> Vec<Stretch> {
    match (request.sort, request.after) {
        (Sort::Newest, _) => vec![Stretch::Newest],
        (Sort::LongestWaiting, Some(after)) if !after.waiting => vec![Stretch::NotWaiting],
        (Sort::LongestWaiting, _) => vec![Stretch::Waiting, Stretch::NotWaiting],
    }
}

#[cfg(test)]
mod tests {
    use recado_protocol::TeamId;
    use rusqlite::params;
    use uuid::Uuid;

    use super::*;
    use crate::database::open_in_memory;
    use crate::error::Which;

    fn plan(sql: &str, after: bool) -> String {
        let connection = open_in_memory(Which::Cache).expect("a cache in memory");
        let mut statement =
            connection.prepare(&format!("EXPLAIN QUERY PLAN {sql}")).expect("the statement");
        let read = |row: &rusqlite::Row<'_>| row.get::<_, String>(3);
        let lines: rusqlite::Result<Vec<String>> = if after {
            statement.query_map(params![[0_u8; 16], 0, [0_u8; 16]], read).expect("a plan").collect()
        } else {
            statement.query_map(params![[0_u8; 16]], read).expect("a plan").collect()
        };
        lines.expect("the plan").join("\n")
    }

    #[test]
    fn a_page_of_an_active_list_reads_one_index_in_order() {
        let team = View::Team { team_id: TeamId::from_uuid(Uuid::nil()) };
        for view in [View::Mine, View::Unassigned, View::All, team, View::Snoozed] {
            for after in [false, true] {
                let plan = plan(&statement(view, Stretch::Newest, after), after);
                let own = matches!(view, View::Mine | View::Unassigned);
                assert_eq!(plan.contains("USING COVERING INDEX"), own, "{view:?}: {plan}");
                assert!(!plan.contains("TEMP B-TREE"), "{view:?}: {plan}");
                assert!(plan.contains("SEARCH"), "{view:?}: {plan}");
            }
        }
    }

    #[test]
    fn no_other_page_sorts_except_who_waits_in_a_team() {
        for view in [View::Mine, View::Unassigned, View::All, View::Snoozed, View::Closed] {
            for stretch in [Stretch::Newest, Stretch::Waiting, Stretch::NotWaiting] {
                for after in [false, true] {
                    let plan = plan(&statement(view, stretch, after), after);
                    assert!(!plan.contains("TEMP B-TREE"), "{view:?} {stretch:?}: {plan}");
                }
            }
        }
    }
}
