import { useMutation } from '@tanstack/react-query';
import { type FormEvent, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { HostFailure } from '../platform/host';
import { CodeInput } from '../signin/CodeInput';
import { Absent } from './Absent';
import styles from './Security.module.css';
import { useAccountSecurity } from './useAccountSecurity';

/** Whether the server wants to see the second factor first. */
export const wantsStepUp = (error: unknown) =>
  error !== null && HostFailure.from(error).code === 'step_up_required';

interface CodeFormProps {
  lead: string;
  submit: string;
  busy: boolean;
  error: unknown;
  onCode: (code: string) => void;
  testId: string;
  /** As large as what stands on a card of its own. */
  large?: boolean;
}

/** Asks for six digits of an authenticator. */
export function CodeForm({ lead, submit, busy, error, onCode, testId, large = false }: CodeFormProps) {
  const t = useText();
  const [code, setCode] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const send = (event: FormEvent) => {
    event.preventDefault();
    if (busy) return;
    field.current?.focus();
    if (code.length < 6) return;
    onCode(code);
    // A code is good once, so the next one is typed from the start.
    setCode('');
  };
  return (
    <form className={styles.form} data-large={large || undefined} onSubmit={send} data-testid={testId}>
      <p className={styles.lead}>{lead}</p>
      <div className={styles.code}>
        <CodeInput ref={field} value={code} invalid={error !== null} onChange={setCode} />
      </div>
      {error ? (
        <p className={styles.problem} role="alert">
          {errorText(t, error)}
        </p>
      ) : null}
      <div>
        {/* On a card the button goes with its answer, and what is announced of one that waits refers to it. */}
        <Button
          type="submit"
          kind="primary"
          size={large ? 'large' : 'control'}
          wide={large}
          busy={busy && !large}
          disabled={busy && large}
        >
          {submit}
        </Button>
      </div>
    </form>
  );
}

/** Asks for the second factor again before something dangerous is done, or has the company's own sign-in ask. */
export function StepUp({ onDone }: { onDone: () => void }) {
  const t = useText();
  const question = useAccountSecurity();
  const { data } = question;
  if (!data) return <Absent question={question} loading={t('security-loading')} />;
  return data.steps_up_by_provider ? <StepUpByProvider onDone={onDone} /> : <StepUpByCode onDone={onDone} />;
}

function StepUpByCode({ onDone }: { onDone: () => void }) {
  const t = useText();
  const host = useHost();
  const show = useMutation({
    mutationFn: (code: string) => host.invoke('step_up', { code }),
    onSuccess: onDone,
  });
  return (
    <CodeForm
      lead={t('step-up-lead')}
      submit={t('step-up-submit')}
      busy={show.isPending}
      error={show.error}
      onCode={(code) => show.mutate(code)}
      testId="step-up"
    />
  );
}

function StepUpByProvider({ onDone }: { onDone: () => void }) {
  const t = useText();
  const host = useHost();
  const show = useMutation({ mutationFn: () => host.invoke('step_up_sso', {}), onSuccess: onDone });
  const again = useMutation({ mutationFn: () => host.invoke('step_up_sso_open_again', {}) });
  const cancel = useMutation({
    mutationFn: () => host.invoke('step_up_sso_cancel', {}),
    onSuccess: () => show.reset(),
  });
  const error = show.error ?? again.error ?? cancel.error;
  return (
    <div className={styles.form} data-testid="step-up-provider">
      <p className={styles.lead} role="status">
        {t(show.isPending ? 'step-up-waiting' : 'step-up-provider-lead')}
      </p>
      {error ? (
        <p className={styles.problem} role="alert">
          {errorText(t, error)}
        </p>
      ) : null}
      <div className={styles.sessionActions}>
        {show.isPending ? (
          <>
            <Button busy={again.isPending} testId="step-up-open-again" onPress={() => again.mutate()}>
              {t('browser-open-again')}
            </Button>
            <Button kind="link" testId="step-up-cancel" onPress={() => cancel.mutate()}>
              {t('cancel')}
            </Button>
          </>
        ) : (
          <Button kind="primary" testId="step-up-browser" onPress={() => show.mutate()}>
            {t('step-up-browser')}
          </Button>
        )}
      </div>
    </div>
  );
}
