# Words: short, second person. Say what happened and what to do.

## Everywhere

cancel = Cancel
close-dialog = Close
try-again = Try again
undo = Undo
undone = Taken back
dismiss = Dismiss
copied = Copied
copy-failed = The clipboard took nothing. Select the text and copy it by hand.
or = or
you = You
you-object = you
somebody = somebody
nobody = Nobody
no-team = No team
note = Note
opening = Opening your inbox…
start-failed = Recado could not start
guard-text = This screen failed. Your messages and drafts are safe.
guard-reload = Show it again
toasts-label = Messages from Recado
picker-nothing = Nothing matches
picker-more = { $count ->
    [one] { $count } more. Type to find it.
   *[other] { $count } more. Type to find them.
  }
picker-current = current
back-to-list = Back to the list
back = Back

## Time

day-today = Today
day-yesterday = Yesterday
duration-minutes = { $count ->
    [0] now
   *[other] { $count } min
  }
duration-hours = { $count } h
duration-days = { $count } d

## Joining and signing in

join-title = Join your workspace
join-lead = Paste the link that you were sent: an invitation, or your workspace’s join link.
join-link = Link
join-unreadable = This does not look like a join link. It starts with recado://join
join-damaged = The file that named your server was damaged. Join again and sign in: your conversations, drafts and unsent messages are still on this machine.
join-own-authority = Trusted through the certificate in the link
join-system-authority = Trusted through this computer’s certificates
join-submit = Join
join-busy = Asking the server…
join-foot = The link says which server to trust. Only use one from somebody you know.
managed-join-title = Welcome to Recado
managed-join-lead = Your organisation has set up this workspace for you.
managed-join-lead-many = Your organisation has set up these workspaces. Which one is yours?
managed-join-foot = Set up by your organisation’s IT on this computer.
managed-join-submit = Continue
managed-join-back = Your organisation’s workspaces
join-notice-title = A join link arrived
join-notice-personal = You are signed in to { $workspace }. An invitation or a reset link is opened at the sign-in: sign out first, then open the link again.
join-notice-lead = You are signed in to { $workspace }. To join another workspace, sign out first, then open the link again.
own-link-title = Open your personal link
own-link-lead = Paste the invitation or the reset link that you were sent.
own-link-label = Personal link
own-link-personal = Your own link for this workspace
own-link-impersonal = This link only names the workspace, which you have joined already. An invitation or a reset link is longer.
own-link-submit = Open
own-link-back = Back to signing in
sign-in-link = I have a link
enrol-step = Step { $number } of { $of }
enrol-title = Join { $workspace }
enrol-invited-by = { $who } invites you to { $workspace }. Choose how colleagues see you, and a password.
enrol-invited = You are invited to { $workspace }. Choose how colleagues see you, and a password.
enrol-reset-title = Choose a new password
enrol-password-reset-lead = Then show a code of your authenticator, and you are back in { $workspace }. You are signed out everywhere else.
enrol-account-reset-lead = Then set up your authenticator anew, and you are back in { $workspace }. You are signed out everywhere else, and your old recovery codes stop working.
enrol-name = Your name
enrol-name-hint = Colleagues and customers see it.
enrol-password = Password
enrol-until = Your link works once, until { $time }. If you are interrupted, open it again to go on.
enrol-later = Go on later
enrol-cancel = Not now
enrol-back = Back
enrol-authenticator-title = Set up your authenticator
enrol-authenticator-lead = Each time you sign in, it shows a code that nobody else has. Nothing is complete before you have typed the first one.
enrol-authenticator-scan = Scan this with an authenticator app on your phone, or type the key in.
enrol-authenticator-submit = Complete and sign in
enrol-factor-title = Show your authenticator
enrol-factor-lead = Type its 6-digit code. With it your new password counts.
enrol-codes-title = Keep your recovery codes
enrol-codes-lead = With one of them you get in when your authenticator is lost. Keep them where your phone is not. They are shown this once; each is good once.
enrol-codes-again = Make them again
enrol-codes-later = Go on without; make them later under Settings, Security
enrol-own-title = Set up your own authenticator
enrol-own-lead = Your workspace asks for one that nobody else has seen. The one that was handed to you has let you in up to here; from now on it takes your own.
enrol-own-leave = Sign in later
sign-in-title = Sign in to { $workspace }
sign-in-host = { $host }
sign-in-host-checked = { $host } · connection checked
sign-in-email = E-mail
sign-in-password = Password
sign-in-show-password = Show password
sign-in-hide-password = Hide password
sign-in-submit = Continue
sign-in-busy = Checking…
sign-in-other-workspace = Other workspace
sign-in-with = Continue with { $provider }
sign-in-use-password = Use a password instead
sign-in-no-way = There is no way in for this address. Check it, or ask your admin.
sign-in-no-way-password-only = On this computer your organisation lets people sign in with a password only, and this address has none. Check it, or ask your IT.
sign-in-no-way-managed = On this computer your organisation lets people sign in through its own sign-in only, and there is none for this address. Check it, or ask your IT.
sign-in-foot = Your session is kept only in this computer’s keychain.
sign-in-foot-vault = Your session is kept in a file on this computer, behind your passphrase.
sign-in-foot-memory = Nothing is stored on this computer. When you close Recado, your session ends and what was not sent is gone.
vault-choice-title = This computer has no keychain
vault-choice-lead = Recado keeps your session and the key to your inbox in the system’s keychain, and found none. Start or install one, set a passphrase instead, or go on without storing anything.
vault-choice-foot = Nobody can bring a forgotten passphrase back. Your conversations stay on the server.
vault-passphrase = Passphrase
vault-passphrase-hint = At least { $count } characters. A few words are easier than a riddle.
vault-repeat = Passphrase, once more
vault-too-short = That is too short. Use at least { $count } characters.
vault-differs = The two are not the same. Type it once more.
vault-show-passphrase = Show passphrase
vault-hide-passphrase = Hide passphrase
vault-create = Set passphrase and continue
vault-decline = Continue without storing anything
vault-look-again = Look for a keychain again
vault-busy = One moment…
vault-unlock-title = Type your passphrase
vault-unlock-lead = It opens what Recado keeps on this computer.
vault-unlock-lead-managed = Your organisation wants your keys in this computer’s keychain. Type the passphrase once more, and Recado moves everything there.
vault-unlock = Open
lock-title = Recado is locked
lock-foot = Nothing of your inbox is open. New messages arrive once you unlock.
lock-submit = Unlock
lock-forgotten = Forgot it?
lock-forgotten-lead = Nobody can bring it back. You can erase what Recado keeps on this computer and sign in anew: conversations come back from the server, what was written here and not sent is lost.
lock-erase = Erase and sign in anew
code-title = Type the 6-digit code
code-lead = From your authenticator app, to enter { $workspace }.
code-label = 6-digit code
code-submit = Sign in
code-busy = Signing in…
code-other-account = Other account
code-recovery = Use a recovery code
recovery-sign-in-title = Type a recovery code
recovery-sign-in-lead = One of the ten that you kept. Each is good once.
recovery-sign-in-back = Use the authenticator
recovery-wrong = That is none of your codes, or it was used before. Check every letter, or take another one.
recovery-code-label = Recovery code

