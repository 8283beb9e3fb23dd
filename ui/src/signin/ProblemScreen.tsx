import { useState } from 'react';
import { codeText, errorText } from '../app/errors';
import { useReadyState } from '../app/queries';
import type { ErrorCode } from '../bindings/protocol';
import { Button } from '../design/Button';
import { type TextId, textIds, useText } from '../i18n/text';
import { Card, formClass, Problem } from './Card';
import styles from './ProblemScreen.module.css';
import { useStateCommand } from './useStateCommand';
import { VaultUnlockScreen } from './VaultScreens';

const TITLES: Partial<Record<ErrorCode, TextId>> = textIds({
  keychain_locked: 'problem-keychain-locked',
  keychain_missing: 'problem-keychain-missing',
  keychain_denied: 'problem-keychain-denied',
  keychain_timeout: 'problem-keychain-timeout',
  keychain_mismatch: 'problem-keychain-mismatch',
  cache_damaged: 'problem-cache-damaged',
  outbox_damaged: 'problem-outbox-damaged',
  data_too_new: 'problem-data-too-new',
  disk_full: 'problem-disk-full',
  disk_failed: 'problem-disk-failed',
  lease_ended: 'problem-lease-ended',
  already_running: 'problem-already-running',
  policy_forbids: 'problem-policy-forbids',
  policy_invalid: 'problem-policy-invalid',
});

/** Says what on this machine has to be put right, and offers what can be done here. Nothing is deleted by itself. */
export function ProblemScreen() {
  const t = useText();
  const { problem, workspace } = useReadyState();
  const retry = useStateCommand('problem_retry');
  const reset = useStateCommand('cache_reset');
  const erase = useStateCommand('sign_out');
  const [erasing, setErasing] = useState(false);
  if (!problem) return <OpeningScreen />;
  if (problem.code === 'vault_locked') return <VaultUnlockScreen />;
  const failure = retry.error ?? reset.error ?? erase.error;
  // There is another server to go to, where this one may not be used any more.
  const mayErase = problem.code === 'policy_forbids';
  return (
    <Card
      title={t(TITLES[problem.code] ?? 'problem-other')}
      lead={codeText(t, problem.code)}
      foot={t('problem-foot')}
    >
      <div className={formClass} data-testid="problem">
        {problem.detail ? (
          <details className={styles.details} open={mayErase}>
            <summary>{t('problem-details')}</summary>
            <p className={styles.detail}>{problem.detail}</p>
          </details>
        ) : null}
        {failure ? <Problem>{errorText(t, failure)}</Problem> : null}
        {problem.can_retry ? (
          <Button
            kind="primary"
            size="large"
            wide
            busy={retry.isPending}
            onPress={() => retry.mutate({})}
            testId="problem-retry"
          >
            {t('problem-retry')}
          </Button>
        ) : null}
        {mayErase && !erasing ? (
          <Button size="large" wide onPress={() => setErasing(true)} testId="problem-erase">
            {t('problem-erase')}
          </Button>
        ) : null}
        {mayErase && erasing ? (
          <>
            <Problem>{t('problem-erase-lead', { workspace: workspace?.name ?? '' })}</Problem>
            <Button
              kind="danger"
              size="large"
              wide
              busy={erase.isPending}
              onPress={() => erase.mutate({ discard_unsent: true })}
              testId="problem-erase-confirm"
            >
              {t('problem-erase-confirm')}
            </Button>
            <Button size="large" wide autoFocus onPress={() => setErasing(false)}>
              {t('problem-erase-keep')}
            </Button>
          </>
        ) : null}
        {problem.can_reset_cache ? (
          <Button
            size="large"
            wide
            busy={reset.isPending}
            onPress={() => reset.mutate({})}
            testId="problem-reset-cache"
          >
            {t('problem-reset-cache')}
          </Button>
        ) : null}
      </div>
    </Card>
  );
}

/** Shown while the keychain and the databases are asked; says what for if it takes long. */
export function OpeningScreen() {
  const t = useText();
  return (
    <main className={styles.opening} aria-busy="true">
      <p className={styles.openingText} role="status">
        {t('opening')}
      </p>
    </main>
  );
}
