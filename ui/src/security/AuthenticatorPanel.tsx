import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { ui } from '../app/uiState';
import type { AccountSecurity } from '../bindings/protocol';
import { useText } from '../i18n/text';
import { AuthenticatorSecret } from './AuthenticatorSecret';
import { Panel } from './Panel';
import styles from './Security.module.css';
import { CodeForm, StepUp, wantsStepUp } from './StepUp';

interface AuthenticatorPanelProps {
  onChanged: (security: AccountSecurity) => void;
  onBack: () => void;
}

/** Sets up another authenticator: shown, read by the app, and proved by a code. The present one stays until then. */
export function AuthenticatorPanel({ onChanged, onBack }: AuthenticatorPanelProps) {
  const t = useText();
  const host = useHost();
  const begin = useMutation({ mutationFn: () => host.invoke('authenticator_setup', {}) });
  const confirm = useMutation({
    mutationFn: (code: string) => host.invoke('authenticator_confirm', { code }),
    onSuccess: (security) => {
      onChanged(security);
      ui.toast(t('authenticator-done'));
      onBack();
    },
  });
  const { mutate } = begin;
  useEffect(() => mutate(), [mutate]);

  return (
    <Panel title={t('authenticator-title')} onBack={onBack} testId="authenticator-panel">
      {wantsStepUp(begin.error) ? (
        <StepUp onDone={() => begin.mutate()} />
      ) : wantsStepUp(confirm.error) ? (
        <StepUp onDone={() => confirm.reset()} />
      ) : begin.error ? (
        <p className={styles.problem} role="alert">
          {errorText(t, begin.error)}
        </p>
      ) : begin.data ? (
        <>
          <AuthenticatorSecret setup={begin.data} lead={t('authenticator-lead')} />
          <CodeForm
            lead={t('authenticator-code-lead')}
            submit={t('authenticator-submit')}
            busy={confirm.isPending}
            error={confirm.error}
            onCode={(code) => confirm.mutate(code)}
            testId="authenticator-confirm"
          />
        </>
      ) : (
        <p role="status">{t('security-loading')}</p>
      )}
    </Panel>
  );
}
