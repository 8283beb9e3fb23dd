//! What one answer of the server does to the cache.

use std::collections::HashSet;

use recado_protocol::host::View;
use recado_protocol::sync::{
    Bootstrap, Change, ConversationDelta, ConversationPage, SyncPage, digest,
};
use recado_protocol::workspace::{OwnAccess, Team};
use recado_protocol::*;
use recado_store::{CacheBatch, Dropped, HeadListing, HeadsProgress};

use crate::world::*;

#[test]
fn a_page_moves_the_cursor_with_its_changes_and_a_gap_moves_nothing() {
    let store = started();
    let delta = whole(1, &["one"], 101);
    let change = Change::Conversation { conversation: delta };
    let applied = sync(&store, page(START, 101, vec![change.clone()]));
    assert_eq!(applied.conversations, [conversation(1)]);
    assert_eq!(store.meta().expect("meta").cursor, 101);

    let gap = sync(&store, page(105, 106, vec![change]));
    assert_eq!(gap.dropped, Some(Dropped::Gap));
    assert_eq!(store.meta().expect("meta").cursor, 101);
}

#[test]
fn a_page_of_an_older_access_changes_nothing() {
    let store = started();
    let mut late =
        page(START, 101, vec![Change::Conversation { conversation: whole(1, &["secret"], 101) }]);
    late.epoch = EPOCH - 1;
    assert_eq!(sync(&store, late).dropped, Some(Dropped::OldEpoch));

    let mut late = heads(vec![head(1)]);
    late.epoch = EPOCH - 1;
    let applied = store.apply(CacheBatch::heads(late)).expect("it is looked at");
    assert_eq!(applied.dropped, Some(Dropped::OldEpoch));
    assert!(try_view(&store, 1).is_none());
    assert_eq!(store.meta().expect("meta").cursor, START);
}

#[test]
fn a_page_of_another_log_or_before_the_bootstrap_changes_nothing() {
    let store = recado_store::Store::in_memory().expect("a store");
    let change = Change::Conversation { conversation: whole(1, &["one"], 101) };
    let early = sync(&store, page(0, 101, vec![change.clone()]));
    assert_eq!(early.dropped, Some(Dropped::NotBootstrapped));
    start(&store);
    let mut other = page(START, 101, vec![change]);
    other.log_id = LogId::from_uuid(uuid::Uuid::from_u128(77));
    assert_eq!(sync(&store, other).dropped, Some(Dropped::OtherLog));
    assert!(try_view(&store, 1).is_none());
}

#[test]
fn an_older_version_never_replaces_a_newer_one() {
    let store = started();
    let newer = ConversationHead { version: 20, preview: "newer".into(), ..head(1) };
    put_heads(&store, vec![newer.clone()]);
    let older = ConversationHead { version: 19, preview: "older".into(), ..head(1) };
    assert!(put_heads(&store, vec![older]).conversations.is_empty());
    assert_eq!(view_of(&store, 1).head, newer);
}

#[test]
fn what_left_does_not_come_back_with_a_page_from_before() {
    let store = started();
    put(&store, vec![whole(1, &["one"], 90)]);
    let evicted = Change::ConversationEvicted { conversation_id: conversation(1), version: 101 };
    let applied = sync(&store, page(START, 101, vec![evicted]));
    assert_eq!(applied.left.len(), 1);
    assert!(applied.evicted);
    // Asked for before the eviction, answered after it.
    put(&store, vec![whole(1, &["one"], 90)]);
    assert!(try_view(&store, 1).is_none());
    // The same state seen again later is welcome: the access may have grown.
    put(&store, vec![whole(1, &["one"], 101)]);
    assert!(try_view(&store, 1).is_some());
}

#[test]
fn a_conversation_that_left_takes_its_name_along_and_is_named_once_more() {
    let store = started();
    let mut page_with_contact = conversations(vec![whole(1, &["one"], 90)]);
    page_with_contact.contacts = vec![contact(1, "Grace")];
    store.apply(CacheBatch::conversations(page_with_contact)).expect("it is stored");
    assert_eq!(page_of(&store, View::All).rows[0].contact_name.as_deref(), Some("Grace"));
    let applied = sync(
        &store,
        page(
            START,
            102,
            vec![
                Change::ConversationEvicted { conversation_id: conversation(1), version: 101 },
                Change::ContactEvicted { contact_id: contact_id(1), version: 101 },
            ],
        ),
    );
    assert_eq!(applied.left[0].contact_name.as_deref(), Some("Grace"));
    assert_eq!(store.cache_stats().expect("stats").contacts, 0);
}