browser-title = Sign in with your browser
browser-lead = Your browser has opened { $provider }. Sign in there; { $workspace } then opens here by itself.
browser-time-left = Time left: { $minutes }:{ $seconds }
browser-open-again = Open the browser again
browser-cancel = Cancel
browser-failed-title = You were not signed in
browser-retry = Try again
browser-back = Other ways to sign in

## Problems of this computer

problem-retry = Try again
problem-reset-cache = Load everything anew from the server
problem-details = Details
problem-foot = Nothing has been deleted. Unsent messages and drafts are kept.
problem-other = Recado cannot open your inbox
problem-keychain-locked = Your keychain is locked
problem-keychain-missing = There is no keychain
problem-keychain-denied = The keychain said no
problem-keychain-timeout = The keychain does not answer
problem-keychain-mismatch = The keychain’s key does not fit
problem-cache-damaged = The local copy is damaged
problem-outbox-damaged = The outbox is damaged
problem-data-too-new = This data needs a newer Recado
problem-disk-full = The disk is full
problem-disk-failed = The disk cannot be used
problem-lease-ended = Connect to go on
problem-erase = Erase what is here and go on
problem-erase-lead = Everything that this computer keeps of { $workspace } is deleted, with messages that were not sent and drafts. What the server has stays there.
problem-erase-confirm = Erase
erase-keep = Keep it
problem-policy-forbids = Your organisation does not allow this server
problem-policy-invalid = Your organisation’s policy cannot be read
problem-already-running = Recado is already open

## Errors, one for each code

error-invalid-request = The server did not understand the request. Update Recado and try again.
error-invalid-value = A value was not accepted. Change it and try again.
error-too-large = This message is too long. Shorten it and send it again.
error-not-found = This is gone, or you may not see it any more.
error-permission-denied = Your role may not do this. Ask an admin.
error-idempotency-conflict = This was sent before with other words. Copy it and send it as a new message.
error-predecessor-not-applied = It waits for an earlier action that was refused. Retry or discard that one first.
error-command-expired = It waited too long to be sent. Copy it and send it anew.
error-client-too-old = This Recado is too old for your server. Update it.
error-invalid-credentials = E-mail or password is wrong. Check both and try again.
error-invalid-code = That code is not right, or was used before. Wait for the next one. If it keeps failing, check that your computer’s clock and your phone’s are right.
error-sign-in-expired = The sign-in took too long. Start again.
error-too-many-attempts = { $seconds ->
    [0] Too many attempts. Wait a moment, then try again.
    [one] Too many attempts. Try again in { $seconds } second.
   *[other] Too many attempts. Try again in { $seconds } seconds.
  }
