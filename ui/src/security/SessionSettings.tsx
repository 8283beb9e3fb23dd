import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Laptop } from 'lucide-react';
import { useId, useState } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { KEYS, useDirectory, useReadyState } from '../app/queries';
import type { SessionInfo, SessionList, SessionStanding, TeammateId } from '../bindings/protocol';
import { Button } from '../design/Button';
import { useNow } from '../i18n/now';
import { type TextId, textIds, useLocalization, useText } from '../i18n/text';
import { nearTime } from '../i18n/time';
import { Absent } from './Absent';
import styles from './Security.module.css';
import { StepUp, wantsStepUp } from './StepUp';
import { systemName } from './systems';
import { useNoteSeen } from './useNoteSeen';

const STANDINGS: Record<SessionStanding, TextId | null> = {
  active: null,
  ...textIds({
    ended: 'session-ended',
    wipe_pending: 'session-wipe-pending',
    wiped: 'session-wiped',
    unknown: 'session-unknown',
  }),
} as Record<SessionStanding, TextId | null>;

interface End {
  session_ids: string[];
  wipe: boolean;
}

/** Every machine on which somebody is signed in, at first those of `of`; each can be signed out or erased from here. */
export function SessionSettings({ of = null }: { of?: TeammateId | null }) {
  const t = useText();
  const host = useHost();
  const client = useQueryClient();
  const { account } = useReadyState();
  const [whose, setWhose] = useState<TeammateId | null>(of);
  const key = KEYS.sessions(whose);
  const question = useQuery<SessionList>({
    queryKey: key,
    queryFn: () => host.invoke('sessions', { teammate_id: whose }),
    staleTime: 0,
    retry: false,
    refetchInterval: (query) =>
      // A machine that is to be erased says soon that it is.
      query.state.data?.sessions.some((session) => session.standing === 'wipe_pending') ? 2_000 : false,
  });
  const { data } = question;
  const end = useMutation({
    mutationFn: (request: End) => host.invoke('sessions_end', { teammate_id: whose, ...request }),
    onSuccess: (list) => client.setQueryData(key, list),
  });
  const seen = useNoteSeen();
  const sessions = data?.sessions ?? [];
  // Nobody answers for somebody else's sign-ins, nor for one on a machine that is new itself.
  const isKnown = whose === null && sessions.some((session) => session.current && !session.unseen);
  const others = sessions.filter((session) => !session.current && session.standing === 'active');
  const choose = (teammate: TeammateId | null) => {
    end.reset();
    setWhose(teammate);
  };

  return (
    <div data-testid="sessions">
      {account?.permissions.includes('session.manage') ? <Whose value={whose} onChange={choose} /> : null}
      <p className={styles.sessionsLead}>{t('sessions-lead')}</p>
      {wantsStepUp(end.error) && end.variables ? (
        <StepUp onDone={() => end.mutate(end.variables)} />
      ) : end.error ? (
        <p className={styles.problem} role="alert">
          {errorText(t, end.error)}
        </p>
      ) : null}
      {data ? null : <Absent question={question} loading={t('security-loading')} />}
      <ul className={styles.rows}>
        {sessions.map((session) => (
          <SessionRow
            key={session.session_id}
            session={session}
            busy={end.isPending && end.variables.session_ids.includes(session.session_id)}
            onEnd={(wipe) => end.mutate({ session_ids: [session.session_id], wipe })}
            onSeen={isKnown ? () => seen.mutate([session.session_id]) : null}
          />
        ))}
      </ul>
      {data && sessions.length === 0 ? <p className={styles.hint}>{t('sessions-none')}</p> : null}
      {others.length > 1 ? (
        <div className={styles.foot}>
          <Button
            testId="sessions-end-others"
            onPress={() => end.mutate({ session_ids: others.map((it) => it.session_id), wipe: false })}
          >
            {t(whose === null ? 'sessions-end-others' : 'sessions-end-all')}
          </Button>
        </div>
      ) : null}
    </div>
  );
}