#[test]
fn a_narrower_access_evicts_by_itself_in_the_same_step() {
    let store = started();
    let mine = ConversationHead { admin_assignee_id: Some(me()), ..head(1) };
    let theirs = ConversationHead { admin_assignee_id: Some(teammate(2)), ..head(2) };
    let mut page_of_heads = heads(vec![mine, theirs]);
    page_of_heads.contacts = vec![contact(1, "Mine"), contact(2, "Theirs")];
    store.apply(CacheBatch::heads(page_of_heads)).expect("the heads are stored");

    let narrow = access(EPOCH + 1, ConversationAccess::assigned());
    let applied = sync(&store, page(START, 101, vec![Change::Access { access: narrow }]));
    assert!(applied.access_changed && applied.evicted);
    assert_eq!(applied.epoch, EPOCH + 1);
    assert_eq!(applied.left[0].conversation_id, conversation(2));
    assert_eq!(list(&store, View::All), [conversation(1)]);
    assert_eq!(store.meta().expect("meta").heads, HeadsProgress::Needed);
    assert_eq!(store.cache_stats().expect("stats").contacts, 1);

    // Built before the change, arrived after it.
    put(&store, vec![whole(2, &["late"], 300)]);
    assert!(try_view(&store, 2).is_none());
}

#[test]
fn who_may_no_longer_list_contacts_keeps_those_of_visible_conversations_only() {
    let store = started();
    let as_role = |epoch, role| Change::Access {
        access: OwnAccess { role, ..access(epoch, ConversationAccess::all()) },
    };
    let listed =
        vec![as_role(EPOCH + 1, Role::Admin), Change::Contact { contact: contact(9, "Zoe") }];
    sync(&store, page(START, START + 2, listed));
    assert_eq!(store.cache_stats().expect("stats").contacts, 1);

    let narrower = page(START + 2, START + 3, vec![as_role(EPOCH + 2, Role::Agent)]);
    let applied = sync(&store, SyncPage { epoch: EPOCH + 2, ..narrower });
    assert_eq!(store.cache_stats().expect("stats").contacts, 0);
    assert!(applied.evicted, "the file still holds what was deleted");
}

#[test]
fn a_contact_that_came_ahead_of_its_conversation_goes_with_the_access() {
    let store = started();
    let ahead = vec![Change::Contact { contact: contact(9, "Zoe") }];
    sync(&store, page(START, START + 1, ahead));
    assert_eq!(store.cache_stats().expect("stats").contacts, 1);

    let narrow = access(EPOCH + 1, ConversationAccess::assigned());
    let narrowed = page(START + 1, START + 2, vec![Change::Access { access: narrow }]);
    assert!(sync(&store, narrowed).evicted);
    assert_eq!(store.cache_stats().expect("stats").contacts, 0);
}

#[test]
fn only_what_customers_wrote_since_the_cursor_is_news() {
    let store = started();
    let mut delta = whole(1, &["old words", "new words"], 101);
    delta.parts[0].version = 50;
    let mut own = part(1, 3, "an answer", 101);
    own.author.author_type = AuthorType::Admin;
    own.author.admin_id = Some(teammate(2));
    delta.parts.push(own);
    delta.head.part_count = 3;
    let applied = sync(
        &store,
        page(
            START,
            101,
            vec![
                Change::Contact { contact: contact(1, "Grace") },
                Change::Conversation { conversation: delta.clone() },
            ],
        ),
    );
    let news: Vec<_> = applied.new_messages.iter().map(|news| news.preview.as_str()).collect();
    assert_eq!(news, ["new words"]);
    assert_eq!(applied.new_messages[0].contact_name.as_deref(), Some("Grace"));
    // The same words again, with something else that happened.
    delta.head.version = 102;
    let again = Change::Conversation { conversation: delta };
    assert!(sync(&store, page(101, 102, vec![again])).new_messages.is_empty());
    // Loaded, not told.
    assert!(put(&store, vec![whole(2, &["hello"], 500)]).new_messages.is_empty());
}

