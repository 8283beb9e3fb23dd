import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { ShieldAlert } from 'lucide-react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { KEYS, useReadyState } from '../app/queries';
import { ui } from '../app/uiState';
import type { SessionInfo, SessionList } from '../bindings/protocol';
import { Button } from '../design/Button';
import { useNow } from '../i18n/now';
import { useLocalization } from '../i18n/text';
import { nearTime } from '../i18n/time';
import styles from './NewSignIn.module.css';
import { systemName } from './systems';
import { useNoteSeen } from './useNoteSeen';

/** Says that the account was signed in to where it was not known, until its owner has said what that was. */
export function NewSignIn() {
  const host = useHost();
  const { connection } = useReadyState();
  const { data } = useQuery<SessionList>({
    queryKey: KEYS.sessions(null),
    queryFn: () => host.invoke('sessions', { teammate_id: null }),
    // Asked again after each time without a connection: nothing was heard in between.
    enabled: connection.state === 'online',
    staleTime: 0,
    retry: false,
  });
  const unseen = (data?.sessions ?? []).filter((session) => session.unseen && !session.current);
  const [first] = unseen;
  if (!first) return null;
  // A machine that is new itself answers for no other; it may only end what is strange.
  const isKnown = data?.sessions.some((session) => session.current && !session.unseen) ?? false;
  return <Notice key={first.session_id} session={first} more={unseen.length - 1} isKnown={isKnown} />;
}

interface NoticeProps {
  session: SessionInfo;
  more: number;
  isKnown: boolean;
}

function Notice({ session, more, isKnown }: NoticeProps) {
  const { t, locale } = useLocalization();
  const host = useHost();
  const client = useQueryClient();
  const now = useNow();
  const seen = useNoteSeen();
  const strange = useMutation({
    mutationFn: async () => {
      const list = await host.invoke('sessions_end', {
        teammate_id: null,
        session_ids: [session.session_id],
        wipe: true,
      });
      client.setQueryData(KEYS.sessions(null), list);
      // What was done is done, whatever becomes of the question what to do next.
      const security = await host.invoke('account_security', {}).catch(() => null);
      return security?.by_provider ?? false;
    },
    onSuccess: (byProvider) => {
      const named = { device: session.device_name };
      ui.toast(byProvider ? t('new-sign-in-ended-provider', named) : t('new-sign-in-ended', named));
      ui.open({ type: 'settings', section: 'security' });
    },
    onError: (error) => ui.toast(errorText(t, error), { tone: 'failed' }),
  });
  const busy = seen.isPending || strange.isPending;
  const facts = [
    systemName(session.system),
    session.address ?? '',
    nearTime(locale, session.created_at, now),
  ];
  return (
    <section className={styles.notice} aria-label={t('new-sign-in-label')} data-testid="new-sign-in">
      <ShieldAlert size={16} strokeWidth={1.75} aria-hidden="true" />
      <p role="alert">
        <strong>{t('new-sign-in', { device: session.device_name })}</strong>{' '}
        <span className="numbers">{facts.filter(Boolean).join(' · ')}</span>
      </p>
      <div className={styles.answers}>
        {isKnown ? (
          <Button
            busy={seen.isPending}
            disabled={busy}
            testId="new-sign-in-mine"
            onPress={() => seen.mutate([session.session_id])}
          >
            {t('session-mine')}
          </Button>
        ) : null}
        <Button
          kind="danger"
          busy={strange.isPending}
          disabled={busy}
          testId="new-sign-in-strange"
          onPress={() => strange.mutate()}
        >
          {t('new-sign-in-strange')}
        </Button>
        {more > 0 ? (
          <Button kind="link" onPress={() => ui.open({ type: 'settings', section: 'sessions' })}>
            {t('new-sign-in-more', { count: more })}
          </Button>
        ) : null}
      </div>
    </section>
  );
}