function Whose({
  value,
  onChange,
}: {
  value: TeammateId | null;
  onChange: (teammate: TeammateId | null) => void;
}) {
  const t = useText();
  const id = useId();
  const { account } = useReadyState();
  const { directory } = useDirectory();
  return (
    <div className={styles.whose}>
      <label htmlFor={id}>{t('sessions-whose')}</label>
      <select
        id={id}
        value={value ?? ''}
        data-testid="sessions-whose"
        onChange={(event) => onChange(event.target.value === '' ? null : event.target.value)}
      >
        <option value="">{t('you')}</option>
        {directory.teammates
          .filter((teammate) => teammate.id !== account?.teammate_id)
          .map((teammate) => (
            <option key={teammate.id} value={teammate.id}>
              {teammate.name}
            </option>
          ))}
      </select>
    </div>
  );
}

interface SessionRowProps {
  session: SessionInfo;
  busy: boolean;
  onEnd: (wipe: boolean) => void;
  /** Says that the session is one's own doing; nobody says so of somebody else's. */
  onSeen: (() => void) | null;
}

function SessionRow({ session, busy, onEnd, onSeen }: SessionRowProps) {
  const { t, locale } = useLocalization();
  const now = useNow();
  const [asking, setAsking] = useState(false);
  const standing = STANDINGS[session.standing];
  const facts = [systemName(session.system), `Recado ${session.app_version}`, session.address ?? ''];
  const wipeable = !session.current && session.standing !== 'wipe_pending' && session.standing !== 'wiped';
  return (
    <li className={styles.session} data-standing={session.standing} data-testid="session">
      <Laptop size={18} strokeWidth={1.75} aria-hidden="true" />
      <div className={styles.rowText}>
        <h3 className={styles.rowTitle}>
          {session.device_name}
          {session.current ? <span className={styles.here}>{t('session-here')}</span> : null}
          {session.unseen && !session.current ? (
            <span className={styles.here} data-urgent>
              {t('session-unseen')}
            </span>
          ) : null}
        </h3>
        <p className={styles.rowState}>{facts.filter(Boolean).join(' · ')}</p>
        <p className={styles.rowState}>
          {t('session-times', {
            begun: nearTime(locale, session.created_at, now),
            used: nearTime(locale, session.last_used_at, now),
          })}
        </p>
        {standing ? (
          <p className={styles.rowState} data-urgent={session.standing === 'wipe_pending' || undefined}>
            {t(standing)}
          </p>
        ) : null}
      </div>
      <div className={styles.sessionActions}>
        {session.unseen && !session.current && onSeen ? (
          <Button
            label={t('session-mine-label', { device: session.device_name })}
            testId="session-mine"
            onPress={onSeen}
          >
            {t('session-mine')}
          </Button>
        ) : null}
        {session.standing === 'active' && !session.current ? (
          <Button
            busy={busy}
            label={t('session-end-label', { device: session.device_name })}
            testId="session-end"
            onPress={() => onEnd(false)}
          >
            {t('session-end')}
          </Button>
        ) : null}
        {wipeable ? (
          <Button
            label={t('session-wipe-label', { device: session.device_name })}
            testId="session-wipe"
            onPress={() => setAsking(true)}
          >
            {t('session-wipe')}
          </Button>
        ) : null}
      </div>
      {asking ? (
        <div className={styles.confirm} role="alert">
          <p>{t('session-wipe-question', { device: session.device_name })}</p>
          <div className={styles.sessionActions}>
            <Button
              kind="danger"
              testId="session-wipe-confirm"
              onPress={() => {
                setAsking(false);
                onEnd(true);
              }}
            >
              {t('session-wipe-confirm')}
            </Button>
            <Button onPress={() => setAsking(false)}>{t('cancel')}</Button>
          </div>
        </div>
      ) : null}
    </li>
  );
}
