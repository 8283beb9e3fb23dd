import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { ui } from '../app/uiState';
import type { AccountSecurity, AuthenticatorPicture } from '../bindings/protocol';
import { copy } from '../conversation/copy';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
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
          <Secret setup={begin.data} />
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

function Secret({ setup }: { setup: AuthenticatorPicture }) {
  const t = useText();
  const grouped = setup.secret.replace(/(.{4})(?=.)/g, '$1 ');
  return (
    <div className={styles.secret}>
      <QrCode rows={setup.rows} label={t('authenticator-picture')} />
      <div>
        <p className={styles.lead}>{t('authenticator-lead')}</p>
        <p className={styles.secretText} data-testid="authenticator-secret">
          {grouped}
        </p>
        <Button onPress={() => void copy(t, setup.secret)}>{t('refused-copy')}</Button>
      </div>
    </div>
  );
}

/** The rows of a QR code as one path, dark on white in either theme, with the quiet zone that readers need. */
function QrCode({ rows, label }: { rows: readonly string[]; label: string }) {
  const side = rows.length + 8;
  const path = rows
    .flatMap((row, y) => [...row].map((bit, x) => (bit === '1' ? `M${x + 4} ${y + 4}h1v1h-1z` : '')))
    .join('');
  return (
    <svg className={styles.picture} viewBox={`0 0 ${side} ${side}`} role="img" aria-label={label}>
      <rect width={side} height={side} fill="#fff" />
      <path d={path} fill="#000" shapeRendering="crispEdges" />
    </svg>
  );
}
