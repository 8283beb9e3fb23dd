// Generated from crates/protocol; do not edit.

export type About = { 
/**
 * The program's version.
 */
version: string, 
/**
 * The name of the keychain in use.
 */
keychain: string, 
/**
 * The version of SQLCipher.
 */
cipher_version: string, 
/**
 * The folder of this machine's data.
 */
data_dir: string, 
/**
 * The size of the cache in bytes.
 */
cache_size_bytes: number, 
/**
 * How many conversations the cache knows.
 */
conversations: number, };

export type AccountSecurity = { 
/**
 * Whether the account has no password and second factor of its own, because a company's own sign-in
 * vouches for it. What follows is empty then.
 */
by_provider: boolean, 
/**
 * Whether a company's own sign-in vouches for the session that asks, so that it is also what shows anew that somebody
 * is there.
 */
steps_up_by_provider: boolean, 
/**
 * When the password was last changed by its owner; absent while it is the one that was handed
 * over.
 */
password_changed_at: Timestamp | null, 
/**
 * When the authenticator was set up by its owner; absent while it is the one that was handed
 * over.
 */
authenticator_since: Timestamp | null, 
/**
 * Until when the authenticator that was handed over does; absent where no other one is asked for.
 */
authenticator_due: Timestamp | null, 
/**
 * How many recovery codes are left.
 */
recovery_codes_left: number, 
/**
 * Until when dangerous things may be done without showing the second factor again.
 */
stepped_up_until: Timestamp, };

export type AccountSummary = { 
/**
 * The teammate; absent while the code is awaited.
 */
teammate_id: TeammateId | null, 
/**
 * The name; absent while the code is awaited.
 */
name: string | null, 
/**
 * The address.
 */
email: string, 
/**
 * The role; absent while the code is awaited.
 */
role: Role | null, 
/**
 * What the role allows.
 */
permissions: Array<Permission>, };

export type Action = { "type": "conversation_reply", 
/**
 * Plain text.
 */
body_text: string, 
/**
 * The `seq` of the last part that the author had seen.
 */
last_seen_seq: number, } | { "type": "conversation_note", 
/**
 * Plain text.
 */
body_text: string, } | { "type": "conversation_assign", 
/**
 * The teammate.
 */
admin_assignee_id: TeammateId | null, } | { "type": "conversation_assign_team", 
/**
 * The team.
 */
team_assignee_id: TeamId | null, } | { "type": "conversation_close" } | { "type": "conversation_open" } | { "type": "conversation_snooze", 
/**
 * When it wakes.
 */
snoozed_until: Timestamp, } | { "type": "conversation_prioritize", 
/**
 * The new priority.
 */
priority: Priority, } | { "type": "conversation_tag_add", 
/**
 * The tag.
 */
tag: string, } | { "type": "conversation_tag_remove", 
/**
 * The tag.
 */
tag: string, } | { "type": "conversation_mark", 
/**
 * How many of the customer's messages count as read.
 */
contact_parts_read: number, };

export type AppLockRequest = { 
/**
 * The one that is set.
 */
passphrase: string, 
/**
 * The one that was set before, where there is one.
 */
current: string | null, };

export type AppState = { 
/**
 * Which screen.
 */
phase: Phase, 
/**
 * The server that was joined.
 */
workspace: WorkspaceSummary | null, 
/**
 * The browser that is awaited, in the phase `browser`.
 */
browser: BrowserWait | null, 
/**
 * The personal link that was opened, in the phase `enrol`.
 */
enrolment: EnrolmentState | null, 
/**
 * Who signed in, or is about to.
 */
account: AccountSummary | null, 
/**
 * What stops the program, if something does.
 */
problem: Problem | null, 
/**
 * The way to the server.
 */
connection: Connection, 
/**
 * The settings.
 */
settings: Settings, 
/**
 * Where the secrets of this installation lie.
 */
secret_storage: SecretStorage, 
/**
 * Whether the account opens with a passphrase only, so that the app can be locked.
 */
app_lock: boolean, 
/**
 * What the organisation's IT has fixed on this machine.
 */
managed: ManagedPolicy, };

export type AuthenticatorPicture = { 
/**
 * The secret in base32, for typing it in.
 */
secret: string, 
/**
 * The rows of a QR code (ISO/IEC 18004) from top to bottom, `1` for a dark module, without the
 * quiet zone.
 */
rows: Array<string>, 
/**
 * How long the first code is awaited, in seconds.
 */
expires_in_s: number, };

export type Author = { 
/**
 * Which kind of author.
 */
type: AuthorType, 
/**
 * The teammate, where the author is one.
 */
admin_id: TeammateId | null, 
/**
 * The name as it was when the part was written; absent where the source has none.
 */
name: string | null, };

export type AuthorType = "contact" | "admin" | "imported" | "bot" | "unknown";

export type BootstrapProgress = { 
/**
 * How many heads are here.
 */
heads: number, 
/**
 * How many conversations are here whole.
 */
bodies: number, 
/**
 * Whether all heads are here, so that counts are right.
 */
heads_complete: boolean, };

export type BrowserWait = { 
/**
 * With whom the person signs in.
 */
provider: ProviderSummary, 
/**
 * Until when the browser is awaited, by this machine's clock.
 */
until: Timestamp, 
/**
 * Why it came to nothing; absent while the browser is awaited.
 */
failure: ErrorCode | null, };

export type ChangePasswordRequest = { 
/**
 * The present one.
 */
current_password: string, 
/**
 * The one that replaces it.
 */
new_password: string, };

