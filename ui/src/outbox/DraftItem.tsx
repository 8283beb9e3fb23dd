import { useMutation, useQueryClient } from '@tanstack/react-query';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { KEYS } from '../app/queries';
import { ui } from '../app/uiState';
import type { KeptDraft } from '../bindings/protocol';
import { copy } from '../conversation/copy';
import { Button } from '../design/Button';
import { useNow } from '../i18n/now';
import { useLocalization } from '../i18n/text';
import { nearTime } from '../i18n/time';
import styles from './OutboxPage.module.css';

/** What was begun and not sent, that of a conversation out of reach included: it exists nowhere else. */
export function DraftItem({ kept }: { kept: KeptDraft }) {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const host = useHost();
  const client = useQueryClient();
  const remove = useMutation({
    mutationFn: ({ draft }: KeptDraft) => host.invoke('draft_save', { ...draft, body_text: '' }),
    onSuccess: () => client.invalidateQueries({ queryKey: KEYS.drafts }),
    onError: (error) => ui.toast(errorText(t, error), { tone: 'failed' }),
  });
  const { draft } = kept;
  const title = t(draft.kind === 'note' ? 'outbox-note' : 'outbox-reply', {
    name: kept.contact_name ?? t('contact-unnamed'),
  });
  return (
    <div className={styles.entry} data-testid="kept-draft">
      <div className={styles.what}>
        {kept.reachable ? (
          <button
            type="button"
            className={styles.title}
            data-outbox-title
            onClick={() => ui.select(draft.conversation_id)}
          >
            {title}
          </button>
        ) : (
          <span className={styles.title}>{title}</span>
        )}
        <span className={styles.when}>{nearTime(locale, kept.updated_at, nowMs)}</span>
      </div>
      <p className={styles.body} dir="auto">
        {draft.body_text}
      </p>
      <div className={styles.state}>
        <span className={styles.reach}>{kept.reachable ? '' : t('outbox-draft-unreachable')}</span>
        <span className={styles.actions}>
          <Button onPress={() => void copy(t, draft.body_text)}>{t('refused-copy')}</Button>
          <Button kind="danger" onPress={() => remove.mutate(kept)}>
            {t('refused-discard')}
          </Button>
        </span>
      </div>
    </div>
  );
}