error-session-ended = Your session has ended. Sign in again.
session-end-idle = You were signed out because Recado was not used here for a long time. Sign in again: drafts and what waits to be sent are still here.
session-end-too-old = It is time to sign in again. Drafts and what waits to be sent are still here.
session-end-refresh-reused = You were signed out because somebody else tried to use your session. Sign in, then look at Settings, Sessions, and tell your admin.
session-end-account-disabled = Your account is not active any more. Ask your admin.
session-end-credentials-changed = You were signed out because your password or authenticator was changed. If that was not you, tell your admin now.
session-end-ended-elsewhere = You signed out here from another computer of yours. Sign in again to go on here. If that was not you, tell your admin now.
session-end-ended-by-admin = An admin signed you out here. Sign in again, or ask your admin why.
session-end-provider-ended = Your company’s sign-in has ended your session. Sign in again.
session-end-sso-required = Your workspace now lets people in through your company’s sign-in only. Continue with it.
error-session-wiped = What Recado kept on this computer was erased, because you or an admin asked for it. Your conversations are on the server: sign in to see them again.
error-step-up-required = Show first that it is you.
error-password-refused = That password is too easy to guess, or too short. Choose another one.
error-authenticator-required = Your workspace asks for an authenticator of your own. Sign in, and you are led through setting it up.
error-access-token-expired = Your session is being renewed. Try again.
error-invalid-channel-key = The channel’s key is not known to the server.
error-sso-failed = The sign-in at your company did not come to a good end. Start it again.
error-sso-only = This workspace lets people in by your company’s own sign-in. Choose it below.
error-sso-denied = Your company’s sign-in does not let you into this workspace. Ask your admin.
error-sso-unavailable = Your company’s sign-in does not answer. Try again in a moment; if it goes on, tell your admin.
error-personal-link-invalid = This link was used, was withdrawn or has run out. If you have finished with it, sign in; otherwise ask your admin for a new one.
error-unreachable = The server cannot be reached. Check your connection and try again.
error-untrusted-certificate = The server’s certificate is not the one this computer trusts. Do not go on; tell your admin.
error-clock-skew = This computer’s clock is wrong. Set it right and try again.
error-overloaded = The server is busy. Try again in a moment.
error-internal = The server failed; nothing was changed. Try again in a moment.
error-invalid-join-link = This join link cannot be read. Copy it again, whole.
error-cursor-gone = The server has no changes from that far back. Recado compares everything anew.
error-keychain-locked = Unlock your keychain, then try again. Recado keeps its key there.
error-keychain-missing = Recado keeps its key in the system’s keychain and found none. Start or install one, such as GNOME Keyring or KWallet, then try again.
error-keychain-denied = Allow Recado to use the keychain, then try again.
error-keychain-timeout = The keychain did not answer in time. See whether it is asking you something, then try again.
error-keychain-mismatch = The key in the keychain does not open this computer’s data. Open the keychain that you used before, then try again.
error-app-locked = Recado is locked. Type its passphrase to go on.
error-vault-locked = What Recado keeps on this computer lies behind your passphrase. Type it to go on.
error-wrong-passphrase = That is not the passphrase. Look at it with the eye, and try again.
error-cache-damaged = The local copy of your conversations cannot be read. Recado can load it anew from the server; unsent messages and drafts stay.
error-outbox-damaged = The file with your unsent messages was damaged. What could be read of it was saved, and the damaged file is kept. Look through your outbox and drafts.
error-data-too-new = A newer Recado wrote this data. Update Recado and start it again.
error-disk-full = Free some space on your disk, then try again. What you write cannot be kept until then.
error-disk-failed = Recado could not read or write its folder on this computer. Check that the disk is there and that you may write to it, then try again.
error-lease-ended = You have been offline for longer than your workspace allows. Connect to the server, and your inbox opens again.
error-already-running = Another window of Recado uses this data. Go to that one, or close it and try again.
error-policy-forbids = Your organisation’s policy for this computer does not allow this. Ask your IT what is allowed.
error-policy-invalid = Recado starts once the policy can be read: without it, something that your organisation has decided would not hold. Show the details to your IT.
error-link-refused = This link is of a kind that Recado does not open.
error-client-failed = Something in Recado failed. Try again; if it stays so, start it anew.
error-unknown = Something failed that this Recado does not know. Update it, then try again.

## Why not

denied-not-active = Your account is not active. Ask an admin.
denied-out-of-scope = This conversation is outside what you may see.
denied-missing-permission = Your role lacks “{ $permission }”. An admin can grant it.

## Panes

pane-sidebar = Views
pane-list = Conversations
pane-conversation = Conversation
pane-details = Details
pane-status = Status
workspace-menu = Workspace
account-menu = { $name }: your account. { $state }
account-title = Your account
role-admin = Admin
role-agent = Agent
role-light-agent = Light agent
role-unknown = A role that this Recado does not know
resize-sidebar = Width of the views
resize-list = Width of the list
resize-details = Width of the details

## Views

view-mine = Mine
view-unassigned = Unassigned
view-all = All open
view-snoozed = Snoozed
view-closed = Closed
view-team = Team
sidebar-teams = Teams
sidebar-unread = { $count ->
    [one] { $count } unread
   *[other] { $count } unread
  }

## The list

