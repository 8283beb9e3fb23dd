import { memo } from 'react';
import { useReadyState } from '../app/queries';
import type { Delivery, PartView } from '../bindings/protocol';
import { useNow } from '../i18n/now';
import { useLocalization } from '../i18n/text';
import { clockTime, exactTime, nearTime } from '../i18n/time';
import type { Conflict } from './conflicts';
import { MeanwhileLine } from './MeanwhileLine';
import styles from './Message.module.css';
import { MessageBody } from './MessageBody';
import { deedOf } from './meanwhile';
import { Refusal } from './Refusal';

interface MessageProps {
  entry: PartView;
  /** The last of its group: who and when stand below it. */
  last: boolean;
  contactName: string;
  /** What a colleague did while it waited. */
  conflict?: Conflict | undefined;
  /** The one that the key for doing again is about. */
  redoable?: boolean | undefined;
}

/** A message: the customer's on the left, ours on the right, notes on the right in yellow. */
export const Message = memo(function Message({
  entry,
  last,
  contactName,
  conflict,
  redoable = false,
}: MessageProps) {
  const { t, locale } = useLocalization();
  const { part, delivery } = entry;
  const kind = part.part_type === 'note' ? 'note' : part.author.type === 'contact' ? 'customer' : 'ours';
  const author =
    kind === 'customer'
      ? (part.author.name ?? contactName)
      : entry.mine
        ? t('you')
        : (part.author.name ?? t(part.author.type === 'bot' ? 'author-bot' : 'author-unknown'));
  return (
    <article
      className={styles.message}
      data-kind={kind}
      data-delivery={delivery.type}
      data-testid="message"
      data-part-id={part.id}
      data-last={last || undefined}
      aria-label={t(kind === 'note' ? 'message-label-note' : 'message-label', {
        author,
        time: exactTime(locale, part.created_at),
      })}
    >
      <div className={styles.bubble}>
        <MessageBody part={part} />
      </div>
      {last ? (
        <div className={styles.meta} title={exactTime(locale, part.created_at)}>
          {kind === 'note' ? <span>{t('note')} · </span> : null}
          <bdi>{author}</bdi>
          <span className="numbers"> · {clockTime(locale, part.created_at)}</span>
          {kind === 'customer' || !entry.mine ? null : <DeliveryState delivery={delivery} />}
        </div>
      ) : null}
      {conflict ? <MeanwhileLine deed={deedOf(conflict.deed.part)} redo={conflict.redo} /> : null}
      {delivery.type === 'refused' ? <Refusal entry={entry} delivery={delivery} newest={redoable} /> : null}
    </article>
  );
});

/** Where our message stands, in words. */
function DeliveryState({ delivery }: { delivery: Delivery }) {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const { connection } = useReadyState();
  if (delivery.type === 'sent') return <span> · {t('delivery-sent')}</span>;
  if (delivery.type === 'refused') return <span data-tone="failed"> · {t('delivery-refused')}</span>;
  const text = delivery.sending
    ? t('delivery-sending')
    : connection.state === 'offline'
      ? t('delivery-queued-offline', { since: nearTime(locale, connection.since, nowMs) })
      : t('delivery-queued');
  return <span data-tone="waiting"> · {text}</span>;
}
