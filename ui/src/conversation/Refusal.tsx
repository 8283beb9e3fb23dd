import { codeText } from '../app/errors';
import type { Delivery, PartView } from '../bindings/protocol';
import { Button } from '../design/Button';
import { Keys } from '../design/Keys';
import { useText } from '../i18n/text';
import { copy } from './copy';
import styles from './Message.module.css';
import { useOutboxActions } from './useOutboxActions';

type Refused = Extract<Delivery, { type: 'refused' }>;

/** Why a message or a change was refused, and what can be done: nothing is lost before the agent says so. */
export function Refusal({
  entry,
  delivery,
  newest,
}: {
  entry: PartView;
  delivery: Refused;
  newest: boolean;
}) {
  const t = useText();
  const { retry, discard } = useOutboxActions();
  const { body_text } = entry.part;
  return (
    <fieldset className={styles.refusal} aria-label={t('delivery-refused')} data-testid="refusal">
      <p>{codeText(t, delivery.code)}</p>
      <div className={styles.refusalActions}>
        <Button onPress={() => retry.mutate({ command_id: delivery.command_id })} testId="refusal-retry">
          {t('refused-retry')}
          {newest ? <Keys command="action.redo" /> : null}
        </Button>
        {body_text === '' ? null : (
          <Button onPress={() => void copy(t, body_text)}>{t('refused-copy')}</Button>
        )}
        <Button kind="danger" onPress={() => discard.mutate({ command_id: delivery.command_id })}>
          {t('refused-discard')}
        </Button>
      </div>
    </fieldset>
  );
}