list-label = Conversations in { $view }
list-news = { $count ->
    [one] { $count } new above
   *[other] { $count } new above
  }
list-partial = Connect to see the rest.
sort-label = Order
sort-newest = Newest
sort-longest-waiting = Longest waiting
row-you = You:
row-draft = Draft
row-note = Note
row-empty = No message yet
row-refused = Something was refused
row-unread = unread
row-waiting = waiting
row-waiting-title = The customer waits for an answer
contact-unnamed = Unnamed customer
state-open = Open
state-closed = Closed
state-snoozed = Snoozed
priority-first = Goes first
priority-normal = Normal
empty-mine = Nothing is assigned to you
empty-unassigned = Everything has an owner
empty-all = Nothing is open
empty-team = This team has nothing open
empty-snoozed = Nothing is snoozed
empty-closed = Nothing is closed yet
empty-loading = Loading your conversations
empty-loading-progress = { $count } so far
empty-offline = You are offline
empty-offline-lead = These are not on this computer. Connect to see them.
lesson-unassigned = shows what nobody has taken
lesson-mine = brings you back to yours
lesson-closed = shows what is done
lesson-all = shows everything open
lesson-snooze = puts a conversation aside until later
lesson-close = closes a conversation
lesson-next = opens the next conversation
lesson-palette = finds every action
nothing-selected = Choose a conversation

## A conversation

thread-label = Messages with { $name }
thread-older = Loading older messages…
thread-gap = Loading more messages…
thread-gap-offline = Connect to load what comes between
thread-older-offline = Connect to load older messages
thread-partial = Some older messages are not on this computer. Connect to see them.
thread-target-offline = That message is not on this computer. Connect to see it.
thread-target-missing = That message could not be loaded.
thread-news = { $count ->
    [one] { $count } new message
   *[other] { $count } new messages
  }
announce-news = { $count ->
    [one] { $count } conversation has something new
   *[other] { $count } conversations have something new
  }
announce-message = New message from { $name }
message-label = { $author }, { $time }
message-label-note = Note by { $author }, { $time }
message-show-more = Show more ({ $count } characters left)
message-frame = Message with layout
message-taller = Show more
message-shorter = Show less
link-title = Opens { $host }
author-bot = Automatic
author-server = Recado
author-unknown = Imported author
delivery-sent = sent
delivery-sending = sending…
delivery-queued = queued
delivery-queued-offline = queued, offline since { $since }
delivery-refused = refused
refused-retry = Retry
refused-copy = Copy
refused-discard = Discard
meanwhile-replied = { $author } replied while you were away
meanwhile-note = { $author } left a note while you were away
meanwhile-close = { $author } closed this while you were away
meanwhile-open = { $author } reopened this while you were away
meanwhile-snoozed = { $author } snoozed this while you were away
meanwhile-assigned-me = { $author } assigned this to you while you were away
meanwhile-assigned-self = { $author } took this while you were away
meanwhile-assigned = { $author } assigned this to { $teammate } while you were away
meanwhile-assigned-team = { $author } moved this to { $team } while you were away
meanwhile-unassigned = { $author } took the assignment away while you were away
meanwhile-priority-on = { $author } put this first while you were away
meanwhile-priority-off = { $author } set the priority back to normal while you were away
meanwhile-tag-added = { $author } added the tag { $tag } while you were away
meanwhile-tag-removed = { $author } removed the tag { $tag } while you were away
meanwhile-again = Redo my change
snoozed-until = Snoozed until { $until }
left-title = { $name } has left your view
left-title-unnamed = This conversation has left your view
left-lead = It was moved to where you may not see it. It is gone from this computer.
left-lead-written = It was moved to where you may not see it. What you were writing is still here.
left-copy = Copy what I wrote

event-assigned = { $author } assigned this to { $teammate }
event-assigned-self = { $mine ->
    [yes] You took this
   *[no] { $author } took this
  }
event-assigned-team = { $author } moved this to { $team }
event-assigned-both = { $author } assigned this to { $teammate }, { $team }
event-unassigned = { $author } took the assignment away
event-close = { $author } closed this
event-open = { $author } reopened this
event-open-by-customer = Reopened by the customer’s message
event-snoozed = { $author } snoozed this until { $until }
event-timer-unsnooze = The snooze ended
event-priority-on = { $author } put this first
event-priority-off = { $author } set the priority back to normal
event-tag-added = { $author } added the tag { $tag }
event-tag-removed = { $author } removed the tag { $tag }
event-unknown = Something that this version of Recado does not know. Update Recado to see it.

## Writing

composer-kind = Kind of message
composer-reply = Reply
composer-label-reply = Reply to { $name }
composer-label-note = Internal note
composer-placeholder-reply = Reply to { $name }…
composer-placeholder-note = A note for your team…
composer-note-private = Only your team sees this
composer-send = Send
composer-send-close = Send + close
composer-add-note = Add note
composer-too-long = Too long to send: shorten it to under a million characters
draft-saved = Saved
draft-saving = Saving…
draft-failed = Not saved on this computer

## What was done

