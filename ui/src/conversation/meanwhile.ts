import type { ConversationHead, Meanwhile, Part, PartType, PartView } from '../bindings/protocol';
import type { CommandName } from '../commands/registry';

/** What took longer than this to take effect has waited: somebody may have acted in between without being seen. */
const WAITED_US = 10_000_000;

/** What one would have wanted to know; tags and priorities change no answer. */
const WEIGHS: ReadonlySet<PartType> = new Set(['comment', 'note', 'assignment', 'close', 'open', 'snoozed']);

/** When an agent's command was made, in microseconds, by the agent's clock: its id tells. */
function madeAt(commandId: string): number {
  return Number.parseInt(commandId.slice(commandId.indexOf('_') + 1).slice(0, 12), 16) * 1000;
}

/** When the agent did this, by the server's clock; null if it took effect at once. */
function actedAt({ part }: PartView, clockAheadS: number): number | null {
  if (part.command_id === null) return null;
  const at = madeAt(part.command_id) - clockAheadS * 1_000_000;
  const waits = part.version === 0;
  return waits || part.created_at - at > WAITED_US ? at : null;
}

const byColleague = ({ mine, part }: PartView) =>
  !mine && part.author.type === 'admin' && part.author.admin_id !== null && WEIGHS.has(part.part_type);

/** The newest thing that a colleague did while messages of mine waited, by the id of the last of those messages. */
export function meanwhileOf(parts: readonly PartView[], clockAheadS: number): Map<string, PartView> {
  const found = new Map<string, PartView>();
  let last: { id: string; deed: PartView } | null = null;
  parts.forEach((entry, index) => {
    if (!entry.mine || (entry.part.part_type !== 'comment' && entry.part.part_type !== 'note')) return;
    const at = actedAt(entry, clockAheadS);
    if (at === null) return;
    for (let before = index - 1; before >= 0; before -= 1) {
      const other = parts[before];
      if (!other || (other.part.version > 0 && other.part.created_at <= at)) break;
      if (!byColleague(other)) continue;
      // One sentence for all that waited through it.
      if (last?.deed === other) found.delete(last.id);
      found.set(entry.part.id, other);
      last = { id: entry.part.id, deed: other };
      break;
    }
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
