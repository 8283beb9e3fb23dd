import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { ui } from '../app/uiState';
import type { AccountSecurity } from '../bindings/protocol';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { HostFailure } from '../platform/host';
import { SecretField } from '../signin/SecretField';
import { Panel } from './Panel';
import { PasswordFeedback, usePasswordCheck } from './PasswordFeedback';
import styles from './Security.module.css';

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
        <PasswordFeedback check={chosen === '' ? undefined : check} />
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
