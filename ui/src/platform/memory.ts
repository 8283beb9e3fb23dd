import type {
  Action,
  AppState,
  Commands,
  ConversationHead,
  ConversationView,
  HostEvent,
  InboxRow,
  ListKey,
  OutboxEntry,
  SignInWays,
  View,
} from '../bindings/protocol';
import { type Host, HostFailure } from './host';
import { accountHandlers } from './memory/account';
import { afterPassword, invitation } from './memory/enrolment';
import { personalLinkHandlers } from './memory/personalLinks';
import { type MemoryConversation, type MemoryWorld, part, seedWorld } from './memory/seed';

type Handlers = { [K in keyof Commands]: (request: Commands[K][0]) => Commands[K][1] };

export interface MemoryHost extends Host {
  world: MemoryWorld;
  emit: (event: HostEvent) => void;
  /** Every call, for tests. */
  calls: { name: keyof Commands; request: unknown }[];
  /** The next call of a command fails with this. */
  failNext: (name: keyof Commands, failure: HostFailure) => void;
  /** How one may sign in, whatever the address. */
  ways: SignInWays;
  /** A customer writes. */
  arrive: (conversationId: string, text: string) => void;
}

function belongs(head: ConversationHead, view: View, me: string | null | undefined): boolean {
  if (view.type === 'snoozed' || view.type === 'closed') return head.state === view.type;
  if (head.state !== 'open') return false;
  if (view.type === 'mine') return head.admin_assignee_id === me;
  if (view.type === 'unassigned') return head.admin_assignee_id === null;
  return view.type === 'all' || head.team_assignee_id === view.team_id;
}

