import { type FormEvent, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { useReadyState } from '../app/queries';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { Card, formClass, Problem } from './Card';
import { EraseHere } from './EraseHere';
import { SecretField } from './SecretField';
import { useStateCommand } from './useStateCommand';

/** The app is locked: nothing of the inbox is open until its passphrase is given. */
export function LockScreen() {
  const t = useText();
  const { workspace } = useReadyState();
  const [passphrase, setPassphrase] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const unlock = useStateCommand('app_unlock');

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (unlock.isPending || passphrase === '') return;
    unlock.mutate(
      { passphrase },
      {
        onError: () => {
          field.current?.focus();
          field.current?.select();
        },
      },
    );
  };

  return (
    <Card title={t('lock-title')} lead={workspace?.name ?? ''} foot={t('lock-foot')}>
      <form className={formClass} onSubmit={submit} data-testid="lock">
        <SecretField
          ref={field}
          kind="passphrase"
          label={t('vault-passphrase')}
          value={passphrase}
          onChange={(typed) => {
            setPassphrase(typed);
            if (typed !== '') unlock.reset();
          }}
          autoComplete="current-password"
          autoFocus
          testId="lock-passphrase"
        />
        {unlock.error ? <Problem>{errorText(t, unlock.error)}</Problem> : null}
        <Button type="submit" kind="primary" size="large" wide busy={unlock.isPending} testId="lock-submit">
          {t(unlock.isPending ? 'vault-busy' : 'lock-submit')}
        </Button>
        <EraseHere
          offer={t('lock-forgotten')}
          lead={t('lock-forgotten-lead')}
          confirm={t('lock-erase')}
          testId="lock"
        />
      </form>
    </Card>
  );
}
