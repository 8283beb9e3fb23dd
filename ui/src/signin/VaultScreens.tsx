import { type FormEvent, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { useReadyState } from '../app/queries';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { Card, formClass, Links, Problem } from './Card';
import { EraseHere } from './EraseHere';
import { SecretField } from './SecretField';
import { useStateCommand } from './useStateCommand';

/** As many characters as the client asks for. */
const MIN_PASSPHRASE_CHARS = 15;

interface VaultChoiceProps {
  /** Looks for a keychain once more. */
  onLookAgain: () => void;
}

/** Without a keychain: sets a passphrase, or has nothing stored. */
export function VaultChoiceScreen({ onLookAgain }: VaultChoiceProps) {
  const t = useText();
  const [passphrase, setPassphrase] = useState('');
  const [repeated, setRepeated] = useState('');
  const [checked, setChecked] = useState(false);
  const field = useRef<HTMLInputElement>(null);
  const repeatedField = useRef<HTMLInputElement>(null);
  const create = useStateCommand('vault_create');
  const decline = useStateCommand('storage_decline');

  const tooShort = [...passphrase].length < MIN_PASSPHRASE_CHARS;
  const differs = repeated !== passphrase;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (create.isPending) return;
    setChecked(true);
    if (tooShort) field.current?.focus();
    else if (differs) repeatedField.current?.focus();
    else create.mutate({ passphrase });
  };

  const failure = create.error ?? decline.error;
  return (
    <Card title={t('vault-choice-title')} lead={t('vault-choice-lead')} foot={t('vault-choice-foot')}>
      <form className={formClass} onSubmit={submit} data-testid="vault-choice">
        <SecretField
          ref={field}
          kind="passphrase"
          label={t('vault-passphrase')}
          value={passphrase}
          onChange={setPassphrase}
          autoComplete="new-password"
          autoFocus
          hint={t('vault-passphrase-hint', { count: MIN_PASSPHRASE_CHARS })}
          error={checked && tooShort ? t('vault-too-short', { count: MIN_PASSPHRASE_CHARS }) : null}
          testId="vault-passphrase"
        />
        <SecretField
          ref={repeatedField}
          kind="passphrase"
          label={t('vault-repeat')}
          value={repeated}
          onChange={setRepeated}
          autoComplete="new-password"
          error={checked && !tooShort && differs ? t('vault-differs') : null}
          testId="vault-repeat"
        />
        {failure ? <Problem>{errorText(t, failure)}</Problem> : null}
        <Button type="submit" kind="primary" size="large" wide busy={create.isPending} testId="vault-create">
          {t(create.isPending ? 'vault-busy' : 'vault-create')}
        </Button>
        <Button
          size="large"
          wide
          busy={decline.isPending}
          onPress={() => decline.mutate({})}
          testId="storage-decline"
        >
          {t('vault-decline')}
        </Button>
        <Links>
          <Button kind="link" onPress={onLookAgain} testId="vault-look-again">
            {t('vault-look-again')}
          </Button>
        </Links>
      </form>
    </Card>
  );
}

/** Asks for the passphrase. */
export function VaultUnlockScreen() {
  const t = useText();
  const [passphrase, setPassphrase] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const unlock = useStateCommand('vault_unlock');
  const { managed } = useReadyState();

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
    <Card
      title={t('vault-unlock-title')}
      lead={t(managed.require_system_keychain ? 'vault-unlock-lead-managed' : 'vault-unlock-lead')}
      foot={t('problem-foot')}
    >
      <form className={formClass} onSubmit={submit} data-testid="vault-unlock">
        <SecretField
          ref={field}
          kind="passphrase"
          label={t('vault-passphrase')}
          value={passphrase}
          onChange={setPassphrase}
          autoComplete="current-password"
          autoFocus
          testId="vault-passphrase"
        />
        {unlock.error ? <Problem>{errorText(t, unlock.error)}</Problem> : null}
        <Button
          type="submit"
          kind="primary"
          size="large"
          wide
          busy={unlock.isPending}
          testId="vault-unlock-submit"
        >
          {t(unlock.isPending ? 'vault-busy' : 'vault-unlock')}
        </Button>
        <EraseHere
          offer={t('lock-forgotten')}
          lead={t('lock-forgotten-lead')}
          confirm={t('lock-erase')}
          testId="vault"
        />
      </form>
    </Card>
  );
}