export type CodeRequest = { 
/**
 * Six digits; spaces are ignored.
 */
code: string, };

export type CommandId = string;

export type Commands = { 
/**
 * What to show first.
 */
app_state: [Empty, AppState], 
/**
 * Reads a join link, asks the server who it is and remembers it. A personal link is opened as well.
 */
workspace_join: [JoinRequest, AppState], 
/**
 * Forgets the joined server before anybody signed in.
 */
workspace_leave: [Empty, AppState], 
/**
 * Checks the password.
 */
sign_in: [PasswordRequest, AppState], 
/**
 * Checks the second factor and opens the workspace.
 */
sign_in_code: [CodeRequest, AppState], 
/**
 * Shows a recovery code in place of the second factor, and opens the workspace.
 */
sign_in_recovery: [RecoveryCodeRequest, AppState], 
/**
 * Goes back to the password.
 */
sign_in_cancel: [Empty, AppState], 
/**
 * How somebody with this address may sign in.
 */
sign_in_ways: [SignInWaysRequest, SignInWays], 
/**
 * Begins a single sign-on and opens the browser for it.
 */
sso_begin: [SsoBeginRequest, AppState], 
/**
 * Opens the browser again, for somebody who has closed it.
 */
sso_open_again: [Empty, AppState], 
/**
 * Awaits the browser no longer, and goes back to the first step.
 */
sso_cancel: [Empty, AppState], 
/**
 * Chooses name and password by a personal link.
 */
enrolment_password: [EnrolmentPasswordRequest, AppState], 
/**
 * Goes back to name and password.
 */
enrolment_back: [Empty, AppState], 
/**
 * Shows the second factor, which completes a personal link.
 */
enrolment_code: [EnrolmentCodeRequest, AppState], 
/**
 * Opens the workspace, once the recovery codes are kept.
 */
enrolment_finish: [Empty, AppState], 
/**
 * Leaves a personal link as it is, to be gone on with later, and shows the sign-in.
 */
enrolment_cancel: [Empty, AppState], 
/**
 * Ends the session and destroys this machine's copy. Refused while unsent work would be lost,
 * unless `discard_unsent` is set.
 */
sign_out: [SignOutRequest, AppState], 
/**
 * Tries at once to reach the server, instead of after the wait; one that asked to be left
 * alone for a time is not asked earlier.
 */
connection_retry: [Empty, Empty], 
/**
 * Tries again what a problem with the keychain or the disk has stopped.
 */
problem_retry: [Empty, AppState], 
/**
 * Builds the cache anew from the server. The outbox and the drafts stay.
 */
cache_reset: [Empty, AppState], 
/**
 * Keeps secrets in a file behind this passphrase, where the system has no keychain.
 */
vault_create: [PassphraseRequest, AppState], 
/**
 * Gives the passphrase.
 */
vault_unlock: [PassphraseRequest, AppState], 
/**
 * Moves what lies behind the passphrase into the system's keychain, where there is one after all.
 */
vault_leave: [Empty, AppState], 
/**
 * Stores nothing, where the system has no keychain.
 */
storage_decline: [Empty, AppState], 
/**
 * Sets the app lock's passphrase.
 */
app_lock_set: [AppLockRequest, AppState], 
/**
 * Takes the app lock away.
 */
app_lock_remove: [PassphraseRequest, AppState], 
/**
 * Locks the app.
 */
app_lock: [Empty, AppState], 
/**
 * Unlocks the app.
 */
app_unlock: [PassphraseRequest, AppState], 
/**
 * The views with their counts.
 */
sidebar: [Empty, Sidebar], 
/**
 * Teammates, teams and tags to choose from.
 */
directory: [Empty, Directory], 
/**
 * One page of a view's list.
 */
inbox_page: [InboxRequest, InboxPage], 
/**
 * A conversation with its newest parts.
 */
conversation_open: [OpenRequest, ConversationView], 
/**
 * Older parts.
 */
conversation_parts: [PartsRequest, PartsPage], 
/**
 * Does something; answers as soon as it is stored in the outbox.
 */
command_submit: [SubmitRequest, Submitted], 
/**
 * What waits or was refused.
 */
outbox: [ListedRequest, Outbox], 
/**
 * Tries refused entries again, in the order in which they were done.
 */
outbox_retry: [OutboxRetryRequest, Empty], 
/**
 * Gives an entry up.
 */
outbox_discard: [OutboxRequest, Empty], 
/**
 * Keeps a half-written reply or note; an empty text removes it.
 */
draft_save: [Draft, Empty], 
/**
 * Kept drafts.
 */
drafts: [ListedRequest, Drafts], 
/**
 * Searches the cache or the server.
 */
search: [SearchRequest, SearchResults], 
/**
 * How one's own account is protected.
 */
account_security: [Empty, AccountSecurity], 
/**
 * Shows the second factor again, for what is dangerous.
 */
step_up: [CodeRequest, AccountSecurity], 
/**
 * Has the company's own sign-in ask anew who sits here; answers when the browser has come back.
 */
step_up_sso: [Empty, AccountSecurity], 
/**
 * Opens the page once more that the browser was sent to.
 */
step_up_sso_open_again: [Empty, Empty], 
/**
 * Awaits the browser no longer.
 */
step_up_sso_cancel: [Empty, Empty], 
/**
 * What there is against a password that somebody thinks of, for their account or by a personal link.
 */
password_check: [PasswordCheckRequest, PasswordCheck], 
/**
 * Replaces the password.
 */
password_change: [ChangePasswordRequest, AccountSecurity], 
/**
 * Makes new recovery codes, which are shown this once. After a personal link: those that were made with it.
 */
recovery_codes_make: [Empty, RecoveryCodes], 
/**
 * Writes recovery codes to a file that only this user may read.
 */
recovery_codes_save: [RecoveryCodes, SavedFile], 
/**
 * Begins to set up another authenticator. By a personal link: the one that is being set up.
 */
authenticator_setup: [Empty, AuthenticatorPicture], 
/**
 * Puts the new authenticator in the place of the present one.
 */
authenticator_confirm: [CodeRequest, AccountSecurity], 
/**
 * Sessions with their machines.
 */
sessions: [SessionsRequest, SessionList], 
/**
 * Ends sessions, or has their machines erase their copies.
 */
sessions_end: [SessionsEndRequest, SessionList], 
/**
 * Says that sessions where the account was not known are one's own doing.
 */
sessions_seen: [SeenSessionsRequest, SessionList], 
/**
 * How well the workspace is protected, for an admin.
 */
security_checkup: [Empty, SecurityCheckup], 
/**
 * Invitations and resets of the past 90 days, for an admin.
 */
personal_links: [Empty, EnrolmentLinks], 
/**
 * Invites somebody. The link is shown this once.
 */
personal_link_invite: [InviteRequest, MadeLink], 
/**
 * Lets a teammate set anew what they sign in with. The link is shown this once.
 */
personal_link_reset: [PersonalLinkResetRequest, MadeLink], 
/**
 * Withdraws an invitation or a reset.
 */
personal_link_revoke: [PersonalLinkRevokeRequest, EnrolmentLinks], 
/**
 * Stores the settings.
 */
settings_save: [Settings, AppState], 
/**
 * What this program is and where it keeps things.
 */
about: [Empty, About], 
/**
 * Opens a link outside, if its scheme is allowed.
 */
link_open: [LinkRequest, Empty], 
/**
 * Tells which conversation is on the screen, so that it is not notified about.
 */
focus_changed: [FocusRequest, Empty], };

