import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useId, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { readAgain } from '../app/events';
import { useHost } from '../app/host';
import { KEYS, useDirectory, useReadyState } from '../app/queries';
import { ui } from '../app/uiState';
import type { EnrolmentId, EnrolmentLink, EnrolmentLinks } from '../bindings/protocol';
import { Button } from '../design/Button';
import { useNow } from '../i18n/now';
import { useText } from '../i18n/text';
import { Absent } from '../security/Absent';
import security from '../security/Security.module.css';
import { InvitePanel } from './InvitePanel';
import { LinkRow } from './LinkRow';
import { listedLinks } from './listed';
import styles from './People.module.css';
import { ResetPanel } from './ResetPanel';
import { refusalText, WITHDRAW_REFUSALS } from './refusals';

/** While a link is open, it may be used at any moment. */
const LOOKED_AT_EVERY_MS = 30_000;

interface Making {
  what: 'invitation' | 'reset';
  again: EnrolmentLink | null;
}

interface PeopleProps {
  /** Whether somebody came here to invite. */
  inviting: boolean;
}

/** Who was invited and is not in yet, and whose sign-in is being reset. */
export function People({ inviting }: PeopleProps) {
  const [making, setMaking] = useState<Making | null>(inviting ? { what: 'invitation', again: null } : null);
  const [left, setLeft] = useState<Making['what'] | null>(null);
  if (making) {
    const back = () => {
      setLeft(making.what);
      setMaking(null);
    };
    return making.what === 'invitation' ? (
      <InvitePanel again={making.again} onBack={back} />
    ) : (
      <ResetPanel again={making.again} onBack={back} />
    );
  }
  return <OpenLinks left={left} onMake={(what, again) => setMaking({ what, again: again ?? null })} />;
}

interface OpenLinksProps {
  /** What somebody comes back from: the focus goes where it was. */
  left: Making['what'] | null;
  onMake: (what: Making['what'], again?: EnrolmentLink) => void;
}

function OpenLinks({ left, onMake }: OpenLinksProps) {
  const t = useText();
  const host = useHost();
  const client = useQueryClient();
  const { account } = useReadyState();
  const { directory } = useDirectory();
  const now = useNow();
  const invite = useRef<HTMLButtonElement>(null);
  const question = useQuery<EnrolmentLinks>({
    queryKey: KEYS.personalLinks,
    queryFn: () => host.invoke('personal_links', {}),
    staleTime: 0,
    refetchInterval: LOOKED_AT_EVERY_MS,
  });
  const { data } = question;
  const withdraw = useMutation({
    mutationFn: (id: EnrolmentId) => host.invoke('personal_link_revoke', { id }),
    onSuccess: (links) => {
      client.setQueryData(KEYS.personalLinks, links);
      ui.toast(t('people-withdrawn'));
      // The button that was pressed goes with its link.
      invite.current?.focus();
    },
    onError: () => readAgain(client, KEYS.personalLinks),
  });
  const mayReset = account?.permissions.includes('teammate.reset') ?? false;
  const { coming, resets } = listedLinks(
    data?.links ?? [],
    directory.teammates.map((teammate) => teammate.email),
    now * 1000,
  );
  const rows = (links: EnrolmentLink[]) =>
    links.map((link) => {
      const isInvitation = link.kind === 'invitation';
      const mayAgain = isInvitation || (mayReset && link.teammate_id !== null);
      return (
        <LinkRow
          key={link.id}
          link={link}
          busy={withdraw.isPending && withdraw.variables === link.id}
          onWithdraw={() => withdraw.mutate(link.id)}
          onAgain={mayAgain ? () => onMake(isInvitation ? 'invitation' : 'reset', link) : null}
        />
      );
    });
  return (
    <div data-testid="people">
      <p className={security.lead}>{t('people-lead')}</p>
      <div className={styles.begin}>
        <Button
          ref={invite}
          kind="primary"
          autoFocus={left === 'invitation'}
          testId="people-invite"
          onPress={() => onMake('invitation')}
        >
          {t('people-invite')}
        </Button>
        {mayReset ? (
          <Button autoFocus={left === 'reset'} testId="people-reset" onPress={() => onMake('reset')}>
            {t('people-reset')}
          </Button>
        ) : null}
      </div>
      {withdraw.error ? (
        <p className={security.problem} role="alert">
          {refusalText(t, WITHDRAW_REFUSALS, withdraw.error)}
        </p>
      ) : null}
      {data && question.error ? (
        <p className={security.problem} role="alert" data-testid="people-stale">
          {t('people-stale', { why: errorText(t, question.error) })}
        </p>
      ) : null}
      {data ? null : <Absent question={question} loading={t('security-loading')} />}
      {coming.length > 0 ? <Group title={t('people-coming')}>{rows(coming)}</Group> : null}
      {resets.length > 0 ? <Group title={t('people-resets')}>{rows(resets)}</Group> : null}
      {data && coming.length + resets.length === 0 ? (
        <p className={security.hint} data-testid="people-none">
          {t('people-none')}
        </p>
      ) : null}
    </div>
  );
}

function Group({ title, children }: { title: string; children: React.ReactNode }) {
  const id = useId();
  return (
    <section className={styles.group} aria-labelledby={id}>
      <h3 id={id} className={styles.groupTitle}>
        {title}
      </h3>
      <ul className={security.rows}>{children}</ul>
    </section>
  );
}
