import { Clock, Flag, NotebookPen, TriangleAlert } from 'lucide-react';
import { memo } from 'react';
import type { InboxRow } from '../bindings/protocol';
import { Avatar } from '../design/Avatar';
import { useNow } from '../i18n/now';
import { useLocalization } from '../i18n/text';
import { listTime, nearTime, waitingTime } from '../i18n/time';
import styles from './ConversationRow.module.css';

interface ConversationRowProps {
  row: InboxRow;
  compact: boolean;
  selected: boolean;
  /** Why the row is still here although it no longer belongs to the view. */
  settled: boolean;
  index: number;
  /** How many rows the view holds, -1 where nobody knows. */
  total: number;
  id: string;
  onSelect: (id: string) => void;
  onOpen: () => void;
}

/** A row of the list. Unread is weight, selection is fill and a bar, focus is a ring around the list's row. */
export const ConversationRow = memo(function ConversationRow(props: ConversationRowProps) {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const { row, compact, selected } = props;
  const { head } = row;
  const name = row.contact_name ?? t('contact-unnamed');
  const unread = row.unread > 0;
  const waiting = head.state === 'open' && head.waiting_since !== null;
  const time = waiting
    ? waitingTime(t, head.waiting_since ?? head.last_part_at, nowMs)
    : head.state === 'snoozed' && head.snoozed_until !== null
      ? nearTime(locale, head.snoozed_until, nowMs)
      : listTime(locale, head.last_part_at, nowMs);

  const marks = (
    <>
      {row.refused ? (
        <span className={styles.mark} data-tone="failed" title={t('row-refused')}>
          <TriangleAlert size={13} strokeWidth={1.75} role="img" aria-label={t('row-refused')} />
        </span>
      ) : null}
      {row.queued ? (
        <span className={styles.chip} data-tone="waiting">
          {t('delivery-queued')}
        </span>
      ) : null}
      {row.has_draft ? (
        <span className={styles.chip} data-tone="draft">
          {t('row-draft')}
        </span>
      ) : null}
      {head.priority === 'priority' ? (
        <span className={styles.mark} data-tone="waiting" title={t('priority-first')}>
          <Flag size={13} strokeWidth={1.75} role="img" aria-label={t('priority-first')} />
        </span>
      ) : null}
      {head.state === 'closed' ? <span className={styles.chip}>{t('state-closed')}</span> : null}
      {head.state === 'snoozed' ? <span className={styles.chip}>{t('state-snoozed')}</span> : null}
      {head.tags.slice(0, compact ? 1 : 3).map((tag) => (
        <span key={tag} className={styles.chip} dir="auto">
          {tag}
        </span>
      ))}
      {head.tags.length > (compact ? 1 : 3) ? (
        <span className={styles.chip}>+{head.tags.length - (compact ? 1 : 3)}</span>
      ) : null}
    </>
  );

  return (
    // biome-ignore lint/a11y/useKeyWithClickEvents: the list itself has the focus and the keys
    // biome-ignore lint/a11y/useFocusableInteractive: the list names its row by aria-activedescendant
    <div
      id={props.id}
      role="option"
      className={styles.row}
      aria-selected={selected}
      aria-posinset={props.index + 1}
      aria-setsize={props.total}
      data-compact={compact || undefined}
      data-unread={unread || undefined}
      data-settled={props.settled || undefined}
      data-testid="conversation-row"
      data-conversation-id={head.id}
      onClick={() => props.onSelect(head.id)}
      onDoubleClick={props.onOpen}
    >
      {compact ? null : <Avatar id={head.contact_id} name={name} />}
      <div className={styles.words}>
        <div className={styles.name}>
          <bdi>{name}</bdi>
        </div>
        <div className={styles.preview}>
          {head.preview_is_note ? (
            <NotebookPen size={12} strokeWidth={1.75} role="img" aria-label={t('row-note')} />
          ) : null}
          {row.preview_is_mine ? <span className={styles.you}>{t('row-you')} </span> : null}
          <bdi>{head.preview === '' ? (head.title ?? t('row-empty')) : head.preview}</bdi>
        </div>
        {compact ? null : <div className={styles.marks}>{marks}</div>}
      </div>
      <div className={styles.side}>
        <div
          className={styles.time}
          data-tone={waiting ? 'waiting' : undefined}
          title={waiting ? t('row-waiting-title') : undefined}
        >
          {head.state === 'snoozed' ? <Clock size={11} strokeWidth={1.75} aria-hidden="true" /> : null}
          {waiting ? <span className="offscreen">{t('row-waiting')} </span> : null}
          {time}
        </div>
        <div className={styles.sideEnd}>
          {compact ? marks : null}
          {unread ? (
            <span className={styles.badge}>
              {row.unread > 99 ? '99+' : row.unread}
              <span className="offscreen"> {t('row-unread')}</span>
            </span>
          ) : null}
        </div>
      </div>
    </div>
  );
});
