import { useMutation } from '@tanstack/react-query';
import { memo } from 'react';
import { codeText, errorText } from '../app/errors';
import { useHost } from '../app/host';
import { useReadyState } from '../app/queries';
import { ui } from '../app/uiState';
import type { Delivery, PartView } from '../bindings/protocol';
import type { CommandName } from '../commands/registry';
import { Button } from '../design/Button';
import { Keys } from '../design/Keys';
import { useNow } from '../i18n/now';
import { useLocalization, useText } from '../i18n/text';
import { clockTime, exactTime, nearTime } from '../i18n/time';
import { copy } from './copy';
import { MeanwhileLine } from './MeanwhileLine';
import styles from './Message.module.css';
import { MessageBody } from './MessageBody';
import { deedOf } from './meanwhile';

interface MessageProps {
  entry: PartView;
  /** The last of its group: who and when stand below it. */
  last: boolean;
  contactName: string;
  /** What a colleague did while it waited. */
  meanwhile?: PartView | undefined;
  /** What does again what that has changed. */
  redo?: CommandName | null | undefined;
  /** The one that the key for doing again is about. */
  newestRefused?: boolean | undefined;
}

/** A message: the customer's on the left, ours on the right, notes on the right in yellow. */
export const Message = memo(function Message({
  entry,
  last,
  contactName,
  meanwhile,
  redo,
  newestRefused = false,
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
      {meanwhile ? <MeanwhileLine deed={deedOf(meanwhile.part)} redo={redo ?? null} /> : null}
      {delivery.type === 'refused' ? (
        <Refusal entry={entry} delivery={delivery} newest={newestRefused} />
      ) : null}
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

type Refused = Extract<Delivery, { type: 'refused' }>;

/** Why a message was refused, and what can be done: nothing is lost before the agent says so. */
function Refusal({ entry, delivery, newest }: { entry: PartView; delivery: Refused; newest: boolean }) {
  const t = useText();
  const { retry, discard } = useOutboxActions();
  return (
    <fieldset className={styles.refusal} aria-label={t('delivery-refused')} data-testid="refusal">
      <p>{codeText(t, delivery.code)}</p>
      <div className={styles.refusalActions}>
        <Button onPress={() => retry.mutate({ command_id: delivery.command_id })} testId="refusal-retry">
          {t('refused-retry')}
          {newest ? <Keys command="action.redo" /> : null}
        </Button>
        <Button onPress={() => void copy(t, entry.part.body_text)}>{t('refused-copy')}</Button>
        <Button kind="danger" onPress={() => discard.mutate({ command_id: delivery.command_id })}>
          {t('refused-discard')}
        </Button>
      </div>
    </fieldset>
  );
}

/** Tries an entry of the outbox again, or gives it up. */
export function useOutboxActions() {
  const t = useText();
  const host = useHost();
  const onError = (error: unknown) => ui.toast(errorText(t, error), { tone: 'failed' });
  const retry = useMutation({
    mutationFn: ({ command_id }: { command_id: string }) =>
      host.invoke('outbox_retry', { command_ids: [command_id] }),
    onError,
  });
  const discard = useMutation({
    mutationFn: (request: { command_id: string }) => host.invoke('outbox_discard', request),
    onError,
  });
  return { retry, discard };
}
