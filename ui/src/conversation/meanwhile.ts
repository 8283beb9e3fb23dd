import type { Action, ConversationHead, Meanwhile, Part, PartType, PartView } from '../bindings/protocol';
import type { CommandName } from '../commands/registry';

/** What took longer than this to take effect has waited: somebody may have acted in between without being seen. */
const WAITED_US = 10_000_000;

/** Where a conversation stands. */
const STANDS: ReadonlySet<PartType> = new Set(['close', 'open', 'snoozed']);
const MESSAGES: ReadonlySet<PartType> = new Set(['comment', 'note']);
const TAGS: ReadonlySet<PartType> = new Set(['tag_added', 'tag_removed']);

/** When an agent's command was made, in microseconds, by the agent's clock: its id tells. */
function madeAt(commandId: string): number {
  return Number.parseInt(commandId.slice(commandId.indexOf('_') + 1).slice(0, 12), 16) * 1000;
}

/** From when on the agent did not know what others did, until when, by the server's clock; null if it took effect at
 * once and that was heard at once. Without an end: until it took effect. */
function awayWith(
  { part, heard_at }: PartView,
  clockAheadS: number,
): { from: number; to: number | null } | null {
  if (part.command_id === null) return null;
  const made = madeAt(part.command_id);
  const ahead = clockAheadS * 1_000_000;
  const waits = part.version === 0;
  const heardLate = heard_at !== null && heard_at - made > WAITED_US;
  if (!waits && !heardLate && part.created_at - (made - ahead) <= WAITED_US) return null;
  return { from: made - ahead, to: heard_at === null ? null : heard_at - ahead };
}

const byColleague = ({ mine, part }: PartView) =>
  !mine && part.author.type === 'admin' && part.author.admin_id !== null;

/** Whether one would have acted otherwise, had one known. To a message that is whatever was written, and who has the
 * conversation and where it stands; to a change it is a change of the same thing. */
export function touches(other: Part, mine: Part): boolean {
  const type = other.part_type;
  if (MESSAGES.has(mine.part_type)) return MESSAGES.has(type) || STANDS.has(type) || type === 'assignment';
  if (STANDS.has(mine.part_type)) return STANDS.has(type);
  if (TAGS.has(mine.part_type)) return TAGS.has(type) && other.tag === mine.tag;
  if (mine.part_type !== type) return false;
  if (type !== 'assignment') return type === 'priority_changed';
  // One that takes an assignment away names neither, so it may be of either kind.
  if (mine.assigned_to_team_id !== null) return other.assigned_to_admin_id === null;
  return mine.assigned_to_admin_id === null || other.assigned_to_team_id === null;
}

/** The newest thing that a colleague did while something of mine waited and that touches it, by the id of the last of
 * mine that waited through it. */
export function meanwhileOf(parts: readonly PartView[], clockAheadS: number): Map<string, PartView> {
  const found = new Map<string, PartView>();
  let last: { id: string; deed: PartView } | null = null;
  parts.forEach((entry, index) => {
    const away = entry.mine ? awayWith(entry, clockAheadS) : null;
    if (away === null) return;
    const { from, to } = away;
    const unseen = ({ part }: PartView, place: number) =>
      place < index
        ? part.version === 0 || part.created_at > from
        : part.version > 0 && to !== null && part.created_at <= to;
    const deed = parts.findLast(
      (other, place) => byColleague(other) && unseen(other, place) && touches(other.part, entry.part),
    );
    if (!deed) return;
    // One sentence for all that waited through it.
    if (last?.deed === deed) found.delete(last.id);
    found.set(entry.part.id, deed);
    last = { id: entry.part.id, deed };
  });
  return found;
}

/** What a part and an entry of the outbox tell alike. */
export type Deed = Omit<Meanwhile, 'author_name'> & { author_name: string | null };

export const deedOf = (part: Part): Deed => ({ ...part, author_name: part.author.name });

/** The command that does again what the colleague's deed has changed, while it still stands. */
export function redoOf(deed: Deed, head: ConversationHead, me: string | null): CommandName | null {
  switch (deed.part_type) {
    case 'close':
      return head.state === 'closed' ? 'conversation.open' : null;
    case 'snoozed':
      return head.state === 'snoozed' ? 'conversation.open' : null;
    case 'open':
      return head.state === 'open' ? 'conversation.close' : null;
    case 'assignment':
      return deed.assigned_to_admin_id !== null &&
        deed.assigned_to_admin_id === head.admin_assignee_id &&
        head.admin_assignee_id !== me
        ? 'conversation.assignMe'
        : null;
    default:
      return null;
  }
}

/** What does a change of mine again, where a colleague's deed has taken its place. */
export function againOf(mine: Part, deed: Part, head: ConversationHead, nowUs: number): Action | null {
  const unless = (stands: boolean, action: Action) => (stands ? null : action);
  switch (mine.part_type) {
    case 'close':
      return unless(head.state === 'closed', { type: 'conversation_close' });
    case 'open':
      return unless(head.state === 'open', { type: 'conversation_open' });
    case 'snoozed': {
      const until = mine.snoozed_until;
      // Nobody waits for what is past.
      if (until === null || until <= nowUs) return null;
      const stands = head.state === 'snoozed' && head.snoozed_until === until;
      return unless(stands, { type: 'conversation_snooze', snoozed_until: until });
    }
    case 'priority_changed':
      if (mine.priority === null) return null;
      return unless(head.priority === mine.priority, {
        type: 'conversation_prioritize',
        priority: mine.priority,
      });
    case 'tag_added':
    case 'tag_removed': {
      if (mine.tag === null) return null;
      const adds = mine.part_type === 'tag_added';
      const type = adds ? 'conversation_tag_add' : 'conversation_tag_remove';
      return unless(head.tags.includes(mine.tag) === adds, { type, tag: mine.tag });
    }
    case 'assignment': {
      const [admin, team] = [mine.assigned_to_admin_id, mine.assigned_to_team_id];
      // Mine may name neither; what the colleague's names is what it was about.
      if (team !== null || (admin === null && deed.assigned_to_team_id !== null)) {
        return unless(head.team_assignee_id === team, {
          type: 'conversation_assign_team',
          team_assignee_id: team,
        });
      }
      return unless(head.admin_assignee_id === admin, {
        type: 'conversation_assign',
        admin_assignee_id: admin,
      });
    }
    default:
      return null;
  }
}
