import type { Action, CommandId, ConversationView, PartView } from '../bindings/protocol';
import type { CommandName } from '../commands/registry';
import { againOf, deedOf, meanwhileOf, redoOf, touches } from './meanwhile';
import { isMessage, isSent, newestRefused } from './parts';

export interface Conflict {
  /** What a colleague did while it waited. */
  deed: PartView;
  /** The command that does it again, where there is something to do. */
  redo: CommandName | null;
}

/** What of mine met with what colleagues did, and what the key for doing again does. */
export interface Conflicts {
  /** By the id of my part. */
  lines: ReadonlyMap<string, Conflict>;
  /** The part that the key is about. */
  redoId: string | null;
  redo: { retry: CommandId } | { submit: Action } | null;
}

export function conflictsOf(
  { parts, head }: ConversationView,
  clockAheadS: number,
  me: string | null,
  nowUs: number,
): Conflicts {
  const found = meanwhileOf(parts, clockAheadS);
  const newest = parts.findLast((entry) => isMessage(entry) && found.has(entry.part.id));
  const refused = newestRefused(parts);
  let [redoId, redo]: [string | null, Conflicts['redo']] = [null, null];
  for (const { part, delivery } of parts) {
    const deed = found.get(part.id);
    // What waits goes out by itself, and what was refused is tried again as it is.
    if (!deed || delivery.type !== 'sent') continue;
    // Only the deed has taken its place, and nothing has come after it, whoever did it.
    const last = parts.findLast((other) => isSent(other) && touches(other.part, part));
    const action = last === deed ? againOf(part, deed.part, head, nowUs) : null;
    if (action) [redoId, redo] = [part.id, { submit: action }];
  }
  if (refused?.delivery.type === 'refused') {
    [redoId, redo] = [refused.part.id, { retry: refused.delivery.command_id }];
  }
  const lines = new Map<string, Conflict>();
  for (const entry of parts) {
    const { id } = entry.part;
    const deed = found.get(id);
    if (!deed) continue;
    const counter = entry === newest ? redoOf(deedOf(deed.part), head, me) : null;
    const again = id === redoId && redo && 'submit' in redo ? 'action.redo' : null;
    lines.set(id, { deed, redo: again ?? counter });
  }
  return { lines, redoId, redo };
}
