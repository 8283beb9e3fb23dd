import { type FormEvent, useEffect, useRef, useState } from 'react';
import { errorText, problemText } from '../app/errors';
import { useHost } from '../app/host';
import { useReadyState } from '../app/queries';
import type { ProviderSummary, SignInWays } from '../bindings/protocol';
import { Button } from '../design/Button';
import { Field } from '../design/Field';
import { useText } from '../i18n/text';
import { Card, formClass, Links, Notice, Problem, Whereabouts } from './Card';
import { LinkScreen } from './JoinScreen';
import { SecretField } from './SecretField';
import { useSignInWays } from './useSignInWays';
import { useStateCommand } from './useStateCommand';
import { useStorageFoot } from './useStorageFoot';
import { VaultChoiceScreen, VaultUnlockScreen } from './VaultScreens';

/** Asks for the e-mail address, and then for what goes with it: a password, or a company's own sign-in. */
export function SignInScreen() {
  const t = useText();
  const host = useHost();
  const foot = useStorageFoot();
  const { workspace, account, problem, secret_storage, managed } = useReadyState();
  const [email, setEmail] = useState(account?.email ?? '');
  const [password, setPassword] = useState('');
  const [withPassword, setWithPassword] = useState(false);
  const [withLink, setWithLink] = useState(false);
  const passwordField = useRef<HTMLInputElement>(null);
  const { hasProviders, ways, askWays, forgetWays } = useSignInWays(host);
  const signIn = useStateCommand('sign_in');
  const ssoBegin = useStateCommand('sso_begin');
  const leave = useStateCommand('workspace_leave');

  const mayUsePassword = managed.login_methods?.includes('password') ?? true;
  const mayUseProvider = managed.login_methods?.includes('oidc') ?? true;
  const isOnlyServer = managed.server_list_locked && managed.servers.length === 1;
  // Without a provider there is nothing to choose, so address and password are asked for together.
  const addressFirst = (hasProviders || !mayUsePassword) && ways === null && password === '';
  const showsPassword = mayUsePassword && !addressFirst && (ways === null || ways.password || withPassword);
  const providers = ways?.providers ?? [];
  const busy = signIn.isPending || ssoBegin.isPending || askWays.isPending;

  /** What was sent last, to be sent again once there is somewhere to keep the session. */
  const sent = useRef<() => void>(() => {});

  const sendPassword = () => {
    if (busy || email.trim() === '' || password === '') return;
    ssoBegin.reset();
    sent.current = sendPassword;
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

  const begin = (provider: ProviderSummary) => {
    if (busy || email.trim() === '') return;
    signIn.reset();
    sent.current = () => begin(provider);
    ssoBegin.mutate({ provider, email: email.trim() });
  };

  const continueWith = (found: SignInWays) => {
    const only = found.providers[0];
    // With one way there is nothing to choose either.
    if (only && found.providers.length === 1 && !found.password) begin(only);
    else passwordField.current?.focus();
  };

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (busy || email.trim() === '') return;
    const first = providers[0];
    if (ways === null && password === '')
      askWays.mutate({ email: email.trim() }, { onSuccess: continueWith });
    else if (showsPassword) sendPassword();
    else if (first) begin(first);
  };

  // What was typed before the choice is sent once it is made.
  const before = useRef(secret_storage);
  useEffect(() => {
    const wasUndecided = before.current === 'undecided';
    before.current = secret_storage;
    if (wasUndecided && (secret_storage === 'vault' || secret_storage === 'memory')) sent.current();
  }, [secret_storage]);

  if (withLink) return <LinkScreen onBack={() => setWithLink(false)} />;
  if (secret_storage === 'vault_locked') return <VaultUnlockScreen />;
  // While the sign-in is tried again, its own screen says so.
  if (secret_storage === 'undecided' && !signIn.isPending && !ssoBegin.isPending) {
    return <VaultChoiceScreen onLookAgain={() => sent.current()} />;
  }

  const failure = signIn.error ?? ssoBegin.error ?? askWays.error;
  const noWayText = !mayUsePassword
    ? t('sign-in-no-way-managed')
    : mayUseProvider
      ? t('sign-in-no-way')
      : t('sign-in-no-way-password-only');
  const noWay = ways !== null && !ways.password && providers.length === 0;

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
        {/* Why one stands here is read before what is asked for. */}
        {problem && !failure ? <Notice>{problemText(t, problem)}</Notice> : null}
        <Field
          label={t('sign-in-email')}
          type="email"
          value={email}
          onChange={(value) => {
            setEmail(value);
            // Another address may have other ways.
            forgetWays();
          }}
          autoComplete="username"
          autoFocus={email === '' || addressFirst}
          testId="sign-in-email"
        />
        {showsPassword ? (
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
        ) : null}
        {noWay ? <Problem>{noWayText}</Problem> : null}
        {failure ? <Problem>{errorText(t, failure)}</Problem> : null}
        {addressFirst || showsPassword ? (
          <Button
            type="submit"
            kind="primary"
            size="large"
            wide
            busy={signIn.isPending || askWays.isPending}
            testId="sign-in-submit"
          >
            {t(signIn.isPending || askWays.isPending ? 'sign-in-busy' : 'sign-in-submit')}
          </Button>
        ) : null}
        {providers.map((provider, index) => (
          <Button
            key={provider.id}
            kind={showsPassword || index > 0 ? 'plain' : 'primary'}
            size="large"
            wide
            busy={ssoBegin.isPending}
            onPress={() => begin(provider)}
            testId="sign-in-provider"
          >
            {t('sign-in-with', { provider: provider.name })}
          </Button>
        ))}
        <Links>
          {mayUsePassword && mayUseProvider && ways !== null && !showsPassword ? (
            <Button kind="link" onPress={() => setWithPassword(true)}>
              {t('sign-in-use-password')}
            </Button>
          ) : null}
          {mayUsePassword ? (
            <Button kind="link" onPress={() => setWithLink(true)} testId="sign-in-link">
              {t('sign-in-link')}
            </Button>
          ) : null}
          {isOnlyServer ? null : (
            <Button kind="link" onPress={() => leave.mutate({})} testId="sign-in-other-workspace">
              {t('sign-in-other-workspace')}
            </Button>
          )}
        </Links>
      </form>
    </Card>
  );
}
