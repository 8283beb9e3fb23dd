import { type FormEvent, useRef, useState } from 'react';
import { useDirectory } from '../app/queries';
import type { EnrolmentLink, LetterLanguage, Role, TeamId } from '../bindings/protocol';
import { Field } from '../design/Field';
import { useLocalization } from '../i18n/text';
import { Panel } from '../security/Panel';
import { StepUp, wantsStepUp } from '../security/StepUp';
import { ChoiceGroup, SeveralOf } from '../settings/ChoiceGroup';
import { LetterLanguageChoice } from './LetterLanguageChoice';
import { LIFETIME_S, type Lifetime, LifetimeChoice } from './LifetimeChoice';
import { foldedEmail } from './listed';
import { MadeLinkSheet } from './MadeLinkSheet';
import { MakeLink } from './MakeLink';
import styles from './People.module.css';
import { INVITE_REFUSALS } from './refusals';
import { useMakeLink } from './useMakeLink';

interface InvitePanelProps {
  /** An invitation that is made anew. */
  again: EnrolmentLink | null;
  onBack: () => void;
}

type Wrong = { field: 'name' | 'email'; why: string };

/** Invites somebody: who it is and what they may do, then the link, this once. */
export function InvitePanel({ again, onBack }: InvitePanelProps) {
  const { t, language: shown } = useLocalization();
  const { directory } = useDirectory();
  const [name, setName] = useState(again?.name ?? '');
  const [email, setEmail] = useState(again?.email ?? '');
  const [role, setRole] = useState<Role>(again && again.role !== 'unknown' ? again.role : 'agent');
  const [teamIds, setTeamIds] = useState<readonly TeamId[]>(again?.team_ids ?? []);
  const [lifetime, setLifetime] = useState<Lifetime>('three-days');
  const [language, setLanguage] = useState<LetterLanguage>(shown);
  const [wrong, setWrong] = useState<Wrong | null>(null);
  const nameField = useRef<HTMLInputElement>(null);
  const emailField = useRef<HTMLInputElement>(null);
  const make = useMakeLink('personal_link_invite');

  const lookAt = (field: Wrong['field'], why: string) => {
    setWrong({ field, why });
    (field === 'name' ? nameField : emailField).current?.focus();
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (make.isPending) return;
    const known = directory.teammates.find((it) => foldedEmail(it.email) === foldedEmail(email));
    if (name.trim() === '') return lookAt('name', t('people-name-missing'));
    if (!/^\S+@\S+$/.test(email.trim())) return lookAt('email', t('people-email-wrong'));
    if (known) return lookAt('email', t('people-email-known', { name: known.name }));
    setWrong(null);
    // A team that is gone since the earlier invitation is none to join.
    const there = directory.teams.filter((team) => teamIds.includes(team.id));
    make.mutate({
      name: name.trim(),
      email: email.trim(),
      role,
      team_ids: there.map((team) => team.id),
      expires_in_s: LIFETIME_S[lifetime],
      language,
    });
  };

  return (
    <Panel
      title={t('people-invite')}
      {...(make.data ? {} : { lead: t(again ? 'people-invite-again-lead' : 'people-invite-lead') })}
      onBack={onBack}
      testId="invite-panel"
    >
      {make.data ? (
        <MadeLinkSheet made={make.data} onDone={onBack} />
      ) : wantsStepUp(make.error) && make.variables ? (
        <StepUp onDone={() => make.mutate(make.variables)} />
      ) : (
        <form className={styles.form} onSubmit={submit} noValidate>
          <Field
            ref={nameField}
            label={t('people-name')}
            hint={t('people-name-hint')}
            value={name}
            onChange={setName}
            error={wrong?.field === 'name' ? wrong.why : null}
            autoFocus
            testId="invite-name"
          />
          <Field
            ref={emailField}
            type="email"
            label={t('people-email')}
            hint={t('people-email-hint')}
            value={email}
            onChange={setEmail}
            error={wrong?.field === 'email' ? wrong.why : null}
            testId="invite-email"
          />
          <ChoiceGroup
            title={t('people-role')}
            value={role}
            choices={[
              { value: 'agent', label: t('role-agent'), hint: t('people-role-agent-hint') },
              { value: 'light_agent', label: t('role-light-agent'), hint: t('people-role-light-agent-hint') },
              { value: 'admin', label: t('role-admin'), hint: t('people-role-admin-hint') },
            ]}
            onChange={setRole}
          />
          {directory.teams.length > 0 ? (
            <SeveralOf
              title={t('people-teams')}
              values={teamIds}
              choices={directory.teams.map((team) => ({ value: team.id, label: team.name }))}
              onChange={setTeamIds}
            />
          ) : null}
          <LifetimeChoice value={lifetime} onChange={setLifetime} />
          <LetterLanguageChoice value={language} onChange={setLanguage} />
          <MakeLink
            busy={make.isPending}
            error={make.error}
            refusals={INVITE_REFUSALS}
            testId="invite-submit"
          />
        </form>
      )}
    </Panel>
  );
}
