import { memo } from 'react';
import { useDirectory, useReadyState } from '../app/queries';
import type { Part, PartType, PartView } from '../bindings/protocol';
import { useNow } from '../i18n/now';
import { type TextId, textIds, useLocalization } from '../i18n/text';
import { clockTime, nearTime } from '../i18n/time';
import type { Conflict } from './conflicts';
import { MeanwhileLine } from './MeanwhileLine';
import styles from './Message.module.css';
import { deedOf } from './meanwhile';
import { Refusal } from './Refusal';

type EventType = Exclude<PartType, 'comment' | 'note'>;

/** By a person, and by the server itself. */
const TEXTS: Record<EventType, TextId> = textIds({
  assignment: 'event-unassigned',
  close: 'event-close',
  open: 'event-open',
  snoozed: 'event-snoozed',
  timer_unsnooze: 'event-timer-unsnooze',
  priority_changed: 'event-priority-off',
  tag_added: 'event-tag-added',
  tag_removed: 'event-tag-removed',
  unknown: 'event-unknown',
});

const SPECIAL = textIds({
  toTeammate: 'event-assigned',
  toSelf: 'event-assigned-self',
  toTeam: 'event-assigned-team',
  toBoth: 'event-assigned-both',
  first: 'event-priority-on',
  byCustomer: 'event-open-by-customer',
});

function textOf(part: Part): TextId {
  if (part.part_type === 'assignment') {
    if (part.assigned_to_admin_id && part.assigned_to_team_id) return SPECIAL.toBoth;
    if (part.assigned_to_admin_id) {
      return part.assigned_to_admin_id === part.author.admin_id ? SPECIAL.toSelf : SPECIAL.toTeammate;
    }
    return part.assigned_to_team_id ? SPECIAL.toTeam : TEXTS.assignment;
  }
  if (part.part_type === 'priority_changed' && part.priority === 'priority') return SPECIAL.first;
  if (part.part_type === 'open' && part.author.type === 'contact') return SPECIAL.byCustomer;
  return TEXTS[part.part_type as EventType] ?? TEXTS.unknown;
}

interface EventLineProps {
  entry: PartView;
  /** What a colleague did while it waited. */
  conflict?: Conflict | undefined;
  /** The one that the key for doing again is about. */
  redoable?: boolean | undefined;
}

/** What happened to the conversation, as one quiet line; a change of one's own that was overtaken or refused says so. */
export const EventLine = memo(function EventLine({ entry, conflict, redoable = false }: EventLineProps) {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const { teammateName, teamName } = useDirectory();
  const { account } = useReadyState();
  const { part, delivery } = entry;
  const person = (id: string | null) =>
    id === null ? '' : id === account?.teammate_id ? t('you-object') : (teammateName(id) ?? t('somebody'));
  const text = t(textOf(part), {
    author: entry.mine ? t('you') : (part.author.name ?? t('author-server')),
    mine: entry.mine ? 'yes' : 'no',
    teammate: person(part.assigned_to_admin_id),
    team: part.assigned_to_team_id ? (teamName(part.assigned_to_team_id) ?? t('view-team')) : '',
    until: part.snoozed_until === null ? '' : nearTime(locale, part.snoozed_until, nowMs),
    tag: part.tag ?? '',
  });
  return (
    <div className={styles.change} data-testid="event" data-delivery={delivery.type}>
      <p className={styles.event}>
        {text} · {clockTime(locale, part.created_at)}
        {delivery.type === 'queued' ? <span data-tone="waiting"> · {t('delivery-queued')}</span> : null}
        {delivery.type === 'refused' ? <span data-tone="failed"> · {t('delivery-refused')}</span> : null}
      </p>
      {conflict ? <MeanwhileLine deed={deedOf(conflict.deed.part)} redo={conflict.redo} /> : null}
      {delivery.type === 'refused' ? <Refusal entry={entry} delivery={delivery} newest={redoable} /> : null}
    </div>
  );
});
