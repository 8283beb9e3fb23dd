import { Eye, EyeOff } from 'lucide-react';
import { type FormEvent, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { useReadyState } from '../app/queries';
import { Button } from '../design/Button';
import { Field } from '../design/Field';
import { useText } from '../i18n/text';
import { Card, formClass, Links, Problem, Whereabouts } from './Card';
import { useStateCommand } from './useStateCommand';

/** Asks for e-mail address and password. */
export function SignInScreen() {
  const t = useText();
  const { workspace, account, problem } = useReadyState();
  const [email, setEmail] = useState(account?.email ?? '');
  const [password, setPassword] = useState('');
  const [shown, setShown] = useState(false);
  const passwordField = useRef<HTMLInputElement>(null);
  const signIn = useStateCommand('sign_in');
  const leave = useStateCommand('workspace_leave');

  const submit = (event: FormEvent) => {
    event.preventDefault();
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

  const trouble = signIn.error ? errorText(t, signIn.error) : problem ? errorText(t, problem) : null;

  return (
    <Card title={t('sign-in-title', { workspace: workspace?.name ?? '' })} foot={t('sign-in-foot')}>
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
        <Field
          ref={passwordField}
          label={t('sign-in-password')}
          type={shown ? 'text' : 'password'}
          value={password}
          onChange={setPassword}
          autoComplete="current-password"
          autoFocus={email !== ''}
          testId="sign-in-password"
          end={
            <Button
              kind="quiet"
              label={t(shown ? 'sign-in-hide-password' : 'sign-in-show-password')}
              pressed={shown}
              onPress={() => setShown(!shown)}
            >
              {shown ? <EyeOff size={15} strokeWidth={1.75} /> : <Eye size={15} strokeWidth={1.75} />}
            </Button>
          }
        />
        {trouble ? <Problem>{trouble}</Problem> : null}
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
