import { type FormEvent, useEffect, useRef, useState } from 'react';
import { codeText, errorText } from '../app/errors';
import { useReadyState } from '../app/queries';
import { Button } from '../design/Button';
import { Field } from '../design/Field';
import { useText } from '../i18n/text';
import { Card, formClass, Links, Notice, Problem, Whereabouts } from './Card';
import { SecretField } from './SecretField';
import { useStateCommand } from './useStateCommand';
import { useStorageFoot } from './useStorageFoot';
import { VaultChoiceScreen, VaultUnlockScreen } from './VaultScreens';

/** Asks for e-mail address and password. */
export function SignInScreen() {
  const t = useText();
  const foot = useStorageFoot();
  const { workspace, account, problem, secret_storage } = useReadyState();
  const [email, setEmail] = useState(account?.email ?? '');
  const [password, setPassword] = useState('');
  const passwordField = useRef<HTMLInputElement>(null);
  const signIn = useStateCommand('sign_in');
  const leave = useStateCommand('workspace_leave');

  const send = () => {
    if (signIn.isPending || email.trim() === '' || password === '') return;
    signIn.mutate(
      { email: email.trim(), password },
      {
        onError: () => {
          passwordField.current?.focus();
          passwordField.current?.select();
        },
      },
    );
  };

  const submit = (event: FormEvent) => {
    event.preventDefault();
    send();
  };

  // What was typed before the choice is sent once it is made.
  const before = useRef(secret_storage);
  // biome-ignore lint/correctness/useExhaustiveDependencies: only a choice is news
  useEffect(() => {
    const wasUndecided = before.current === 'undecided';
    before.current = secret_storage;
    if (wasUndecided && (secret_storage === 'vault' || secret_storage === 'memory')) send();
  }, [secret_storage]);

  if (secret_storage === 'vault_locked') return <VaultUnlockScreen />;
  // While the sign-in is tried again, its own screen says so.
  if (secret_storage === 'undecided' && !signIn.isPending) {
    return <VaultChoiceScreen onLookAgain={send} />;
  }

  return (
    <Card title={t('sign-in-title', { workspace: workspace?.name ?? '' })} foot={foot}>
      <form className={formClass} onSubmit={submit}>
        {workspace ? (
          <Whereabouts
            id={workspace.id}
            name={workspace.name}
            detail={t(workspace.private_authority ? 'sign-in-host-checked' : 'sign-in-host', {
              host: workspace.host,
            })}
          />
        ) : null}
        <Field
          label={t('sign-in-email')}
          type="email"
          value={email}
          onChange={setEmail}
          autoComplete="username"
          autoFocus={email === ''}
          testId="sign-in-email"
        />
        <SecretField
          ref={passwordField}
          kind="password"
          label={t('sign-in-password')}
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
          autoFocus={email !== ''}
          testId="sign-in-password"
        />
        {signIn.error ? (
          <Problem>{errorText(t, signIn.error)}</Problem>
        ) : problem ? (
          <Notice>{codeText(t, problem.code)}</Notice>
        ) : null}
        <Button
          type="submit"
          kind="primary"
          size="large"
          wide
          busy={signIn.isPending}
          testId="sign-in-submit"
        >
          {t(signIn.isPending ? 'sign-in-busy' : 'sign-in-submit')}
        </Button>
        <Links>
          <Button kind="link" onPress={() => leave.mutate({})}>
            {t('sign-in-other-workspace')}
          </Button>
        </Links>
      </form>
    </Card>
  );
}