#[test]
fn an_assignment_by_a_colleague_is_news_and_ones_own_is_not() {
    let store = started();
    let assigned = |n: u128, by: TeammateId, version| {
        let mut delta = whole(n, &["hello"], version);
        let mut event = part(n, 2, "", version);
        event.part_type = PartType::Assignment;
        event.author = Author { author_type: AuthorType::Admin, admin_id: Some(by), name: None };
        event.assigned_to_admin_id = Some(me());
        delta.parts.push(event);
        delta.head.part_count = 2;
        delta.head.admin_assignee_id = Some(me());
        Change::Conversation { conversation: delta }
    };
    let changes = vec![assigned(1, teammate(2), 101), assigned(2, me(), 102)];
    let applied = sync(&store, page(START, 102, changes));
    assert_eq!(applied.newly_mine, [conversation(1)]);
}

#[test]
fn a_read_mark_may_come_before_its_conversation() {
    let store = started();
    sync(&store, page(START, 101, vec![Change::ReadMark { read_mark: mark(1, 2, 101) }]));
    put(&store, vec![whole(1, &["a", "b", "c"], 90)]);
    assert_eq!(view_of(&store, 1).unread, 1);
    sync(&store, page(101, 102, vec![Change::ReadMark { read_mark: mark(1, 3, 102) }]));
    assert_eq!(view_of(&store, 1).unread, 0);
}

#[test]
fn teammates_and_teams_follow_their_versions() {
    let store = started();
    let renamed = Teammate { name: "Ada L.".into(), version: 101, ..account(me(), "Ada") };
    let older = Teammate { name: "Old".into(), version: 0, ..account(teammate(2), "Bo") };
    let team = Team { id: team(3), name: "Apex".into(), admin_ids: vec![], version: 101 };
    let applied = sync(
        &store,
        page(
            START,
            101,
            vec![
                Change::Teammate { teammate: renamed },
                Change::Teammate { teammate: older },
                Change::Team { team },
            ],
        ),
    );
    assert!(applied.directory_changed);
    let directory = store.directory().expect("a directory");
    let names: Vec<_> = directory.teammates.iter().map(|teammate| &teammate.name).collect();
    assert_eq!(names, ["Ada L.", "Bo"]);
    let teams: Vec<_> = directory.teams.iter().map(|team| &team.name).collect();
    assert_eq!(teams, ["Apex", "Billing", "Support"]);
    assert_eq!(store.meta().expect("meta").me.expect("me").name, "Ada L.");
}

#[test]
fn tags_in_use_come_with_the_most_used_first() {
    let store = started();
    let tagged = |n, tags: &[&str]| ConversationHead {
        tags: tags.iter().map(|&tag| tag.to_owned()).collect(),
        ..head(n)
    };
    put_heads(&store, vec![tagged(1, &["bug"]), tagged(2, &["bug", "vip"]), head(3)]);
    assert_eq!(store.directory().expect("a directory").tags, ["bug", "vip"]);
}

#[test]
fn the_digest_covers_what_is_open_and_snoozed() {
    let store = started();
    let closed = ConversationHead { state: ConversationState::Closed, ..head(3) };
    let snoozed = ConversationHead { state: ConversationState::Snoozed, version: 12, ..head(2) };
    put_heads(&store, vec![head(1), snoozed, closed]);
    let own = store.digest().expect("a digest");
    assert_eq!(own.count, 2);
    assert_eq!(own.digest, digest([(conversation(1), 10), (conversation(2), 12)]));
    assert_eq!((own.cursor, own.epoch), (START, EPOCH));
}

#[test]
fn what_a_listing_does_not_name_goes_unless_it_is_newer_or_in_another_state() {
    let store = started();
    let newer = ConversationHead { version: 205, ..head(3) };
    let closed = ConversationHead { state: ConversationState::Closed, ..head(4) };
    put_heads(&store, vec![head(1), head(2), newer, closed]);
    let listed = [conversation(1)].into();
    let states = [ConversationState::Open, ConversationState::Snoozed];
    let listing = HeadListing { state: ConversationState::Snoozed, after: None, as_of: 200 };
    store.set_heads_progress(&HeadsProgress::Listing { listing }).expect("it is stored");
    let applied = store.reconcile_heads(&listed, &states, 200).expect("it is reconciled");
    assert_eq!(applied.left.len(), 1);
    assert_eq!(applied.left[0].conversation_id, conversation(2));
    assert_eq!(store.cache_stats().expect("stats").heads, 3);
    assert_eq!(store.meta().expect("readable").heads, HeadsProgress::Complete);
}