export type Connection = { 
/**
 * How it stands.
 */
state: ConnectionState, 
/**
 * Since when.
 */
since: Timestamp, 
/**
 * Why there is none, for `offline`.
 */
reason: ErrorCode | null, 
/**
 * When the next attempt is made, for `offline`.
 */
next_attempt_at: Timestamp | null, 
/**
 * How many of the outbox's entries wait.
 */
queued: number, 
/**
 * How many of the outbox's entries were refused.
 */
refused: number, 
/**
 * The first load of the cache, while it runs.
 */
bootstrap: BootstrapProgress | null, 
/**
 * How far this machine's clock is ahead of the server's, in seconds.
 */
clock_ahead_s: number, };

export type ConnectionState = "idle" | "connecting" | "online" | "offline";

export type Contact = { 
/**
 * The contact's id.
 */
id: ContactId, 
/**
 * The customer's id in the system that brought the contact, if it gave one.
 */
external_id: string | null, 
/**
 * The contact's name, where it is known.
 */
name: string | null, 
/**
 * The contact's e-mail address, where it is known.
 */
email: string | null, 
/**
 * The contact's telephone number, where it is known.
 */
phone: string | null, 
/**
 * The contact's language as a BCP 47 tag, where it is known.
 */
language: string | null, 
/**
 * When the contact was made.
 */
created_at: Timestamp, 
/**
 * The change log's number of the newest change to this object.
 */
version: number, };

export type ContactId = string;

export type ConversationHead = { 
/**
 * The conversation's id.
 */
id: ConversationId, 
/**
 * The customer.
 */
contact_id: ContactId, 
/**
 * What it is about, where the channel has a subject.
 */
title: string | null, 
/**
 * Where it stands.
 */
state: ConversationState, 
/**
 * When a snoozed conversation wakes; absent in other states.
 */
snoozed_until: Timestamp | null, 
/**
 * Whether it goes first.
 */
priority: Priority, 
/**
 * The teammate it is assigned to.
 */
admin_assignee_id: TeammateId | null, 
/**
 * The team it is assigned to.
 */
team_assignee_id: TeamId | null, 
/**
 * Its tags, sorted.
 */
tags: Array<string>, 
/**
 * When the customer began to wait for an answer; absent when nobody waits.
 */
waiting_since: Timestamp | null, 
/**
 * When it was opened.
 */
created_at: Timestamp, 
/**
 * When its newest message or note was written. Lists are sorted by it.
 */
last_part_at: Timestamp, 
/**
 * The newest message's or note's first words as plain text, at most 120 characters.
 */
preview: string, 
/**
 * Who wrote the newest message or note.
 */
preview_author: AuthorType, 
/**
 * Whether the newest message or note is a note.
 */
preview_is_note: boolean, 
/**
 * How many parts there are; also the `seq` of the newest.
 */
part_count: number, 
/**
 * How many of the parts are the customer's messages. Unread is what exceeds a read mark.
 */
contact_part_count: number, 
/**
 * The change log's number of the newest change to the conversation.
 */
version: number, };

export type ConversationId = string;

export type ConversationState = "open" | "snoozed" | "closed" | "unknown";