/** A host without a program behind it: for component tests and for looking at the screens. */
export function memoryHost(count = 40): MemoryHost {
  const world = seedWorld(count);
  const listeners = new Set<(event: HostEvent) => void>();
  const outbox: OutboxEntry[] = [];
  const failures = new Map<keyof Commands, HostFailure>();
  const calls: MemoryHost['calls'] = [];
  let commandCount = 0;
  let ways: SignInWays = { password: true, providers: [], has_providers: false };

  const { state } = world;
  const emit = (event: HostEvent) => {
    for (const listener of listeners) listener(event);
  };
  const offline = () => state.connection.state === 'offline';
  const find = (id: string): MemoryConversation => {
    const found = world.conversations.get(id);
    if (!found) throw new HostFailure({ code: 'not_found', message: 'not found', retry_after_s: null });
    return found;
  };
  const unreadOf = ({ head, read }: MemoryConversation) => Math.max(0, head.contact_part_count - read);
  const row = (conversation: MemoryConversation): InboxRow => {
    const { head, contact, parts, drafts } = conversation;
    const last = parts.findLast((entry) => entry.part.body_text !== '');
    const waits = (type: string) =>
      outbox.some((e) => e.conversation_id === head.id && e.delivery.type === type);
    return {
      head: structuredClone(head),
      contact_name: contact.name,
      unread: unreadOf(conversation),
      preview_is_mine: last?.mine ?? false,
      queued: waits('queued'),
      refused: waits('refused'),
      has_draft: drafts.reply + drafts.note !== '',
    };
  };
  const inView = (view: View) =>
    [...world.conversations.values()].filter(({ head }) => belongs(head, view, state.account?.teammate_id));
  const stateNow = (): AppState => {
    state.connection.queued = outbox.filter((entry) => entry.delivery.type === 'queued').length;
    state.connection.refused = outbox.length - state.connection.queued;
    return structuredClone(state);
  };

  const write = (conversation: MemoryConversation, action: Action, commandId: string) => {
    if (action.type !== 'conversation_reply' && action.type !== 'conversation_note') return;
    const { head, parts } = conversation;
    const seq = head.part_count + 1;
    const note = action.type === 'conversation_note';
    parts.push({
      part: part(head.id, seq, {
        part_type: note ? 'note' : 'comment',
        created_at: Date.now() * 1000,
        author: {
          type: 'admin',
          admin_id: state.account?.teammate_id ?? null,
          name: state.account?.name ?? null,
        },
        body_text: action.body_text,
        command_id: commandId,
        version: offline() ? 0 : 2,
      }),
      mine: true,
      delivery: offline() ? { type: 'queued', command_id: commandId, sending: false } : { type: 'sent' },
      heard_at: null,
    });
    Object.assign(head, {
      part_count: seq,
      last_part_at: Date.now() * 1000,
      preview: action.body_text.slice(0, 120),
      preview_author: 'admin',
      preview_is_note: note,
      waiting_since: note ? head.waiting_since : null,
    });
  };

  /** Does the action and gives what takes it back. */
  const act = (conversation: MemoryConversation, action: Action, commandId: string): Action | null => {
    const { head } = conversation;
    switch (action.type) {
      case 'conversation_reply':
      case 'conversation_note':
        write(conversation, action, commandId);
        return null;
      case 'conversation_assign': {
        const undo = { ...action, admin_assignee_id: head.admin_assignee_id };
        head.admin_assignee_id = action.admin_assignee_id;
        return undo;
      }
      case 'conversation_assign_team': {
        const undo = { ...action, team_assignee_id: head.team_assignee_id };
        head.team_assignee_id = action.team_assignee_id;
        return undo;
      }
      case 'conversation_close':
        head.state = 'closed';
        return { type: 'conversation_open' };
      case 'conversation_open':
        Object.assign(head, { state: 'open', snoozed_until: null });
        return { type: 'conversation_close' };
      case 'conversation_snooze':
        Object.assign(head, { state: 'snoozed', snoozed_until: action.snoozed_until });
        return { type: 'conversation_open' };
      case 'conversation_prioritize': {
        const undo = { ...action, priority: head.priority };
        head.priority = action.priority;
        return undo;
      }
      case 'conversation_tag_add':
        head.tags = [...head.tags, action.tag].sort();
        return { type: 'conversation_tag_remove', tag: action.tag };
      case 'conversation_tag_remove':
        head.tags = head.tags.filter((tag) => tag !== action.tag);
        return { type: 'conversation_tag_add', tag: action.tag };
      case 'conversation_mark': {
        const undo = { ...action, contact_parts_read: conversation.read };
        conversation.read = action.contact_parts_read;
        return undo;
      }
    }
  };

  const settle = (phase: AppState['phase']) => {
    state.phase = phase;
    return stateNow();
  };
  const handlers: Handlers = {
    app_state: stateNow,
    workspace_join: ({ link }) => {
      if (!link.includes('invitation=')) return settle('sign_in');
      state.enrolment = invitation(world.nowUs);
      return settle('enrol');
    },
    workspace_leave: () => settle('join'),
    sign_in: () => settle('code'),
    sign_in_code: () => settle('ready'),
    sign_in_recovery: () => settle('ready'),
    app_lock_set: () => ({ ...stateNow(), app_lock: true }),
    app_lock_remove: () => ({ ...stateNow(), app_lock: false }),
    app_lock: () => settle('locked'),
    app_unlock: () => settle('ready'),
    ...accountHandlers(world.nowUs, world.sessions),
    ...personalLinkHandlers(world),
    sign_in_cancel: () => settle('sign_in'),
    sign_in_ways: () => ways,
    sso_begin: ({ provider }) => {
      state.browser = { provider, until: (Date.now() + 180_000) * 1_000, failure: null };
      return settle('browser');
    },
    sso_open_again: stateNow,
    sso_cancel: () => {
      state.browser = null;
      return settle('sign_in');
    },
    enrolment_password: ({ name }) => {
      if (state.enrolment)
        Object.assign(state.enrolment, { name, stage: afterPassword(state.enrolment.kind) });
      return stateNow();
    },
    enrolment_back: () => {
      if (state.enrolment) state.enrolment.stage = 'password';
      return stateNow();
    },
    enrolment_code: () => {
      if (state.enrolment?.stage !== 'authenticator') return settle('ready');
      state.enrolment.stage = 'recovery_codes';
      return stateNow();
    },
    enrolment_finish: () => {
      state.enrolment = null;
      return settle('ready');
    },
    enrolment_cancel: () => {
      state.enrolment = null;
      return settle('sign_in');
    },
    sign_out: () => settle('sign_in'),
    connection_retry: () => ({}),
    problem_retry: () => {
      state.problem = null;
      return settle('ready');
    },
    cache_reset: () => settle('ready'),
    vault_create: () => {
      state.secret_storage = 'vault';
      return stateNow();
    },
    vault_unlock: () => {
      state.secret_storage = 'vault';
      return stateNow();
    },
    vault_leave: () => {
      state.secret_storage = 'keychain';
      return stateNow();
    },
    storage_decline: () => {
      state.secret_storage = 'memory';
      return stateNow();
    },
    settings_save: (settings) => {
      state.settings = settings;
      return stateNow();
    },
    sidebar: () => {
      const views: View[] = [
        { type: 'mine' },
        { type: 'unassigned' },
        { type: 'all' },
        ...world.teams.map((team): View => ({ type: 'team', team_id: team.id })),
        { type: 'snoozed' },
        { type: 'closed' },
      ];
      const { queued, refused } = stateNow().connection;
      return {
        views: views.map((view) => {
          const found = inView(view);
          return {
            view,
            team_name:
              view.type === 'team' ? (world.teams.find((t) => t.id === view.team_id)?.name ?? null) : null,
            count: view.type === 'closed' ? null : found.length,
            unread: found.filter((conversation) => unreadOf(conversation) > 0).length,
          };
        }),
        queued,
        refused,
        drafts: 0,
      };
    },
    directory: () => ({
      teammates: world.teammates,
      teams: world.teams,
      tags: [...new Set([...world.conversations.values()].flatMap(({ head }) => head.tags))],
    }),
    inbox_page: ({ view, sort, after, limit }) => {
      const key = (head: ConversationHead): ListKey => {
        const waiting = sort === 'longest_waiting' && head.waiting_since !== null;
        const at = waiting ? (head.waiting_since ?? 0) : head.last_part_at;
        return { at, waiting, conversation_id: head.id };
      };
      const order = (a: ListKey, b: ListKey) =>
        a.waiting !== b.waiting ? (a.waiting ? -1 : 1) : a.waiting ? a.at - b.at : b.at - a.at;
      const found = inView(view).sort((a, b) => order(key(a.head), key(b.head)));
      const start = after ? found.findIndex(({ head }) => head.id === after.conversation_id) + 1 : 0;
      const page = found.slice(start, start + limit);
      const last = page.at(-1);
      const more = start + limit < found.length;
      return { rows: page.map(row), next: last && more ? key(last.head) : null, partial: false };
    },
    conversation_open: ({ conversation_id, limit }): ConversationView => {
      const conversation = find(conversation_id);
      const { head, contact, parts, drafts } = conversation;
      return structuredClone({
        head,
        contact,
        parts: parts.slice(-limit),
        has_older: parts.length > limit,
        partial: false,
        unread: unreadOf(conversation),
        reply_draft: drafts.reply || null,
        note_draft: drafts.note || null,
        earlier: ['Table for two, terrace', 'Invoice for the dinner', 'Change of date'].map(
          (title, index) => ({
            conversation_id: [...world.conversations.keys()][index + 3] ?? '',
            title,
            state: 'closed' as const,
            last_part_at: world.nowUs - (index + 2) * 60 * 86_400_000_000,
          }),
        ),
        denied: [],
      });
    },
    conversation_parts: ({ conversation_id, before_seq, limit }) => {
      const older = find(conversation_id).parts.filter((entry) => entry.part.seq < before_seq);
      return { parts: structuredClone(older.slice(-limit)), has_older: older.length > limit, partial: false };
    },
    command_submit: ({ conversation_id, action }) => {
      const conversation = find(conversation_id);
      commandCount += 1;
      const command_id = `cmd_${commandCount.toString(16).padStart(32, '0')}`;
      const undo = act(conversation, action, command_id);
      if (offline()) {
        outbox.push({
          command_id,
          conversation_id,
          contact_name: conversation.contact.name,
          title: conversation.head.title,
          action,
          created_at: Date.now() * 1000,
          delivery: { type: 'queued', command_id, sending: false },
          attempts: 1,
          meanwhile: null,
        });
        emit({ type: 'connection_changed', connection: stateNow().connection });
      }
      emit({ type: 'conversations_changed', conversation_ids: [conversation_id] });
      return { command_id, undo };
    },
    outbox: ({ skip, limit }) => {
      const refused = outbox.filter((entry) => entry.delivery.type === 'refused');
      const waiting = outbox.filter((entry) => entry.delivery.type !== 'refused');
      const entries = structuredClone([...refused, ...waiting].slice(skip, skip + limit));
      return { entries, refused: refused.length, waiting: waiting.length };
    },
    outbox_retry: () => ({}),
    outbox_discard: ({ command_id }) => {
      const index = outbox.findIndex((entry) => entry.command_id === command_id);
      if (index >= 0) outbox.splice(index, 1);
      emit({ type: 'outbox_changed', command_id });
      return {};
    },
    draft_save: ({ conversation_id, kind, body_text }) => {
      find(conversation_id).drafts[kind] = body_text;
      return {};
    },
    drafts: ({ skip, limit }) => {
      const drafts = [...world.conversations.values()].flatMap(({ head, contact, drafts }) =>
        (['reply', 'note'] as const).flatMap((kind) =>
          drafts[kind] === ''
            ? []
            : {
                draft: { conversation_id: head.id, kind, body_text: drafts[kind] },
                contact_name: contact.name,
                reachable: true,
                updated_at: head.last_part_at,
              },
        ),
      );
      return { drafts: drafts.slice(skip, skip + limit), count: drafts.length };
    },
    search: ({ query, search_in }) => {
      const wanted = query.toLowerCase();
      const results = [...world.conversations.values()].flatMap(({ head, contact, parts }) => {
        const hit = parts.find((entry) => entry.part.body_text.toLowerCase().includes(wanted));
        if (!hit && !contact.name?.toLowerCase().includes(wanted)) return [];
        return {
          conversation_id: head.id,
          part_id: hit?.part.id ?? null,
          contact_id: contact.id,
          contact_name: contact.name,
          author: hit?.part.author.type ?? ('contact' as const),
          author_admin_id: hit?.part.author.admin_id ?? null,
          state: head.state,
          priority: head.priority,
          created_at: head.last_part_at,
          excerpt: hit?.part.body_text ?? head.preview,
        };
      });
      return { results: results.slice(0, 30), complete: search_in === 'server' };
    },
    about: () => ({
      version: '0.1.0',
      keychain: 'Secret Service',
      cipher_version: '4.14.0 community',
      data_dir: '/home/ana/.local/share/recado',
      cache_size_bytes: 48_200_000,
      conversations: world.conversations.size,
    }),
    link_open: () => ({}),
    focus_changed: () => ({}),
  };

  return {
    world,
    calls,
    get ways() {
      return ways;
    },
    set ways(other) {
      ways = other;
    },
    emit,
    failNext: (name, failure) => failures.set(name, failure),
    arrive: (conversationId, text) => {
      const { head, parts, contact } = find(conversationId);
      const seq = head.part_count + 1;
      const at = Date.now() * 1000;
      const author = { type: 'contact' as const, admin_id: null, name: contact.name };
      const arrived = part(head.id, seq, {
        part_type: 'comment',
        created_at: at,
        author,
        body_text: text,
        version: 3,
      });
      parts.push({ part: arrived, mine: false, delivery: { type: 'sent' }, heard_at: null });
      Object.assign(head, {
        part_count: seq,
        contact_part_count: head.contact_part_count + 1,
        preview: text,
        preview_author: 'contact',
        preview_is_note: false,
        last_part_at: at,
        waiting_since: head.waiting_since ?? at,
        state: 'open',
      });
      emit({ type: 'conversations_changed', conversation_ids: [conversationId] });
    },
    async invoke(name, request) {
      calls.push({ name, request });
      await Promise.resolve();
      const failure = failures.get(name);
      if (failure) {
        failures.delete(name);
        throw failure;
      }
      return handlers[name](request as never) as never;
    },
    listen(handler) {
      listeners.add(handler);
      return () => listeners.delete(handler);
    },
  };
}
