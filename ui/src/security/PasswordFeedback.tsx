import { useQuery } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { useHost } from '../app/host';
import type { PasswordCheck, PasswordHint, PasswordIssue } from '../bindings/protocol';
import { type TextId, type Translate, textIds, useText } from '../i18n/text';
import styles from './Security.module.css';

/** After this pause in typing the server is asked what there is against the password. */
const PAUSE_MS = 250;

const HINTS: Record<PasswordHint, TextId> = textIds({
  keyboard: 'password-hint-keyboard',
  repeat: 'password-hint-repeat',
  common: 'password-hint-common',
  sequence: 'password-hint-sequence',
  date: 'password-hint-date',
  word: 'password-hint-word',
  name: 'password-hint-name',
  unknown: 'password-issue-unknown',
});

const SCORES: readonly TextId[] = Object.values(
  textIds({
    0: 'password-score-0',
    1: 'password-score-1',
    2: 'password-score-2',
    3: 'password-score-3',
    4: 'password-score-4',
  }),
);

const ISSUES: Record<PasswordIssue['issue'], TextId> = textIds({
  too_short: 'password-issue-too-short',
  too_long: 'password-issue-too-long',
  common: 'password-issue-common',
  contains_context: 'password-issue-contains-context',
  repetitive: 'password-issue-repetitive',
  sequential: 'password-issue-sequential',
  unknown: 'password-issue-unknown',
});

function issueText(t: Translate, issue: PasswordIssue): string {
  const id = ISSUES[issue.issue] ?? ISSUES.unknown;
  if (issue.issue === 'too_short') return t(id, { count: issue.minimum_characters });
  if (issue.issue === 'contains_context') return t(id, { word: issue.word });
  return t(id);
}

/** What there is against a password, once its typing pauses. Nothing is kept of it. */
export function usePasswordCheck(password: string) {
  const host = useHost();
  const [asked, setAsked] = useState('');
  useEffect(() => {
    const timer = setTimeout(() => setAsked(password), PAUSE_MS);
    return () => clearTimeout(timer);
  }, [password]);
  return useQuery<PasswordCheck>({
    queryKey: ['password_check', asked],
    queryFn: () => host.invoke('password_check', { password: asked }),
    enabled: asked !== '',
    placeholderData: (before) => before,
    gcTime: 0,
    retry: false,
  });
}

/** Says how hard a password is to guess, and every reason against it. */
export function PasswordFeedback({ check }: { check: PasswordCheck | undefined }) {
  const t = useText();
  const refused = check !== undefined && check.issues.length > 0;
  const score = check?.score ?? -1;
  return (
    <div className={styles.feedback} data-testid="password-feedback">
      <div className={styles.meter} data-refused={refused || undefined} aria-hidden="true">
        {[0, 1, 2, 3].map((step) => (
          <span key={step} data-on={score > step || undefined} />
        ))}
      </div>
      <div aria-live="polite">
        {check === undefined ? (
          <p className={styles.hint}>{t('password-hint-start')}</p>
        ) : refused ? (
          <ul className={styles.issues}>
            {check.issues.map((issue) => (
              <li key={issue.issue}>{issueText(t, issue)}</li>
            ))}
          </ul>
        ) : (
          <p className={styles.hint}>
            {t(SCORES[check.score] ?? 'password-score-4')}
            {check.hint ? ` ${t(HINTS[check.hint] ?? HINTS.unknown)}` : ''}
          </p>
        )}
      </div>
    </div>
  );
}