export type ConversationView = { 
/**
 * The head, with the outbox laid over it.
 */
head: ConversationHead, 
/**
 * The customer, where it is known.
 */
contact: Contact | null, 
/**
 * The newest parts by `seq`, then what waits in the outbox or was refused: messages, notes and
 * changes alike.
 */
parts: Array<PartView>, 
/**
 * Whether there are older parts.
 */
has_older: boolean, 
/**
 * Whether parts are missing because the server could not be asked.
 */
partial: boolean, 
/**
 * How many of the customer's messages are unread.
 */
unread: number, 
/**
 * The kept reply.
 */
reply_draft: string | null, 
/**
 * The kept note.
 */
note_draft: string | null, 
/**
 * Other conversations of the same customer, the newest first, at most 10.
 */
earlier: Array<EarlierConversation>, 
/**
 * What may not be done here and why. What is not listed may be done.
 */
denied: Array<DeniedAction>, };

export type Delivery = { "type": "sent" } | { "type": "queued", 
/**
 * The command.
 */
command_id: CommandId, 
/**
 * Whether it is on its way just now.
 */
sending: boolean, } | { "type": "refused", 
/**
 * The command.
 */
command_id: CommandId, 
/**
 * Why.
 */
code: ErrorCode, 
/**
 * Why, in the server's words.
 */
message: string, };

export type Denial = { "type": "not_active" } | { "type": "out_of_scope" } | { "type": "missing_permission", 
/**
 * The permission that would be needed.
 */
permission: Permission, };

export type DeniedAction = { 
/**
 * The action's name on the wire, such as `conversation_reply`.
 */
action: string, 
/**
 * Why.
 */
denial: Denial, };

export type Density = "comfortable" | "compact";

export type Directory = { 
/**
 * The active teammates, by name.
 */
teammates: Array<Teammate>, 
/**
 * The teams, by name.
 */
teams: Array<Team>, 
/**
 * Tags in use in the cache, the most used first.
 */
tags: Array<string>, };

export type Draft = { 
/**
 * On which conversation.
 */
conversation_id: ConversationId, 
/**
 * A reply or a note.
 */
kind: DraftKind, 
/**
 * Plain text.
 */
body_text: string, };

export type DraftKind = "reply" | "note";

export type Drafts = { 
/**
 * The drafts that were asked for, those of conversations that are out of reach included.
 */
drafts: Array<KeptDraft>, 
/**
 * How many there are in all.
 */
count: number, };

export type EarlierConversation = { 
/**
 * Which.
 */
conversation_id: ConversationId, 
/**
 * Its subject, or its newest words.
 */
title: string, 
/**
 * Where it stands.
 */
state: ConversationState, 
/**
 * When its newest message was written.
 */
last_part_at: Timestamp, };

export type Empty = Record<symbol, never>;

export type EnrolmentCodeRequest = { 
/**
 * Six digits, or a recovery code.
 */
code: string, 
/**
 * Whether it is a recovery code, in place of the present authenticator.
 */
recovery: boolean, };

export type EnrolmentId = string;

export type EnrolmentKind = "invitation" | "password_reset" | "account_reset" | "own_authenticator" | "unknown";

export type EnrolmentLink = { 
/**
 * Which.
 */
id: EnrolmentId, 
/**
 * What it is for.
 */
kind: EnrolmentKind, 
/**
 * For whom: the address.
 */
email: string, 
/**
 * For whom: the name.
 */
name: string, 
/**
 * What the person may do.
 */
role: Role, 
/**
 * The teams that an invited person will belong to.
 */
team_ids: Array<TeamId>, 
/**
 * The teammate that it resets, or that it has made.
 */
teammate_id: TeammateId | null, 
/**
 * Who made it; absent for the server's console.
 */
made_by: TeammateId | null, 
/**
 * When it was made.
 */
created_at: Timestamp, 
/**
 * Until when it is good.
 */
expires_at: Timestamp, 
/**
 * How it stands.
 */
standing: LinkStanding, };

export type EnrolmentLinks = { 
/**
 * The links.
 */
links: Array<EnrolmentLink>, };

export type EnrolmentPasswordRequest = { 
/**
 * The name; a reset leaves the present one.
 */
name: string, 
/**
 * The password.
 */
password: string, };

export type EnrolmentStage = "password" | "authenticator" | "code" | "recovery_codes";

export type EnrolmentState = { 
/**
 * What the link is for.
 */
kind: EnrolmentKind, 
/**
 * Who made it; absent for the server's console.
 */
invited_by: string | null, 
/**
 * The address to sign in with.
 */
email: string, 
/**
 * The name.
 */
name: string, 
/**
 * Until when the link is good.
 */
expires_at: Timestamp, 
/**
 * What comes next.
 */
stage: EnrolmentStage, };

export type ErrorCode = "invalid_request" | "invalid_value" | "too_large" | "not_found" | "permission_denied" | "idempotency_conflict" | "predecessor_not_applied" | "command_expired" | "client_too_old" | "invalid_credentials" | "invalid_code" | "sign_in_expired" | "too_many_attempts" | "session_ended" | "session_wiped" | "step_up_required" | "authenticator_required" | "password_refused" | "access_token_expired" | "invalid_channel_key" | "sso_failed" | "sso_only" | "sso_denied" | "sso_unavailable" | "personal_link_invalid" | "unreachable" | "untrusted_certificate" | "clock_skew" | "overloaded" | "internal" | "invalid_join_link" | "cursor_gone" | "keychain_locked" | "keychain_missing" | "keychain_denied" | "keychain_timeout" | "keychain_mismatch" | "app_locked" | "vault_locked" | "wrong_passphrase" | "cache_damaged" | "outbox_damaged" | "data_too_new" | "disk_full" | "disk_failed" | "lease_ended" | "already_running" | "policy_forbids" | "policy_invalid" | "link_refused" | "client_failed" | "unknown";