#[test]
fn under_another_log_a_mark_that_was_lost_marks_nothing() {
    let store = started();
    sync(&store, page(START, 101, vec![Change::ReadMark { read_mark: mark(1, 2, 101) }]));
    put(&store, vec![whole(1, &["a", "b"], 90)]);
    assert_eq!(view_of(&store, 1).unread, 0);
    let new_log = LogId::from_uuid(uuid::Uuid::from_u128(2));
    let again = Bootstrap { log_id: new_log, cursor: 80, ..bootstrap() };
    store.apply(CacheBatch::bootstrap(again)).expect("the bootstrap is stored");
    let fetched = conversations(vec![whole(1, &["a", "b"], 70)]);
    let fetched = ConversationPage { log_id: new_log, cursor: 80, ..fetched };
    store.apply(CacheBatch::conversations(fetched)).expect("it is stored");
    assert_eq!(view_of(&store, 1).unread, 2);
}

#[test]
fn under_another_log_a_contact_of_whom_nothing_is_here_is_gone() {
    let store = started();
    put(&store, vec![whole(1, &["Hello?"], 90)]);
    sync(&store, page(START, 101, vec![Change::Contact { contact: contact(1, "Ada") }]));
    sync(&store, page(101, 102, vec![Change::Contact { contact: contact(9, "Zoe") }]));
    let new_log = LogId::from_uuid(uuid::Uuid::from_u128(2));
    let again = Bootstrap { log_id: new_log, cursor: 80, ..bootstrap() };
    let applied = store.apply(CacheBatch::bootstrap(again)).expect("the bootstrap is stored");
    assert_eq!(store.cache_stats().expect("stats").contacts, 1, "only who has a conversation");
    assert!(applied.evicted, "the file still holds who left");
}

#[test]
fn under_another_log_a_contact_whose_conversation_is_not_listed_goes_though_all_may_be_listed() {
    let store = started();
    put(&store, vec![whole(1, &["here"], 90), whole(2, &["hidden by now"], 90)]);
    let admin = |epoch| OwnAccess { role: Role::Admin, ..access(epoch, ConversationAccess::all()) };
    sync(&store, page(START, 101, vec![Change::Access { access: admin(EPOCH + 1) }]));
    for n in [1, 2] {
        let change = Change::Contact { contact: contact(n, "Ada") };
        let after = 100 + n as u64;
        sync(&store, SyncPage { epoch: EPOCH + 1, ..page(after, after + 1, vec![change]) });
    }
    let new_log = LogId::from_uuid(uuid::Uuid::from_u128(2));
    let again = Bootstrap { log_id: new_log, cursor: 80, access: admin(1), ..bootstrap() };
    store.apply(CacheBatch::bootstrap(again)).expect("the bootstrap is stored");
    assert_eq!(store.cache_stats().expect("stats").contacts, 2);
    let listed = HashSet::from([conversation(1)]);
    let states = [ConversationState::Open, ConversationState::Snoozed];
    store.reconcile_heads(&listed, &states, 80).expect("it is reconciled");
    assert_eq!(store.cache_stats().expect("stats").contacts, 1, "nobody tells of the other");
}

/// The log is kept for a time only: what happened to a contact in the part that is passed over may be told by nobody.
#[test]
fn after_a_new_beginning_a_contact_whose_conversation_is_not_listed_goes_though_all_may_be_listed()
{
    let store = started();
    put(&store, vec![whole(1, &["here"], 90), whole(2, &["closed by now"], 90)]);
    let admin = OwnAccess { role: Role::Admin, ..access(EPOCH + 1, ConversationAccess::all()) };
    sync(&store, page(START, 101, vec![Change::Access { access: admin.clone() }]));
    for n in [1, 2] {
        let change = Change::Contact { contact: contact(n, "Ada") };
        let after = 100 + n as u64;
        sync(&store, SyncPage { epoch: EPOCH + 1, ..page(after, after + 1, vec![change]) });
    }
    let again = Bootstrap { cursor: 200, access: admin, ..bootstrap() };
    store.apply(CacheBatch::bootstrap(again)).expect("the bootstrap is stored");
    let listed = HashSet::from([conversation(1)]);
    let states = [ConversationState::Open, ConversationState::Snoozed];
    store.reconcile_heads(&listed, &states, 200).expect("it is reconciled");
    assert_eq!(store.cache_stats().expect("stats").contacts, 1, "nobody tells of the other");
}

