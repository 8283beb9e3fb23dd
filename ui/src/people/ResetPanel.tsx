import { type FormEvent, useId, useRef, useState } from 'react';
import { useDirectory, useReadyState } from '../app/queries';
import type { EnrolmentLink, LetterLanguage, TeammateId } from '../bindings/protocol';
import { useLocalization } from '../i18n/text';
import { Panel } from '../security/Panel';
import { StepUp, wantsStepUp } from '../security/StepUp';
import { ChoiceGroup } from '../settings/ChoiceGroup';
import { LetterLanguageChoice } from './LetterLanguageChoice';
import { LIFETIME_S, type Lifetime, LifetimeChoice } from './LifetimeChoice';
import { MadeLinkSheet } from './MadeLinkSheet';
import { MakeLink } from './MakeLink';
import styles from './People.module.css';
import { RESET_REFUSALS } from './refusals';
import { useMakeLink } from './useMakeLink';

interface ResetPanelProps {
  /** A reset that is made anew. */
  again: EnrolmentLink | null;
  onBack: () => void;
}

/** Lets a colleague set anew what they sign in with. */
export function ResetPanel({ again, onBack }: ResetPanelProps) {
  const { t, language: shown } = useLocalization();
  const id = useId();
  const { account } = useReadyState();
  const { directory } = useDirectory();
  const [whose, setWhose] = useState<TeammateId | null>(again?.teammate_id ?? null);
  const [lost, setLost] = useState<'password' | 'authenticator'>(
    again?.kind === 'account_reset' ? 'authenticator' : 'password',
  );
  // Whoever cannot get in waits for it, and the less time it lies somewhere, the better.
  const [lifetime, setLifetime] = useState<Lifetime>('day');
  const [language, setLanguage] = useState<LetterLanguage>(shown);
  const [missing, setMissing] = useState(false);
  const field = useRef<HTMLSelectElement>(null);
  const make = useMakeLink('personal_link_reset');
  // One's own sign-in is changed under Security.
  const others = directory.teammates.filter((teammate) => teammate.id !== account?.teammate_id);

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (make.isPending) return;
    setMissing(whose === null);
    if (whose === null) field.current?.focus();
    else
      make.mutate({
        teammate_id: whose,
        authenticator: lost === 'authenticator',
        expires_in_s: LIFETIME_S[lifetime],
        language,
      });
  };

  return (
    <Panel
      title={t('people-reset')}
      {...(make.data ? {} : { lead: t('people-reset-lead') })}
      onBack={onBack}
      testId="reset-panel"
    >
      {make.data ? (
        <MadeLinkSheet made={make.data} onDone={onBack} />
      ) : wantsStepUp(make.error) && make.variables ? (
        <StepUp onDone={() => make.mutate(make.variables)} />
      ) : (
        <form className={styles.form} onSubmit={submit} noValidate>
          <p className={styles.caution}>{t('people-reset-sure')}</p>
          <div className={styles.whose}>
            <label className={styles.label} htmlFor={id}>
              {t('people-reset-whose')}
            </label>
            <select
              ref={field}
              id={id}
              value={whose ?? ''}
              // biome-ignore lint/a11y/noAutofocus: what is asked first, on a page that was asked for
              autoFocus
              aria-invalid={missing || undefined}
              aria-describedby={missing ? `${id}-missing` : undefined}
              data-testid="reset-whose"
              onChange={(event) => setWhose(event.target.value === '' ? null : event.target.value)}
            >
              <option value="">{t('people-reset-choose')}</option>
              {others.map((teammate) => (
                <option key={teammate.id} value={teammate.id}>
                  {`${teammate.name} (${teammate.email})`}
                </option>
              ))}
            </select>
            {missing ? (
              <p id={`${id}-missing`} className={styles.wrong} role="alert">
                {t('people-reset-missing')}
              </p>
            ) : null}
          </div>
          <ChoiceGroup
            title={t('people-reset-what')}
            value={lost}
            choices={[
              {
                value: 'password',
                label: t('people-reset-password'),
                hint: t('people-reset-password-hint'),
              },
              {
                value: 'authenticator',
                label: t('people-reset-authenticator'),
                hint: t('people-reset-authenticator-hint'),
              },
            ]}
            onChange={setLost}
          />
          <LifetimeChoice value={lifetime} onChange={setLifetime} />
          <LetterLanguageChoice value={language} onChange={setLanguage} />
          <MakeLink
            busy={make.isPending}
            error={make.error}
            refusals={RESET_REFUSALS}
            testId="reset-submit"
          />
        </form>
      )}
    </Panel>
  );
}
