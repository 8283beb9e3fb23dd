import { codeText, errorText } from '../app/errors';
import { useReadyState } from '../app/queries';
import type { ErrorCode } from '../bindings/protocol';
import { Button } from '../design/Button';
import { type TextId, textIds, useText } from '../i18n/text';
import { Card, formClass, Problem } from './Card';
import { EraseHere } from './EraseHere';
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

/** What may never come right by itself: the key is gone for good, or the server may not be used any more. */
const ERASABLE: ReadonlySet<ErrorCode> = new Set(['keychain_mismatch', 'policy_forbids']);

/** Says what on this machine has to be put right, and offers what can be done here. Nothing is deleted by itself. */
export function ProblemScreen() {
  const t = useText();
  const { problem, workspace } = useReadyState();
  const retry = useStateCommand('problem_retry');
  const reset = useStateCommand('cache_reset');
  if (!problem) return <OpeningScreen />;
  if (problem.code === 'vault_locked') return <VaultUnlockScreen />;
  const failure = retry.error ?? reset.error;
  return (
    <Card
      title={t(TITLES[problem.code] ?? 'problem-other')}
      lead={codeText(t, problem.code)}
      foot={t('problem-foot')}
    >
      <div className={formClass} data-testid="problem">
        {problem.detail ? (
          <details className={styles.details} open={problem.code === 'policy_forbids'}>
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
        {ERASABLE.has(problem.code) ? (
          <EraseHere
            offer={t('problem-erase')}
            lead={t('problem-erase-lead', { workspace: workspace?.name ?? '' })}
            confirm={t('problem-erase-confirm')}
            testId="problem"
          />
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