done-closed = Closed
done-opened = Reopened
done-snoozed = Snoozed until { $until }
done-assigned = Assigned to { $name }
done-assigned-me = Assigned to you
done-unassigned = Assigned to nobody
done-assigned-team = Moved to { $name }
done-unassigned-team = Taken out of its team
done-priority-on = Goes first
done-priority-off = Priority back to normal
done-tagged = Tagged { $tag }
done-untagged = Tag { $tag } removed
done-unread = Marked unread
done-again = Done again
done-note = Note added
undo-note-late = Your team has the note already. It cannot be taken back.

## Details

contact-since = Since { $date }
contact-email = E-mail
contact-phone = Phone
contact-language = Language
contact-external-id = Your id
details-conversation = Conversation
details-assignee = Assignee
details-team = Team
details-priority = Priority
details-tags = Tags
details-wakes = Wakes
details-opened = Opened
details-earlier = Earlier
tag-remove = Remove the tag { $tag }

## Choosing

assign-me = { $name } (you)
assign-placeholder = Assign to…
assign-team-placeholder = Which team?
snooze-placeholder = Until when?
snooze-hour = In an hour
snooze-afternoon = This afternoon
snooze-evening = This evening
snooze-tomorrow = Tomorrow morning
snooze-monday = Monday morning
snooze-week = In a week
snooze-month = In a month
tag-placeholder = Add or remove a tag…
tag-new = New tag “{ $tag }”
palette-placeholder = What do you want to do?
action-snooze = Snooze
action-close = Close
action-open = Reopen

## Search

search-label = Search
search-placeholder = Search people, subjects, messages
search-results = Search results
search-found = { $count ->
    [0] Nothing found
    [one] { $count } result
   *[other] { $count } results
  }
search-in-cache = on this computer.
search-in-cache-offline = on this computer. Connect to search everything.
search-in-server = among everything you may see.
search-on-server = Search everything on the server
search-busy = Searching on the server…

## Commands

section-general = General
section-list = Moving about
section-conversation = Conversation
section-writing = Writing
section-navigation = Going to
command-palette-open = Find an action
command-search-open = Search
command-action-undo = Undo
command-action-redo = Do again what was refused or overtaken
command-connection-retry = Try to connect now
command-outbox-retry-all = Retry everything refused
command-keys-show = Show all keys
command-settings-open = Settings
command-people-open = People and invitations
command-people-invite = Invite someone
command-theme-toggle = Switch light and dark
command-details-toggle = Show or hide details
command-sidebar-toggle = Show or hide views
command-account-sign-out = Sign out
command-app-lock = Lock Recado
command-list-next = Next conversation
command-list-previous = Previous conversation
command-conversation-focus = Into the conversation
command-list-focus = Back to the list
command-list-sort = Change the order of the list
command-list-density = Switch comfortable and compact rows
command-conversation-reply = Reply
command-conversation-note = Write a note
command-conversation-assign = Assign to a teammate
command-conversation-assign-team = Move to a team
command-conversation-assign-me = Assign to me
command-conversation-close = Close
command-conversation-close-next = Close and go to the next
command-conversation-open = Reopen
command-conversation-snooze = Snooze
command-conversation-priority = Put first, or back to normal
command-conversation-tag = Tag
command-conversation-unread = Mark unread
command-composer-send = Send
command-composer-send-close = Send and close
command-composer-send-snooze = Send and snooze
command-composer-toggle-kind = Switch reply and note
command-composer-leave = Leave the text
command-go-mine = Go to Mine
command-go-unassigned = Go to Unassigned
command-go-all = Go to All open
command-go-snoozed = Go to Snoozed
command-go-closed = Go to Closed
command-go-team = Go to a team
command-go-outbox = Go to the outbox
command-go-drafts = Go to the drafts
command-go-search = Go to the search
command-pane-next = Next pane
command-pane-previous = Previous pane

## Outbox

outbox-title = Outbox
outbox-lead = What you did, until the server has it.
outbox-lead-offline = What you did is kept here and goes out when you are connected.
outbox-empty = Nothing waits. Everything you did has reached the server.
outbox-refused = Refused
outbox-waiting = Waiting
outbox-drafts = Drafts
outbox-draft-unreachable = You may not see this conversation any more. Copy what you need.
outbox-attempts = { $count ->
    [one] { $count } attempt
   *[other] { $count } attempts
  }
outbox-reply = Reply to { $name }
outbox-note = Note on { $name }
outbox-assign = { $name }: assign to { $detail }
outbox-assign-team = { $name }: move to { $detail }
outbox-close = { $name }: close
outbox-open = { $name }: reopen
outbox-snooze = { $name }: snooze until { $detail }
outbox-prioritize = { $name }: priority
outbox-tag-add = { $name }: add the tag { $detail }
outbox-tag-remove = { $name }: remove the tag { $detail }
outbox-mark = { $name }: read mark

## Settings