export type FocusRequest = { 
/**
 * The open conversation.
 */
conversation_id: ConversationId | null, 
/**
 * Whether the window has the focus.
 */
window_focused: boolean, };

export type HostError = { 
/**
 * For programs; the UI has a sentence for each.
 */
code: ErrorCode, 
/**
 * For people who read English, where the UI's own sentence says too little.
 */
message: string, 
/**
 * When to try again, in seconds, where that is known.
 */
retry_after_s: number | null, };

export type HostEvent = { "type": "state_changed", 
/**
 * The new state.
 */
state: AppState, } | { "type": "connection_changed", 
/**
 * The new state.
 */
connection: Connection, } | { "type": "conversations_changed", 
/**
 * Which; empty means that any may have.
 */
conversation_ids: Array<ConversationId>, } | { "type": "conversation_left", 
/**
 * Which.
 */
conversation_id: ConversationId, 
/**
 * The customer's name, for the line that says so.
 */
contact_name: string | null, } | { "type": "directory_changed" } | { "type": "sessions_changed" } | { "type": "outbox_changed", 
/**
 * Which.
 */
command_id: CommandId, } | { "type": "open_conversation", 
/**
 * Which.
 */
conversation_id: ConversationId, } | { "type": "join_link_received", 
/**
 * The link's text.
 */
link: LinkText, };

export type InboxPage = { 
/**
 * The rows.
 */
rows: Array<InboxRow>, 
/**
 * The key of the last row, where there are more.
 */
next: ListKey | null, 
/**
 * Whether the rows may be incomplete because the server could not be asked, as for closed
 * conversations without a connection.
 */
partial: boolean, };

export type InboxRequest = { 
/**
 * The view.
 */
view: View, 
/**
 * The order.
 */
sort: Sort, 
/**
 * The key of the last row before the page; absent for the first page.
 */
after: ListKey | null, 
/**
 * How many rows, at most 200.
 */
limit: number, };

export type InboxRow = { 
/**
 * The conversation as the agent sees it: the cache with the outbox laid over it.
 */
head: ConversationHead, 
/**
 * The customer's name, where it is known.
 */
contact_name: string | null, 
/**
 * How many of the customer's messages are unread.
 */
unread: number, 
/**
 * Whether the newest message is the agent's own.
 */
preview_is_mine: boolean, 
/**
 * Whether the outbox holds something for it.
 */
queued: boolean, 
/**
 * Whether the outbox holds something for it that was refused.
 */
refused: boolean, 
/**
 * Whether a draft is kept.
 */
has_draft: boolean, };

export type InviteRequest = { 
/**
 * The address. An open link for the same one is good for nothing from then on.
 */
email: string, 
/**
 * The name, which the person may write differently.
 */
name: string, 
/**
 * What the person may do: no more than who invites.
 */
role: Role, 
/**
 * The teams to belong to.
 */
team_ids: Array<TeamId>, 
/**
 * For how long the link is good, in seconds: from [`SHORTEST_LINK_S`] to [`LONGEST_LINK_S`], the
 * longest where it is absent.
 */
expires_in_s: number | null, 
/**
 * The language of the letter.
 */
language: LetterLanguage, };

export type JoinRequest = { 
/**
 * The join link's text.
 */
link: LinkText, };

export type KeptDraft = { 
/**
 * The text.
 */
draft: Draft, 
/**
 * The customer's name, where it is known.
 */
contact_name: string | null, 
/**
 * Whether the conversation can still be opened.
 */
reachable: boolean, 
/**
 * When it was last changed.
 */
updated_at: Timestamp, };

export type Language = "system" | "en" | "es";

export type LetterLanguage = "en" | "es";

export type LinkRequest = { 
/**
 * The address.
 */
url: string, };

export type LinkStanding = "open" | "used" | "revoked" | "replaced" | "expired" | "unknown";

export type LinkText = string;

export type ListKey = { 
/**
 * The value that the list is sorted by.
 */
at: Timestamp, 
/**
 * Whether the row counts as waiting, for [`Sort::LongestWaiting`].
 */
waiting: boolean, 
/**
 * The row's conversation.
 */
conversation_id: ConversationId, };

export type ListedRequest = { 
/**
 * How many stand before the first one.
 */
skip: number, 
/**
 * How many, at most [`MAX_LISTED`].
 */
limit: number, };

export type LoginMethod = "password" | "oidc";

export type MadeLink = { 
/**
 * What is kept of it.
 */
enrolment: EnrolmentLink, 
/**
 * The link, shown this once.
 */
link: string, 
/**
 * A text with the link in it, ready to be mailed.
 */
letter: string, };

export type ManagedPolicy = { 
/**
 * The servers to choose from.
 */
servers: Array<ManagedServer>, 
/**
 * Whether no other server may be joined.
 */
server_list_locked: boolean, 
/**
 * The ways to sign in; absent where all are left open.
 */
login_methods: Array<LoginMethod> | null, 
/**
 * Whether secrets may lie in the system's keychain only.
 */
require_system_keychain: boolean, 
/**
 * The files that say so, in the order in which they were read. Without one nothing is managed.
 */
files: Array<string>, };

