import { useQuery } from '@tanstack/react-query';
import { CircleAlert, CircleCheck } from 'lucide-react';
import { useHost } from '../app/host';
import { KEYS, useDirectory, useReadyState } from '../app/queries';
import { ui } from '../app/uiState';
import type { SecurityCheckup, SecurityStep, StepState } from '../bindings/protocol';
import { copy } from '../conversation/copy';
import { Button } from '../design/Button';
import { type TextId, textIds, useLocalization, useText } from '../i18n/text';
import { Absent } from './Absent';
import styles from './Checkup.module.css';

/** How many people a step names; the others are counted. */
const NAMED = 3;

const TITLES: Record<string, TextId> = textIds({
  own_authenticator: 'checkup-own-authenticator',
  own_password: 'checkup-own-password',
  recovery_codes: 'checkup-recovery-codes',
  factor_required: 'checkup-factor-required',
  sso_only: 'checkup-sso-only',
  second_admin: 'checkup-second-admin',
  few_admins: 'checkup-few-admins',
  short_lease: 'checkup-short-lease',
  unused_copies: 'checkup-unused-copies',
  unseen_sign_ins: 'checkup-unseen-sign-ins',
});

const REASONS: Record<string, TextId> = textIds({
  own_authenticator: 'checkup-own-authenticator-why',
  own_password: 'checkup-own-password-why',
  recovery_codes: 'checkup-recovery-codes-why',
  factor_required: 'checkup-factor-required-why',
  sso_only: 'checkup-sso-only-why',
  second_admin: 'checkup-second-admin-why',
  few_admins: 'checkup-few-admins-why',
  short_lease: 'checkup-short-lease-why',
  unused_copies: 'checkup-unused-copies-why',
  unseen_sign_ins: 'checkup-unseen-sign-ins-why',
});

/** What each account's owner does in the settings. */
const OWN: readonly SecurityStep[] = ['own_authenticator', 'own_password', 'recovery_codes'];
/** What is seen among somebody's sessions. */
const OF_SESSIONS: readonly SecurityStep[] = ['unused_copies', 'unseen_sign_ins'];

/** What makes the workspace harder to break into, a step each, looked at when this is opened. */
export function Checkup() {
  const t = useText();
  const host = useHost();
  const question = useQuery<SecurityCheckup>({
    queryKey: KEYS.checkup,
    queryFn: () => host.invoke('security_checkup', {}),
    staleTime: 0,
    retry: false,
  });
  const { data } = question;
  if (!data) return <Absent question={question} loading={t('checkup-loading')} />;
  // A step that only a newer server knows cannot be explained here.
  const steps = data.steps.filter(({ step }) => TITLES[step] !== undefined);
  const done = steps.filter((step) => step.done);
  const open = steps.filter((step) => !step.done);
  const progress = t('checkup-progress', { done: done.length, of: steps.length });
  return (
    <div data-testid="checkup">
      <p className={styles.lead}>{t('checkup-lead')}</p>
      <div className={styles.progress}>
        <meter aria-label={progress} min={0} max={steps.length} value={done.length} />
        <span>{progress}</span>
      </div>
      <ul className={styles.steps}>
        {[...open, ...done].map((step) => (
          <Step key={step.step} state={step} />
        ))}
      </ul>
    </div>
  );
}

function Step({ state }: { state: StepState }) {
  const { t, locale } = useLocalization();
  const { teammateName } = useDirectory();
  const { step, done, open, of, teammate_ids } = state;
  const named = teammate_ids.slice(0, NAMED).map((id) => teammateName(id) ?? t('somebody'));
  const rest = teammate_ids.length - named.length;
  if (rest > 0) named.push(t('checkup-more', { count: rest }));
  const names = new Intl.ListFormat(locale, { type: 'conjunction' }).format(named);
  const isCounted = OWN.includes(step) || OF_SESSIONS.includes(step);
  return (
    <li className={styles.step} data-done={done || undefined} data-testid={`checkup-${step}`}>
      {done ? (
        <CircleCheck size={18} strokeWidth={1.75} role="img" aria-label={t('checkup-done')} />
      ) : (
        <CircleAlert size={18} strokeWidth={1.75} role="img" aria-label={t('checkup-open')} />
      )}
      <div className={styles.words}>
        <h3 className={styles.title}>{t(TITLES[step] ?? '')}</h3>
        {done ? null : <p className={styles.reason}>{t(REASONS[step] ?? '')}</p>}
        {done || names === '' ? null : (
          <p className={styles.whom}>
            {isCounted ? <span className="numbers">{t('checkup-open-for', { open, of })} </span> : null}
            <bdi>{names}</bdi>
          </p>
        )}
      </div>
      {done ? null : <StepAction state={state} />}
    </li>
  );
}

/** What can be done about an open step from here. */
function StepAction({ state }: { state: StepState }) {
  const t = useText();
  const { account } = useReadyState();
  const { step, teammate_ids } = state;
  if (OF_SESSIONS.includes(step)) {
    const [first] = teammate_ids;
    const whose = first === undefined || first === account?.teammate_id ? null : first;
    return (
      <Button
        testId={`checkup-go-${step}`}
        onPress={() => ui.open({ type: 'settings', section: 'sessions', whose })}
      >
        {t('checkup-sessions')}
      </Button>
    );
  }
  if (OWN.includes(step)) {
    const me = account?.teammate_id ?? null;
    return me !== null && teammate_ids.includes(me) ? (
      <Button
        kind="primary"
        testId={`checkup-go-${step}`}
        onPress={() => ui.open({ type: 'settings', section: 'security' })}
      >
        {t('checkup-mine')}
      </Button>
    ) : (
      <Button
        testId={`checkup-remind-${step}`}
        onPress={() => void copy(t, t('checkup-reminder'), t('checkup-reminder-copied'))}
      >
        {t('checkup-remind')}
      </Button>
    );
  }
  const command = {
    factor_required: 'recado-server second-factor require --days 14',
    short_lease: 'recado-server offline-lease set --hours 24',
    sso_only: `recado-server sso only on --owner ${account?.email ?? ''}`,
    second_admin: `recado-server teammate set ${t('checkup-an-address')} --role admin`,
    few_admins: `recado-server teammate set ${t('checkup-an-address')} --role agent`,
  }[step as string];
  if (command === undefined) return null;
  return (
    <Button
      testId={`checkup-command-${step}`}
      label={t('checkup-command-label', { command })}
      onPress={() => void copy(t, command, t('checkup-command-copied'))}
    >
      {t('checkup-command')}
    </Button>
  );
}