settings-title = Settings
settings-general = General
settings-notifications = Notifications
settings-keys = Keys
settings-about = About
leaving-stay = Stay
leaving-go = Leave anyway
settings-security = Security
settings-sessions = Sessions
security-loading = Asking the server…
security-provider = Your company’s sign-in
security-provider-lead = It vouches for you. Password and second factor are changed there.
security-password = Password
security-password-given = The one that was handed to you. Choose your own.
security-password-changed = Changed on
security-password-change = Change…
security-authenticator = Authenticator app
security-authenticator-given = The one that was handed to you. Set up your own.
security-authenticator-due = The one that was handed to you. Set up your own by { $date }.
security-authenticator-since = Set up on
security-authenticator-replace = Replace…
security-recovery = Recovery codes
own-factor-reminder = Your workspace asks for an authenticator that nobody else has seen. Set up yours by { $date }.
own-factor-set-up = Set it up
own-factor-later = Later
security-recovery-left = { $count ->
    [0] None. Without them, losing your phone locks you out.
    [one] { $count } code left of 10
   *[other] { $count } codes left of 10
  }
security-recovery-make = Make codes…
security-recovery-renew = Make new ones…
security-lock = App lock
security-lock-off = Off. Whoever uses this computer while you are away can read your inbox.
security-lock-on-demand = Locks when you say so
security-lock-after = { $count ->
    [one] Locks after { $count } minute without you
   *[other] Locks after { $count } minutes without you
  }
security-lock-set = Set up…
security-vault-lead = If this computer has a keychain by now, what lies here can move into it.
security-vault-leave = Move to the keychain
app-lock-title = App lock
app-lock-lead = While Recado is locked, its files on this computer are closed and their keys forgotten. It opens with this passphrase, also after a start.
app-lock-current = Present passphrase
app-lock-new = New passphrase
app-lock-hint = At least { $count } characters. It stays on this computer; nobody can bring it back.
app-lock-set = Turn on
app-lock-change = Change passphrase
app-lock-remove = Turn off
app-lock-done = App lock set
app-lock-removed = App lock turned off
app-lock-after = Lock by itself
app-lock-minutes = { $count ->
    [one] After { $count } minute without you
   *[other] After { $count } minutes without you
  }
app-lock-never = Only when I say so
app-lock-missing = Set a passphrase first: Settings, Security, App lock.
password-title = Change your password
password-lead = Your other sessions end. This one goes on.
password-current = Present password
password-new = New password
password-submit = Change password
password-done = Password changed. Your other sessions have ended.
password-hint-start = A few unrelated words are easy to remember and hard to guess.
password-issue-too-short = Too short: use at least { $count } characters.
password-issue-too-long = Too long: use fewer characters.
password-issue-common = It is among the passwords that everybody tries first.
password-issue-contains-context = It says little more than “{ $word }”. Leave that out.
password-issue-repetitive = It repeats itself.
password-issue-sequential = It follows the keyboard or the alphabet.
password-issue-unknown = It is not accepted.
password-hint-keyboard = Part of it walks over the keyboard.
password-hint-repeat = Part of it repeats itself.
password-hint-common = It is like a password that many people use.
password-hint-sequence = Part of it counts or spells the alphabet.
password-hint-date = Dates are guessed early.
password-hint-word = One word alone is guessed early.
password-hint-name = Names are guessed early.
password-score-0 = Guessed at once.
password-score-1 = Guessed quickly.
password-score-2 = Fair. One more word makes it strong.
password-score-3 = Strong.
password-score-4 = Very strong.
step-up-lead = To be sure that it is you: the code that your authenticator shows now.
step-up-submit = Go on
step-up-provider-lead = To be sure that it is you, your company’s sign-in asks once more. Your browser opens for it.
step-up-waiting = Your browser is open at your company’s sign-in. Sign in there; this goes on by itself.
step-up-browser = Open the browser
authenticator-title = Set up another authenticator
authenticator-lead = Scan this with an authenticator app, or type the key in. The one that you have now stays good until the new one has shown a code.
authenticator-picture = QR code with the key of your authenticator
authenticator-code-lead = Then type the code that the app shows.
authenticator-submit = Use this authenticator
authenticator-done = Authenticator replaced. Your other sessions have ended.
recovery-title = Recovery codes
recovery-lead = With one of them you get in when your authenticator is lost. Keep them where your phone is not. Codes from before stop working.
recovery-made-lead = They are shown this once. Each is good once.
recovery-make = Make ten codes
recovery-save = Save as a file
recovery-saved = Saved as { $path }
recovery-print = Print
recovery-done = I have kept them
recovery-lost = You have kept no copy of these recovery codes. They cannot be shown again: you would have to make new ones.
sessions-lead = Where your account is signed in. Erasing reaches a computer at once if it is connected, otherwise when it next is; until then its copy opens only as long as it may be offline.
sessions-whose = Sessions of
sessions-none = Nobody is signed in with this account.
sessions-end-others = Sign out everywhere else
sessions-end-all = Sign out everywhere
session-here = this computer
session-times = Signed in: { $begun } · last used: { $used }
session-ended = Ended. Its copy stays closed until somebody signs in there.
session-wipe-pending = To be erased at its next contact
session-wiped = Erased
session-unknown = In a state that this Recado does not know. Update it.
session-end = Sign out
session-end-label = Sign out on { $device }
session-wipe = Erase…
session-wipe-label = Erase what lies on { $device }
session-wipe-question = Erase everything that Recado keeps on { $device }? What was written there and not sent is lost.
session-wipe-confirm = Erase
session-unseen = not confirmed
session-mine = It was me
session-mine-label = It was me on { $device }
new-sign-in-label = New sign-in
new-sign-in = New sign-in to your account on { $device }.
new-sign-in-strange = It wasn’t me
new-sign-in-ended = { $device } is signed out and erases its copy. Change your password now: whoever it was had it.
new-sign-in-ended-provider = { $device } is signed out and erases its copy. Tell your company’s IT: whoever it was came by its sign-in.
new-sign-in-more =
    { $count ->
        [one] and one more
       *[other] and { $count } more
    }