export type ManagedServer = { 
/**
 * What the organisation calls it.
 */
name: string, 
/**
 * Its join link, which is nobody's personal one.
 */
link: LinkText, };

export type Meanwhile = { 
/**
 * The colleague's name.
 */
author_name: string | null, 
/**
 * What: a message, a note or a change of the conversation.
 */
part_type: PartType, 
/**
 * The teammate that an `assignment` names.
 */
assigned_to_admin_id: TeammateId | null, 
/**
 * The team that an `assignment` names.
 */
assigned_to_team_id: TeamId | null, 
/**
 * The priority that it was given.
 */
priority: Priority | null, 
/**
 * The tag that was added or removed.
 */
tag: string | null, 
/**
 * When.
 */
created_at: Timestamp, };

export type NotificationContent = "full" | "sender" | "hidden" | "off";

export type OpenRequest = { 
/**
 * Which.
 */
conversation_id: ConversationId, 
/**
 * How many of the newest parts, at most 200.
 */
limit: number, };

export type Outbox = { 
/**
 * What was refused, the oldest first, and then what waits, the oldest first.
 */
entries: Array<OutboxEntry>, 
/**
 * How many were refused in all.
 */
refused: number, 
/**
 * How many wait in all.
 */
waiting: number, };

export type OutboxEntry = { 
/**
 * The command.
 */
command_id: CommandId, 
/**
 * On which conversation.
 */
conversation_id: ConversationId, 
/**
 * The customer's name, where it is known.
 */
contact_name: string | null, 
/**
 * The conversation's subject, if it has one.
 */
title: string | null, 
/**
 * What.
 */
action: Action, 
/**
 * When the agent did it.
 */
created_at: Timestamp, 
/**
 * Where it stands.
 */
delivery: Delivery, 
/**
 * How often it was tried.
 */
attempts: number, 
/**
 * The newest thing that a colleague did there since.
 */
meanwhile: Meanwhile | null, };

export type OutboxRequest = { 
/**
 * The command.
 */
command_id: CommandId, };

export type OutboxRetryRequest = { 
/**
 * The commands; absent for everything that was refused. Those that were not refused are passed
 * over.
 */
command_ids: Array<CommandId> | null, };

export type Part = { 
/**
 * The part's id.
 */
id: PartId, 
/**
 * The conversation that it belongs to.
 */
conversation_id: ConversationId, 
/**
 * Its place in the conversation, counted from 1 without gaps. The server's order decides.
 */
seq: number, 
/**
 * What kind of entry it is.
 */
part_type: PartType, 
/**
 * Who wrote it.
 */
author: Author, 
/**
 * Sanitised HTML; empty for events.
 */
body: string, 
/**
 * The same as plain text; empty for events.
 */
body_text: string, 
/**
 * Whether `body` says more than `body_text` does, so that it needs a frame to be shown.
 */
rich: boolean, 
/**
 * The teammate that an `assignment` names.
 */
assigned_to_admin_id: TeammateId | null, 
/**
 * The team that an `assignment` names.
 */
assigned_to_team_id: TeamId | null, 
/**
 * The time that a `snoozed` names.
 */
snoozed_until: Timestamp | null, 
/**
 * The priority that a `priority_changed` names.
 */
priority: Priority | null, 
/**
 * The tag that a `tag_added` or `tag_removed` names.
 */
tag: string | null, 
/**
 * The command that made it, if an agent's command did.
 */
command_id: CommandId | null, 
/**
 * When it was written. Imported parts keep the time of their source.
 */
created_at: Timestamp, 
/**
 * The change log's number of the newest change to the part.
 */
version: number, };

export type PartId = string;

export type PartType = "comment" | "note" | "assignment" | "close" | "open" | "snoozed" | "timer_unsnooze" | "priority_changed" | "tag_added" | "tag_removed" | "unknown";

export type PartView = { 
/**
 * The part. What waits in the outbox has a `seq` above the head's and version 0.
 */
part: Part, 
/**
 * Whether the signed-in teammate wrote it.
 */
mine: boolean, 
/**
 * Where it stands.
 */
delivery: Delivery, 
/**
 * When this machine heard that it took effect, by its own clock: for the signed-in teammate's own
 * newest ones, as long as the outbox remembers them.
 */
heard_at: Timestamp | null, };

export type PartsPage = { 
/**
 * By `seq`.
 */
parts: Array<PartView>, 
/**
 * Whether there are older ones still.
 */
has_older: boolean, 
/**
 * Whether parts are missing because the server could not be asked.
 */
partial: boolean, };

export type PartsRequest = { 
/**
 * Which conversation.
 */
conversation_id: ConversationId, 
/**
 * Only parts with a lower `seq`.
 */
before_seq: number, 
/**
 * How many, at most 200.
 */
limit: number, };

export type PassphraseRequest = { 
/**
 * The passphrase, exactly as it was typed.
 */
passphrase: string, };

export type PasswordCheck = { 
/**
 * Every reason against it; none means that it is accepted.
 */
issues: Array<PasswordIssue>, 
/**
 * How hard it is to guess, from 0 (at once) to 4 (beyond reach), as zxcvbn counts it.
 */
score: number, 
/**
 * What makes it easier to guess than it looks, where something does.
 */
hint: PasswordHint | null, };

export type PasswordCheckRequest = { 
/**
 * What somebody thinks of.
 */
password: string, };

export type PasswordHint = "keyboard" | "repeat" | "common" | "sequence" | "date" | "word" | "name" | "unknown";

