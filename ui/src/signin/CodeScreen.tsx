import { type FormEvent, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { useReadyState } from '../app/queries';
import { Button } from '../design/Button';
import { Field } from '../design/Field';
import { useText } from '../i18n/text';
import { HostFailure } from '../platform/host';
import { Card, formClass, Links, Problem, Whereabouts } from './Card';
import { CodeInput } from './CodeInput';
import { useStateCommand } from './useStateCommand';
import { useStorageFoot } from './useStorageFoot';

/** Asks for the second factor: six digits, or a recovery code from who has lost the authenticator. */
export function CodeScreen() {
  const [byRecovery, setByRecovery] = useState(false);
  return byRecovery ? (
    <RecoveryScreen onBack={() => setByRecovery(false)} />
  ) : (
    <DigitsScreen onRecovery={() => setByRecovery(true)} />
  );
}

/** Where one is about to sign in, and as whom. */
function Who() {
  const t = useText();
  const { workspace, account } = useReadyState();
  if (!account || !workspace) return null;
  return (
    <Whereabouts
      id={account.email}
      name={account.email}
      detail={t(workspace.private_authority ? 'sign-in-host-checked' : 'sign-in-host', {
        host: workspace.host,
      })}
    />
  );
}

function RecoveryScreen({ onBack }: { onBack: () => void }) {
  const t = useText();
  const foot = useStorageFoot();
  const [code, setCode] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const check = useStateCommand('sign_in_recovery');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (check.isPending) return;
    if (code.trim() === '') {
      field.current?.focus();
      return;
    }
    check.mutate(
      { code },
      {
        onError: () => {
          field.current?.focus();
          field.current?.select();
        },
      },
    );
  };
  return (
    <Card title={t('recovery-sign-in-title')} lead={t('recovery-sign-in-lead')} foot={foot}>
      <form className={formClass} onSubmit={submit} data-testid="recovery-sign-in">
        <Who />
        <Field
          ref={field}
          label={t('recovery-code-label')}
          value={code}
          onChange={(typed) => {
            setCode(typed);
            if (typed !== '') check.reset();
          }}
          autoFocus
          testId="recovery-code"
        />
        {check.error ? (
          <Problem>
            {HostFailure.from(check.error).code === 'invalid_code'
              ? t('recovery-wrong')
              : errorText(t, check.error)}
          </Problem>
        ) : null}
        <Button
          type="submit"
          kind="primary"
          size="large"
          wide
          busy={check.isPending}
          testId="recovery-submit"
        >
          {t(check.isPending ? 'code-busy' : 'code-submit')}
        </Button>
        <Links>
          <Button kind="link" onPress={onBack} testId="recovery-back">
            {t('recovery-sign-in-back')}
          </Button>
        </Links>
      </form>
    </Card>
  );
}

function DigitsScreen({ onRecovery }: { onRecovery: () => void }) {
  const t = useText();
  const foot = useStorageFoot();
  const { workspace } = useReadyState();
  const [code, setCode] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const check = useStateCommand('sign_in_code');
  const cancel = useStateCommand('sign_in_cancel');

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (check.isPending) return;
    if (code.length < 6) {
      field.current?.focus();
      return;
    }
    check.mutate(
      { code },
      {
        onError: () => {
          // A code is good once, so the next one is typed from the start.
          setCode('');
          field.current?.focus();
        },
      },
    );
  };

  return (
    <Card title={t('code-title')} lead={t('code-lead', { workspace: workspace?.name ?? '' })} foot={foot}>
      <form className={formClass} onSubmit={submit}>
        <Who />
        <CodeInput
          ref={field}
          value={code}
          invalid={check.isError}
          onChange={(digits) => {
            setCode(digits);
            if (digits !== '') check.reset();
          }}
        />
        {check.error ? <Problem>{errorText(t, check.error)}</Problem> : null}
        <Button type="submit" kind="primary" size="large" wide busy={check.isPending} testId="code-submit">
          {t(check.isPending ? 'code-busy' : 'code-submit')}
        </Button>
        <Links>
          <Button kind="link" onPress={() => cancel.mutate({})}>
            {t('code-other-account')}
          </Button>
          <Button kind="link" onPress={onRecovery} testId="code-recovery">
            {t('code-recovery')}
          </Button>
        </Links>
      </form>
    </Card>
  );
}