settings-checkup = Staying secure
checkup-loading = Looking at every step…
checkup-lead = What makes your workspace harder to break into. Every step is looked at now.
checkup-progress = { $done } of { $of } done
checkup-done = Done
checkup-open = Open
checkup-open-for = { $open } of { $of }:
checkup-more =
    { $count ->
        [one] one more
       *[other] { $count } more
    }
checkup-own-authenticator = Everybody has set up an authenticator
checkup-own-authenticator-why = One that came with the account was seen by whoever handed it over.
checkup-own-password = Everybody has chosen a password
checkup-own-password-why = A password that was handed over is known to somebody else.
checkup-recovery-codes = Everybody has recovery codes
checkup-recovery-codes-why = Whoever loses the authenticator without them needs an admin’s help, and help can be asked for by a stranger.
checkup-factor-required = Everybody is asked for an authenticator of their own
checkup-factor-required-why = Until then a new account keeps the one that came with it for as long as its owner likes.
checkup-sso-only = Single sign-on is the only way in
checkup-sso-only-why = Whoever leaves the company is out of Recado at once. One admin keeps a password for the day on which it is broken.
checkup-second-admin = There is a second admin
checkup-second-admin-why = Nobody could help one who loses the authenticator.
checkup-few-admins = Few people may do everything
checkup-few-admins-why = Each admin’s account leads to everything that customers have written.
checkup-short-lease = A copy is shown offline for a day at most
checkup-short-lease-why = Whoever has lost access while offline can read on until the lease ends.
checkup-unused-copies = No forgotten computer holds a copy
checkup-unused-copies-why = Nobody would notice that one is gone which was not used for 30 days. Erase its copy.
checkup-unseen-sign-ins = Every new sign-in is explained
checkup-unseen-sign-ins-why = Somebody signed in where the account was not known. Its owner has not said that this was right.
checkup-mine = Set up mine
checkup-remind = Copy a reminder
checkup-reminder = Please open Recado, then Settings → Security, and see to what is marked there: your own password, your own authenticator, and recovery codes. It takes three minutes.
checkup-reminder-copied = Copied. Send it to them.
checkup-command = Copy the command
checkup-command-label = Copy the command { $command }
checkup-command-copied = Copied. Run it on the server.
checkup-an-address = ADDRESS
checkup-sessions = Show sessions
settings-people = People
people-lead = Who was invited and is not in yet, and whose sign-in is being reset. A link works once, for 72 hours at most.
people-invite = Invite someone
people-reset = Reset a sign-in
people-none = Everybody who was invited is in, and no link is open.
people-stale = { $why } Below is how it stood before.
people-coming = Invited, not in yet
people-resets = Sign-ins being reset
people-you = you
people-console = the server’s console
people-by-invitation = Invited by { $who } · { $time }
people-by-password-reset = Chooses a new password · link by { $who } · { $time }
people-by-account-reset = Sets up password and authenticator anew · link by { $who } · { $time }
people-by-unknown = For something that this Recado does not know; update it · link by { $who } · { $time }
people-until = The link works until { $time }
people-ran-out = The link ran out: { $time }
people-ran-out-mark = ran out
people-again = New link…
people-again-label = New link for { $name }
people-withdraw = Withdraw…
people-withdraw-label = Withdraw the link for { $name }
people-withdraw-question = Withdraw the link for { $name }? Whoever opens it from now on is turned away.
people-withdraw-confirm = Withdraw
people-withdraw-keep = Keep it
people-withdrawn = Withdrawn. The link opens nothing any more.
people-invite-lead = You get a link for them that works once. With it they choose their own password and set up their authenticator.
people-invite-again-lead = You get another link for them. The one before stops working.
people-name = Name
people-name-hint = They can write it differently when they join.
people-name-missing = Write the name by which colleagues and customers will know them.
people-email = E-mail address
people-email-hint = They will sign in with it.
people-email-wrong = That is no e-mail address. Write it like name@example.com.
people-email-known = { $name } is here with this address. Go back and reset the sign-in instead.
people-role = Role
people-role-agent-hint = Answers customers. Sees the conversations of their teams.
people-role-light-agent-hint = Reads the conversations of their teams and writes notes.
people-role-admin-hint = Sees everything, and decides who comes in.
people-teams = Teams
people-lifetime = How long the link is good
people-lifetime-hour = One hour
people-lifetime-hour-hint = For somebody who opens it while you talk.
people-lifetime-day = One day
people-lifetime-three-days = Three days
people-letter-language = Language of the text that goes with the link
people-make = Make the link
people-made-lead = Recado sends no mail: send { $name } this text yourself, at { $email }. The link in it works once, until { $time }.
people-made-text = The text to send
people-made-copy = Copy the text
people-made-copy-link = Copy the link alone
people-made-copied = Copied. Send it to { $name } and nobody else.
people-made-done = Done
people-made-lost = You have not copied the link for { $name }. It cannot be shown again: you would have to make a new one.
people-made-once = The text stands here only now. If it is lost, make a new link; this one then stops working.
people-reset-lead = For a colleague who cannot get in. You get a link for them that works once. When they have used it, they are signed out everywhere else.
people-reset-sure = Strangers ask for this too. Call them on a number that you know before you send it.
people-reset-whose = Whose
people-reset-choose = Choose somebody
people-reset-missing = Choose whose sign-in it is.
people-reset-what = What is lost
people-reset-password = The password
people-reset-password-hint = They choose a new one and show their authenticator or a recovery code.
people-reset-authenticator = The authenticator, or both
people-reset-authenticator-hint = They set up both anew. Their old recovery codes stop working.
people-refused-invite = The server did not take this. Somebody may be here with this address by now, or a team may be gone: look at each field and try again.
people-refused-role = You can give nobody a role that may do more than yours. Choose another role, or ask an admin.
people-refused-sso = Everybody comes in by your company’s sign-in here, so no link can be used. Ask your company’s IT to let them in.
people-refused-reset = There is no password to reset: the account is not in use, or your company’s sign-in vouches for it. Ask your company’s IT.
people-refused-account = You cannot reset this account: it may do more than you, or only the server’s console can. Ask an admin.
people-refused-gone = They are not here any more. Go back and choose somebody else.
people-refused-ended = This link had ended already. The list is up to date now.
settings-as-system = As the system
settings-language = Language
settings-theme = Appearance
settings-theme-light = Light
settings-theme-dark = Dark
settings-density = Rows of the list
settings-density-comfortable = Comfortable, with tags
settings-density-compact = Compact
settings-notifications-title = A new message while Recado is in the background
settings-notifications-hint = For what is yours, and what nobody has taken in your teams.
notifications-full = Who and what
notifications-full-hint = The name and the first words
notifications-sender = Who
notifications-sender-hint = The name alone
notifications-hidden = Only that there is one
notifications-hidden-hint = Neither name nor words
notifications-off = Nothing
settings-single-keys = Keys of a single letter
settings-single-keys-hint = Switch off if you dictate, or press them by accident.
keys-none = none
keys-press = Press the keys…
keys-change = Change the key for { $title }
keys-change-short = Change
keys-reset = Reset the key for { $title }
keys-reset-short = Reset
keys-reset-all = Reset all keys
keys-conflict = { $keys } belongs to: { $title }
keys-take = Take it
about-version = Version { $version }
about-server = Server
about-account = Account
about-keychain = Keychain
about-keychain-vault = A file behind your passphrase
about-cipher = Encryption
about-cache = Local copy
about-cache-size = { $megabytes } MB, encrypted
about-conversations = Conversations
about-folder = Folder
managed-title = Managed by your organisation
managed-lead = Your IT has fixed this for this computer. It cannot be changed here.
managed-servers = Servers
managed-servers-locked = Servers, no others
managed-methods = Ways to sign in
managed-method-password = password with a second factor
managed-method-oidc = your organisation’s own sign-in
managed-keychain-required = Required; nothing is kept elsewhere
managed-files = Set in
about-promise = Conversations, search and drafts lie encrypted on this computer. The key lies in the keychain and nowhere else.

## Signing out

sign-out-title = Sign out?
sign-out-lead = The copy on this computer is destroyed. Everything on the server stays.
sign-out-unsent = Also give up what exists only here: { $actions ->
    [0] nothing unsent
    [one] { $actions } unsent action
   *[other] { $actions } unsent actions
  }, { $drafts ->
    [0] no draft
    [one] { $drafts } draft
   *[other] { $drafts } drafts
  }.
sign-out-confirm = Sign out

## Status bar

status-online = Connected
status-idle = Not signed in
status-connecting = Connecting…
status-loading-heads = Loading the list: { $count }
status-loading-bodies = Loading messages: { $count } of { $total }
status-offline = Offline since { $since }
status-queued = { $count ->
    [one] { $count } action queued
   *[other] { $count } actions queued
  }
status-sending = { $count ->
    [one] Sending { $count }
   *[other] Sending { $count }
  }
status-refused = { $count ->
    [one] { $count } refused
   *[other] { $count } refused
  }
status-clock-ahead = This computer’s clock is { $minutes } min ahead
status-clock-behind = This computer’s clock is { $minutes } min behind
status-cache = Local copy encrypted
status-not-stored = Not stored on this computer
status-hints = { $next }/{ $previous } move · { $keys } all keys