export type PasswordIssue = { "issue": "too_short", 
/**
 * How many characters it needs.
 */
minimum_characters: number, } | { "issue": "too_long", 
/**
 * How many bytes it may have.
 */
maximum_bytes: number, } | { "issue": "common" } | { "issue": "contains_context", 
/**
 * The word to leave out.
 */
word: string, } | { "issue": "repetitive" } | { "issue": "sequential" } | { "issue": "unknown" };

export type PasswordRequest = { 
/**
 * The address.
 */
email: string, 
/**
 * The password.
 */
password: string, };

export type Permission = "conversation.read" | "conversation.reply" | "conversation.note" | "conversation.assign" | "conversation.close" | "conversation.snooze" | "conversation.prioritize" | "conversation.tag" | "contact.list" | "session.manage" | "security.manage" | "teammate.invite" | "teammate.reset";

export type PersonalLinkResetRequest = { 
/**
 * Whose.
 */
teammate_id: TeammateId, 
/**
 * Whether the authenticator is lost as well.
 */
authenticator: boolean, 
/**
 * As in [`InviteRequest`](crate::enrolment::InviteRequest).
 */
expires_in_s: number | null, 
/**
 * The language of the letter.
 */
language: LetterLanguage, };

export type PersonalLinkRevokeRequest = { 
/**
 * Which.
 */
id: EnrolmentId, };

export type Phase = "join" | "sign_in" | "code" | "browser" | "enrol" | "opening" | "locked" | "blocked" | "ready";

export type Priority = "priority" | "not_priority" | "unknown";

export type Problem = { 
/**
 * For programs; the UI has a sentence and the fitting button for each.
 */
code: ErrorCode, 
/**
 * For people who read English, with facts such as a path.
 */
detail: string, 
/**
 * Whether trying again makes sense.
 */
can_retry: boolean, 
/**
 * Whether building the cache anew would help.
 */
can_reset_cache: boolean, 
/**
 * Why the session has ended, where that is what happened and the server has said it.
 */
session_end: SessionEndReason | null, };

export type ProviderId = string;

export type ProviderSummary = { 
/**
 * The provider.
 */
id: ProviderId, 
/**
 * What people call it.
 */
name: string, };

export type RecoveryCodeRequest = { 
/**
 * As it was written down; case, spaces and hyphens do not matter.
 */
code: string, };

export type RecoveryCodes = { 
/**
 * [`RECOVERY_CODES`] codes, each good once in place of a code of the authenticator.
 */
codes: Array<string>, };

export type Role = "admin" | "agent" | "light_agent" | "unknown";

export type SavedFile = { 
/**
 * Where it lies.
 */
path: string, };

export type SearchIn = "cache" | "server";

export type SearchRequest = { 
/**
 * What was typed.
 */
query: string, 
/**
 * Where.
 */
search_in: SearchIn, 
/**
 * How many results, at most 50.
 */
limit: number, };

export type SearchResult = { 
/**
 * The conversation.
 */
conversation_id: ConversationId, 
/**
 * The part; absent where the subject or the customer matched.
 */
part_id: PartId | null, 
/**
 * The customer.
 */
contact_id: ContactId, 
/**
 * The customer's name, where it is known.
 */
contact_name: string | null, 
/**
 * Who wrote it.
 */
author: AuthorType, 
/**
 * The teammate who wrote it, if one did.
 */
author_admin_id: TeammateId | null, 
/**
 * Where the conversation stands.
 */
state: ConversationState, 
/**
 * Whether the conversation goes first.
 */
priority: Priority, 
/**
 * When it was written.
 */
created_at: Timestamp, 
/**
 * The words around the match as plain text.
 */
excerpt: string, };

export type SearchResults = { 
/**
 * The results.
 */
results: Array<SearchResult>, 
/**
 * Whether every conversation that the teammate may see was searched.
 */
complete: boolean, };

export type SecretStorage = "keychain" | "undecided" | "vault_locked" | "vault" | "memory";

export type SecurityCheckup = { 
/**
 * The steps.
 */
steps: Array<StepState>, 
/**
 * When they were looked at.
 */
looked_at: Timestamp, };

export type SecurityStep = "own_authenticator" | "own_password" | "recovery_codes" | "factor_required" | "sso_only" | "second_admin" | "few_admins" | "short_lease" | "unused_copies" | "unseen_sign_ins" | "unknown";

export type SeenSessionsRequest = { 
/**
 * Which; not the session that asks. At most [`MAX_SESSIONS_PER_REQUEST`].
 */
session_ids: Array<SessionId>, };

export type SessionEndReason = "idle" | "too_old" | "refresh_reused" | "account_disabled" | "credentials_changed" | "ended_elsewhere" | "ended_by_admin" | "provider_ended" | "sso_required" | "unknown";

export type SessionId = string;

export type SessionInfo = { 
/**
 * The session.
 */
session_id: SessionId, 
/**
 * What the machine is called.
 */
device_name: string, 
/**
 * Its operating system.
 */
system: string, 
/**
 * The version of the client.
 */
app_version: string, 
/**
 * The network address that it was last refreshed from, where that is known.
 */
address: string | null, 
/**
 * When somebody signed in.
 */
created_at: Timestamp, 
/**
 * When it was last used.
 */
last_used_at: Timestamp, 
/**
 * Whether it is the session that asks.
 */
current: boolean, 
/**
 * Whether it began on a machine where the account was not known, and nobody has said in another session that this was
 * right, or has ended it.
 */
unseen: boolean, 
/**
 * Whether it gives access.
 */
standing: SessionStanding, };

