import type { Permission } from '../bindings/protocol';
import { type TextId, textIds } from '../i18n/text';

/** Where a command's keys are heard. `app` and `inbox`: outside text fields; `composer`: while writing. */
export type Scope = 'app' | 'inbox' | 'composer';

export interface Command {
  readonly id: CommandName;
  readonly title: TextId;
  readonly section: Section;
  /** Key sequences in tinykeys' notation, the first of which is shown. */
  readonly keys: readonly string[];
  readonly scope: Scope;
  /** Heard again while the key stays down. */
  readonly repeats?: boolean;
  /** Moves about the screen and so would be noise in the palette. */
  readonly inPalette?: false;
  /** What it needs; without it nobody sees that it is there. */
  readonly needs?: Permission;
}

export type Section = 'general' | 'list' | 'conversation' | 'writing' | 'navigation';

export const SECTION_TITLES = textIds({
  general: 'section-general',
  list: 'section-list',
  conversation: 'section-conversation',
  writing: 'section-writing',
  navigation: 'section-navigation',
});

const command = <Id extends string>(
  id: Id,
  title: TextId,
  section: Section,
  scope: Scope,
  keys: string[],
  extra: Pick<Command, 'repeats' | 'inPalette' | 'needs'> = {},
) => ({ id, title, section, scope, keys, ...extra });

/** Every action that the agent can take, in the order in which it is listed. Keys, palette, tooltips, cheat sheet
 * and settings all read it. */
const LIST = [
  command('palette.open', 'command-palette-open', 'general', 'app', ['$mod+k']),
  command('search.open', 'command-search-open', 'general', 'app', ['/']),
  command('action.undo', 'command-action-undo', 'general', 'inbox', ['z', '$mod+z']),
  command('action.redo', 'command-action-redo', 'general', 'inbox', ['Shift+z']),
  command('keys.show', 'command-keys-show', 'general', 'app', ['?']),
  command('settings.open', 'command-settings-open', 'general', 'app', ['$mod+,']),
  command('theme.toggle', 'command-theme-toggle', 'general', 'app', []),
  command('details.toggle', 'command-details-toggle', 'general', 'app', ['$mod+.']),
  command('sidebar.toggle', 'command-sidebar-toggle', 'general', 'app', ['$mod+\\']),
  command('connection.retry', 'command-connection-retry', 'general', 'app', []),
  command('outbox.retryAll', 'command-outbox-retry-all', 'general', 'app', []),
  command('people.open', 'command-people-open', 'general', 'app', [], { needs: 'teammate.invite' }),
  command('people.invite', 'command-people-invite', 'general', 'app', [], { needs: 'teammate.invite' }),
  command('app.lock', 'command-app-lock', 'general', 'app', ['$mod+Shift+l']),
  command('account.signOut', 'command-account-sign-out', 'general', 'app', []),

  command('list.next', 'command-list-next', 'list', 'inbox', ['j', 'ArrowDown'], {
    repeats: true,
    inPalette: false,
  }),
  command('list.previous', 'command-list-previous', 'list', 'inbox', ['k', 'ArrowUp'], {
    repeats: true,
    inPalette: false,
  }),
  command('conversation.focus', 'command-conversation-focus', 'list', 'inbox', ['Enter'], {
    inPalette: false,
  }),
  command('list.focus', 'command-list-focus', 'list', 'inbox', ['u', 'Escape'], { inPalette: false }),
  command('list.sort', 'command-list-sort', 'list', 'inbox', []),
  command('list.density', 'command-list-density', 'list', 'inbox', []),

  command('conversation.reply', 'command-conversation-reply', 'conversation', 'inbox', ['r']),
  command('conversation.note', 'command-conversation-note', 'conversation', 'inbox', ['n']),
  command('conversation.assign', 'command-conversation-assign', 'conversation', 'inbox', ['a']),
  command('conversation.assignTeam', 'command-conversation-assign-team', 'conversation', 'inbox', [
    'v',
    'Shift+a',
  ]),
  command('conversation.assignMe', 'command-conversation-assign-me', 'conversation', 'inbox', ['i']),
  command('conversation.close', 'command-conversation-close', 'conversation', 'inbox', ['e']),
  command('conversation.closeNext', 'command-conversation-close-next', 'conversation', 'inbox', [']']),
  command('conversation.open', 'command-conversation-open', 'conversation', 'inbox', ['Shift+e']),
  command('conversation.snooze', 'command-conversation-snooze', 'conversation', 'inbox', ['b', 'h']),
  command('conversation.priority', 'command-conversation-priority', 'conversation', 'inbox', ['p']),
  command('conversation.tag', 'command-conversation-tag', 'conversation', 'inbox', ['t']),
  command('conversation.unread', 'command-conversation-unread', 'conversation', 'inbox', ['Shift+u']),

  command('composer.send', 'command-composer-send', 'writing', 'composer', ['$mod+Enter'], {
    inPalette: false,
  }),
  command('composer.sendClose', 'command-composer-send-close', 'writing', 'composer', ['$mod+Shift+Enter'], {
    inPalette: false,
  }),
  command('composer.sendSnooze', 'command-composer-send-snooze', 'writing', 'composer', ['$mod+Alt+Enter'], {
    inPalette: false,
  }),
  command('composer.toggleKind', 'command-composer-toggle-kind', 'writing', 'composer', ['$mod+Shift+n'], {
    inPalette: false,
  }),
  command('composer.leave', 'command-composer-leave', 'writing', 'composer', ['Escape'], {
    inPalette: false,
  }),

  command('go.mine', 'command-go-mine', 'navigation', 'inbox', ['g m', 'g i']),
  command('go.unassigned', 'command-go-unassigned', 'navigation', 'inbox', ['g u']),
  command('go.all', 'command-go-all', 'navigation', 'inbox', ['g a']),
  command('go.snoozed', 'command-go-snoozed', 'navigation', 'inbox', ['g b']),
  command('go.closed', 'command-go-closed', 'navigation', 'inbox', ['g e']),
  command('go.team', 'command-go-team', 'navigation', 'inbox', ['g t']),
  command('go.outbox', 'command-go-outbox', 'navigation', 'inbox', ['g o']),
  command('go.drafts', 'command-go-drafts', 'navigation', 'inbox', ['g d']),
  command('go.search', 'command-go-search', 'navigation', 'inbox', ['g s']),
  command('pane.next', 'command-pane-next', 'navigation', 'app', ['F6'], { inPalette: false }),
  command('pane.previous', 'command-pane-previous', 'navigation', 'app', ['Shift+F6'], { inPalette: false }),
] as const;

export type CommandName = (typeof LIST)[number]['id'];

export const COMMANDS: readonly Command[] = LIST;

const BY_ID = new Map<string, Command>(COMMANDS.map((entry) => [entry.id, entry]));

export function isCommandName(id: string): id is CommandName {
  return BY_ID.has(id);
}

export function commandById(id: CommandName): Command {
  const found = BY_ID.get(id);
  if (!found) throw new Error(`There is no command ${id}.`);
  return found;
}
