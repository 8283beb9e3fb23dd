import { type FormEvent, useEffect, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { useReadyState } from '../app/queries';
import type { EnrolmentState } from '../bindings/protocol';
import { Button } from '../design/Button';
import { Field } from '../design/Field';
import { type TextId, type Translate, textIds, useLocalization } from '../i18n/text';
import { exactTime } from '../i18n/time';
import { HostFailure } from '../platform/host';
import { PasswordFeedback, usePasswordCheck } from '../security/PasswordFeedback';
import { Card, formClass, Links, Problem, Steps } from './Card';
import { Who } from './CodeScreen';
import { LeaveLink } from './EnrolScreen';
import { SecretField } from './SecretField';
import { useStateCommand } from './useStateCommand';
import { VaultChoiceScreen, VaultUnlockScreen } from './VaultScreens';

const LEADS: Record<EnrolmentState['kind'], TextId> = textIds({
  invitation: 'enrol-invited',
  password_reset: 'enrol-password-reset-lead',
  account_reset: 'enrol-account-reset-lead',
  own_authenticator: 'enrol-own-lead',
  unknown: 'enrol-account-reset-lead',
});

function leadOf(t: Translate, { kind, invited_by }: EnrolmentState, workspace: string): string {
  if (kind === 'invitation' && invited_by) return t('enrol-invited-by', { who: invited_by, workspace });
  return t(LEADS[kind] ?? LEADS.unknown, { workspace });
}

/** Asks for name and password, and says while it is typed what there is against the password. */
export function EnrolPassword({ enrolment }: { enrolment: EnrolmentState }) {
  const { t, locale } = useLocalization();
  const { workspace, secret_storage } = useReadyState();
  const { kind, email, expires_at } = enrolment;
  const [name, setName] = useState(enrolment.name);
  const [password, setPassword] = useState('');
  const nameField = useRef<HTMLInputElement>(null);
  const passwordField = useRef<HTMLInputElement>(null);
  const { data: check } = usePasswordCheck(password);
  const choose = useStateCommand('enrolment_password');
  const invited = kind === 'invitation';

  const send = () =>
    choose.mutate(
      { name: name.trim(), password },
      {
        onError: (error) => {
          const refused = HostFailure.from(error).code === 'invalid_value' ? nameField : passwordField;
          refused.current?.focus();
          refused.current?.select();
        },
      },
    );
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (choose.isPending) return;
    if (name.trim() === '') nameField.current?.focus();
    else if (password === '' || (check && check.issues.length > 0)) passwordField.current?.focus();
    else send();
  };

  // What was typed before the choice is sent once it is made.
  const before = useRef(secret_storage);
  const again = useRef(send);
  again.current = send;
  useEffect(() => {
    const wasUndecided = before.current === 'undecided';
    before.current = secret_storage;
    if (wasUndecided && (secret_storage === 'vault' || secret_storage === 'memory')) again.current();
  }, [secret_storage]);
  if (secret_storage === 'vault_locked') return <VaultUnlockScreen />;
  if (secret_storage === 'undecided' && !choose.isPending) return <VaultChoiceScreen onLookAgain={send} />;

  const workspaceName = workspace?.name ?? '';
  return (
    <Card
      title={t(invited ? 'enrol-title' : 'enrol-reset-title', { workspace: workspaceName })}
      lead={leadOf(t, enrolment, workspaceName)}
      above={<Steps number={1} of={kind === 'password_reset' ? 2 : 3} />}
      foot={t('enrol-until', { time: exactTime(locale, expires_at) })}
    >
      <form className={formClass} onSubmit={submit} data-testid="enrol-password">
        <Who />
        {/* For password managers, which keep a password under its address. */}
        <input type="hidden" name="username" autoComplete="username" value={email} />
        {invited ? (
          <Field
            ref={nameField}
            label={t('enrol-name')}
            value={name}
            onChange={setName}
            autoComplete="name"
            hint={t('enrol-name-hint')}
            testId="enrol-name"
          />
        ) : null}
        <SecretField
          ref={passwordField}
          kind="password"
          label={t(invited ? 'enrol-password' : 'password-new')}
          value={password}
          onChange={setPassword}
          autoComplete="new-password"
          autoFocus
          testId="enrol-new-password"
        />
        <PasswordFeedback check={password === '' ? undefined : check} />
        {choose.error ? <Problem>{errorText(t, choose.error)}</Problem> : null}
        {/* Not busy: what is announced of a button that waits refers to it, and this one goes with its answer. */}
        <Button
          type="submit"
          kind="primary"
          size="large"
          wide
          disabled={choose.isPending}
          testId="enrol-submit"
        >
          {t(choose.isPending ? 'sign-in-busy' : 'sign-in-submit')}
        </Button>
        <Links>
          <LeaveLink kind={kind} />
        </Links>
      </form>
    </Card>
  );
}