export type SessionList = { 
/**
 * The sessions.
 */
sessions: Array<SessionInfo>, };

export type SessionStanding = "active" | "ended" | "wipe_pending" | "wiped" | "unknown";

export type SessionsEndRequest = { 
/**
 * Whose they are, for an admin; one's own where it is absent.
 */
teammate_id: TeammateId | null, 
/**
 * Which.
 */
session_ids: Array<SessionId>, 
/**
 * Whether their machines also erase their copies.
 */
wipe: boolean, };

export type SessionsRequest = { 
/**
 * Another teammate, for an admin; one's own where it is absent.
 */
teammate_id: TeammateId | null, };

export type Settings = { 
/**
 * The UI's language.
 */
language: Language, 
/**
 * Light or dark.
 */
theme: Theme, 
/**
 * How close the list's rows stand.
 */
density: Density, 
/**
 * What notifications show.
 */
notifications: NotificationContent, 
/**
 * Whether shortcuts of a single letter work.
 */
single_letter_keys: boolean, 
/**
 * Keys that differ from the default: command id of the UI to its keys.
 */
keys: { [key in string]: Array<string> }, 
/**
 * After how many minutes without a key or a movement the app locks; 0: never.
 */
lock_after_min: number, 
/**
 * Widths of the panes in pixels and which are folded, as the UI names them.
 */
layout: { [key in string]: number }, };

export type Sidebar = { 
/**
 * The views, in the order in which they are shown.
 */
views: Array<ViewCount>, 
/**
 * How many of the outbox's entries wait.
 */
queued: number, 
/**
 * How many of the outbox's entries were refused.
 */
refused: number, 
/**
 * How many drafts are kept.
 */
drafts: number, };

export type SignInWays = { 
/**
 * Whether passwords are offered. Where they are not, one account may use its password all the
 * same, for the day on which single sign-on is broken.
 */
password: boolean, 
/**
 * The identity providers that are offered.
 */
providers: Array<ProviderSummary>, 
/**
 * Whether the workspace has any identity provider. If not, there is no need to ask again.
 */
has_providers: boolean, };

export type SignInWaysRequest = { 
/**
 * The address. Only its domain counts, so the answer tells nothing about who has an account.
 * Empty: what is offered whatever the address.
 */
email: string, };

export type SignOutRequest = { 
/**
 * Gives up what the outbox still holds and the drafts.
 */
discard_unsent: boolean, };

export type Sort = "newest" | "longest_waiting";

export type SsoBeginRequest = { 
/**
 * The provider, as `sign_in_ways` gave it.
 */
provider: ProviderSummary, 
/**
 * The address that was typed. It names this machine's secrets and is not sent.
 */
email: string, };

export type StepState = { 
/**
 * The step.
 */
step: SecurityStep, 
/**
 * Whether nothing is left to do.
 */
done: boolean, 
/**
 * How many people or machines it is open for.
 */
open: number, 
/**
 * How many it is about in all.
 */
of: number, 
/**
 * Whom it is open for, [`MAX_NAMED`] at most.
 */
teammate_ids: Array<TeammateId>, };

export type SubmitRequest = { 
/**
 * On which conversation.
 */
conversation_id: ConversationId, 
/**
 * What.
 */
action: Action, };

export type Submitted = { 
/**
 * The command.
 */
command_id: CommandId, 
/**
 * What takes it back, submitted in the same way; absent for replies and notes.
 */
undo: Action | null, };

export type Team = { 
/**
 * The team's id.
 */
id: TeamId, 
/**
 * The name that teammates see.
 */
name: string, 
/**
 * Who belongs to it, sorted.
 */
admin_ids: Array<TeammateId>, 
/**
 * The change log's number of the newest change to this object.
 */
version: number, };

export type TeamId = string;

export type Teammate = { 
/**
 * The teammate's id.
 */
id: TeammateId, 
/**
 * The name that colleagues and customers see.
 */
name: string, 
/**
 * The address used to sign in.
 */
email: string, 
/**
 * What the teammate may do.
 */
role: Role, 
/**
 * Whether the account is in use.
 */
state: TeammateState, 
/**
 * When the account was made.
 */
created_at: Timestamp, 
/**
 * The change log's number of the newest change to this object.
 */
version: number, };

export type TeammateId = string;

export type TeammateState = "invited" | "active" | "suspended" | "removed" | "unknown";

export type Theme = "system" | "light" | "dark";

export type Timestamp = number;

export type View = { "type": "mine" } | { "type": "unassigned" } | { "type": "all" } | { "type": "team", 
/**
 * The team.
 */
team_id: TeamId, } | { "type": "snoozed" } | { "type": "closed" };

export type ViewCount = { 
/**
 * The view.
 */
view: View, 
/**
 * The team's name, for a team's view.
 */
team_name: string | null, 
/**
 * How many conversations it holds; absent for closed ones.
 */
count: number | null, 
/**
 * How many of them have something unread.
 */
unread: number, };

export type WorkspaceId = string;

export type WorkspaceSummary = { 
/**
 * The workspace.
 */
id: WorkspaceId, 
/**
 * Its name.
 */
name: string, 
/**
 * The server's host, with the port where it is not 443.
 */
host: string, 
/**
 * Whether the server's certificate was checked against the authority of the join link, rather
 * than against the system's.
 */
private_authority: boolean, };
