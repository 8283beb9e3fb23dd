import { useState } from 'react';
import { errorText } from '../app/errors';
import { useReadyState, useSidebar } from '../app/queries';
import { ui, useUi } from '../app/uiState';
import { Button } from '../design/Button';
import { Dialog, DialogActions } from '../design/Dialog';
import { useText } from '../i18n/text';
import { isPersonal } from '../signin/joinLink';
import { useStateCommand } from '../signin/useStateCommand';
import styles from './SignOutDialog.module.css';

/** Asks before this machine's copy is destroyed, and says what would be lost with it. */
export function SignOutDialog() {
  const t = useText();
  const { connection } = useReadyState();
  const { data: sidebar } = useSidebar();
  const signOut = useStateCommand('sign_out');
  const [agreed, setAgreed] = useState(false);
  const actions = connection.queued + connection.refused;
  const drafts = sidebar?.drafts ?? 0;
  const unsent = actions + drafts > 0;
  return (
    <Dialog title={t('sign-out-title')} onClose={ui.close} width="small" alert testId="sign-out">
      <div className={styles.body}>
        <p>{t('sign-out-lead')}</p>
        {unsent ? (
          <label className={styles.agree}>
            <input type="checkbox" checked={agreed} onChange={(event) => setAgreed(event.target.checked)} />
            <span>{t('sign-out-unsent', { actions, drafts })}</span>
          </label>
        ) : null}
        {signOut.error ? <p role="alert">{errorText(t, signOut.error)}</p> : null}
      </div>
      <DialogActions>
        <Button onPress={ui.close}>{t('cancel')}</Button>
        <Button
          kind="danger"
          disabled={unsent && !agreed}
          busy={signOut.isPending}
          testId="sign-out-confirm"
          onPress={() => signOut.mutate({ discard_unsent: agreed }, { onSuccess: () => ui.reset() })}
        >
          {t('sign-out-confirm')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}

/** A join link arrived while another workspace is open. */
export function JoinNotice() {
  const t = useText();
  const { workspace } = useReadyState();
  const personal = useUi(({ overlay }) => overlay?.type === 'join' && isPersonal(overlay.link));
  return (
    <Dialog title={t('join-notice-title')} onClose={ui.close} width="small">
      <div className={styles.body}>
        <p>
          {t(personal ? 'join-notice-personal' : 'join-notice-lead', { workspace: workspace?.name ?? '' })}
        </p>
      </div>
      <DialogActions>
        <Button kind="primary" onPress={ui.close}>
          {t('close-dialog')}
        </Button>
      </DialogActions>
    </Dialog>
  );
}
