import { type FormEvent, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { useReadyState } from '../app/queries';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { Card, formClass, Links, Problem, Whereabouts } from './Card';
import { CodeInput } from './CodeInput';
import { useStateCommand } from './useStateCommand';
import { useStorageFoot } from './useStorageFoot';

/** Asks for the six-digit code. */
export function CodeScreen() {
  const t = useText();
  const foot = useStorageFoot();
  const { workspace, account } = useReadyState();
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
        {account && workspace ? (
          <Whereabouts
            id={account.email}
            name={account.email}
            detail={t(workspace.private_authority ? 'sign-in-host-checked' : 'sign-in-host', {
              host: workspace.host,
            })}
          />
        ) : null}
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
        </Links>
      </form>
    </Card>
  );
}