#[test]
fn under_another_log_any_version_wins_and_the_words_are_read_anew() {
    let store = started();
    let closed = ConversationHead { state: ConversationState::Closed, ..head(3) };
    put(&store, vec![whole(1, &["same"], 90), whole(2, &["lost"], 90)]);
    put_heads(&store, vec![closed]);
    let new_log = LogId::from_uuid(uuid::Uuid::from_u128(2));
    let mut again = bootstrap();
    again.log_id = new_log;
    again.cursor = 80;
    again.access.epoch = 1;
    let applied = store.apply(CacheBatch::bootstrap(again)).expect("the bootstrap is stored");
    assert_eq!(applied.dropped, None);
    assert_eq!((applied.cursor, applied.epoch), (80, 1));
    assert_eq!(applied.left[0].conversation_id, conversation(3));

    let other = ConversationHead { version: 40, part_count: 1, ..head(2) };
    let mut listed = heads(vec![whole(1, &["same"], 90).head, other.clone()]);
    listed.log_id = new_log;
    listed.epoch = 1;
    store.apply(CacheBatch::heads(listed)).expect("the heads are stored");
    // The same head may stand over other parts: what the lost log did last may have been done again.
    assert!(view_of(&store, 1).parts.is_empty() && view_of(&store, 1).partial);
    let replaced = view_of(&store, 2);
    assert_eq!(replaced.head, other);
    assert!(replaced.parts.is_empty() && replaced.partial);
    let wanted = store.wanted_bodies(10).expect("wanted");
    assert_eq!(wanted, [conversation(2), conversation(1)]);
}

#[test]
fn a_part_that_was_asked_for_alone_leaves_the_rest_wanted() {
    let store = started();
    let all = whole(1, &["one", "two", "three"], 90);
    put_heads(&store, vec![all.head.clone()]);
    let last =
        ConversationDelta { parts: all.parts[2..].to_vec(), complete_from_seq: 3, ..all.clone() };
    let page = CacheBatch::older_parts(conversations(vec![last]));
    store.apply(page).expect("it is stored");
    assert_eq!(store.wanted_bodies(10).expect("wanted"), [conversation(1)]);
    put(&store, vec![all]);
    assert!(store.wanted_bodies(10).expect("wanted").is_empty());
}

#[test]
fn bodies_are_wanted_until_they_are_here_the_newest_first() {
    let store = started();
    let with_parts = |n| ConversationHead { part_count: 2, ..head(n) };
    let closed = ConversationHead { state: ConversationState::Closed, ..with_parts(3) };
    put_heads(&store, vec![with_parts(1), with_parts(2), closed]);
    assert_eq!(store.wanted_bodies(10).expect("wanted"), [conversation(2), conversation(1)]);
    put(&store, vec![whole(2, &["a", "b"], 10)]);
    assert_eq!(store.wanted_bodies(10).expect("wanted"), [conversation(1)]);
    assert_eq!(store.cache_stats().expect("stats").bodies, 1);
}

#[test]
fn a_conversation_longer_than_an_answer_is_wanted_once() {
    let store = started();
    let mut long = whole(1, &["a", "b", "c"], 10);
    long.parts.drain(..2);
    put_heads(&store, vec![long.head.clone()]);
    assert_eq!(store.wanted_bodies(10).expect("wanted"), [conversation(1)]);
    put(&store, vec![long.clone()]);
    assert!(store.wanted_bodies(10).expect("wanted").is_empty());
    assert!(view_of(&store, 1).partial);
    // More was written, and only the head came: what was written is wanted.
    let newer = ConversationHead { part_count: 5, version: 20, ..long.head };
    put_heads(&store, vec![newer]);
    assert_eq!(store.wanted_bodies(10).expect("wanted"), [conversation(1)]);
}

#[test]
fn a_conversation_that_the_server_denies_is_forgotten() {
    let store = started();
    put(&store, vec![whole(1, &["a"], 10), whole(2, &["b"], 10)]);
    let applied =
        store.forget_conversations(&[conversation(1)], u64::MAX).expect("it is forgotten");
    assert!(applied.evicted);
    assert_eq!(list(&store, View::All), [conversation(2)]);
}

#[test]
fn the_time_of_the_last_answer_is_kept_even_if_the_answer_was_of_no_use() {
    let store = started();
    let useless = CacheBatch::sync(page(500, 501, vec![])).contacted_at(second(77));
    assert_eq!(store.apply(useless).expect("it is looked at").dropped, Some(Dropped::Gap));
    assert_eq!(store.meta().expect("meta").last_contact_at, Some(second(77)));
}
