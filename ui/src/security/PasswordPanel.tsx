import { useMutation, useQuery } from '@tanstack/react-query';
import { type FormEvent, useEffect, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { ui } from '../app/uiState';
import type { AccountSecurity, PasswordCheck, PasswordHint, PasswordIssue } from '../bindings/protocol';
import { Button } from '../design/Button';
import { type TextId, type Translate, textIds, useText } from '../i18n/text';
import { HostFailure } from '../platform/host';
import { SecretField } from '../signin/SecretField';
import { Panel } from './Panel';
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

interface PasswordPanelProps {
  onChanged: (security: AccountSecurity) => void;
  onBack: () => void;
}

/** Chooses another password, and says while it is typed what there is against it. */
export function PasswordPanel({ onChanged, onBack }: PasswordPanelProps) {
  const t = useText();
  const host = useHost();
  const [current, setCurrent] = useState('');
  const [chosen, setChosen] = useState('');
  const currentField = useRef<HTMLInputElement>(null);
  const chosenField = useRef<HTMLInputElement>(null);
  const { data: check } = usePasswordCheck(chosen);
  const change = useMutation({
    mutationFn: () => host.invoke('password_change', { current_password: current, new_password: chosen }),
    onSuccess: (security) => {
      onChanged(security);
      ui.toast(t('password-done'));
      onBack();
    },
    onError: (error) => {
      const field = HostFailure.from(error).code === 'password_refused' ? chosenField : currentField;
      field.current?.focus();
      field.current?.select();
    },
  });

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (change.isPending) return;
    if (current === '') currentField.current?.focus();
    else if (chosen === '' || (check && check.issues.length > 0)) chosenField.current?.focus();
    else change.mutate();
  };

  return (
    <Panel title={t('password-title')} lead={t('password-lead')} onBack={onBack} testId="password-panel">
      <form className={styles.form} onSubmit={submit}>
        <SecretField
          ref={currentField}
          kind="password"
          label={t('password-current')}
          value={current}
          onChange={setCurrent}
          autoComplete="current-password"
          autoFocus
          testId="password-current"
        />
        <SecretField
          ref={chosenField}
          kind="password"
          label={t('password-new')}
          value={chosen}
          onChange={setChosen}
          autoComplete="new-password"
          testId="password-new"
        />
        <Feedback check={chosen === '' ? undefined : check} />
        {change.error ? (
          <p className={styles.problem} role="alert">
            {errorText(t, change.error)}
          </p>
        ) : null}
        <div>
          <Button type="submit" kind="primary" busy={change.isPending} testId="password-submit">
            {t('password-submit')}
          </Button>
        </div>
      </form>
    </Panel>
  );
}

/** What there is against a password, once its typing pauses. Nothing is kept of it. */
function usePasswordCheck(password: string) {
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

function Feedback({ check }: { check: PasswordCheck | undefined }) {
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
