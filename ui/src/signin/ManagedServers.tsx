import { errorText } from '../app/errors';
import { useReadyState } from '../app/queries';
import type { ManagedServer } from '../bindings/protocol';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { Card, formClass, Links, Problem, Whereabouts } from './Card';
import styles from './Card.module.css';
import { readJoinLink } from './joinLink';
import { useStateCommand } from './useStateCommand';

interface ManagedServersProps {
  /** Asks for a link instead. */
  onLink: () => void;
}

/** The servers that the organisation has set up on this machine; with one there is nothing to choose. */
export function ManagedServers({ onLink }: ManagedServersProps) {
  const t = useText();
  const { managed, problem } = useReadyState();
  const join = useStateCommand('workspace_join');
  const [only] = managed.servers;
  const single = managed.servers.length === 1 && only !== undefined;
  // On a locked list only a personal link leads further, and that one sets a password.
  const takesLinks = !managed.server_list_locked || (managed.login_methods?.includes('password') ?? true);
  const choose = ({ link }: ManagedServer) => {
    if (!join.isPending) join.mutate({ link });
  };
  const detail = ({ link }: ManagedServer) => readJoinLink(link)?.host ?? '';
  const busyLink = join.isPending ? join.variables.link : null;
  return (
    <Card
      title={t('managed-join-title')}
      lead={t(single ? 'managed-join-lead' : 'managed-join-lead-many')}
      foot={t('managed-join-foot')}
    >
      <div className={formClass} data-testid="managed-servers">
        {single ? (
          <>
            <Whereabouts id={detail(only)} name={only.name} detail={detail(only)} />
            <Button
              kind="primary"
              size="large"
              wide
              autoFocus
              busy={join.isPending}
              onPress={() => choose(only)}
              testId="managed-server"
            >
              {t(join.isPending ? 'join-busy' : 'managed-join-submit')}
            </Button>
          </>
        ) : (
          <ul className={styles.choices}>
            {managed.servers.map((server, index) => (
              <li key={server.link}>
                <Button
                  size="large"
                  wide
                  autoFocus={index === 0}
                  busy={busyLink === server.link}
                  onPress={() => choose(server)}
                  testId="managed-server"
                >
                  <span className={styles.choice}>
                    <span>{server.name}</span>
                    <span className={styles.whereDetail}>{detail(server)}</span>
                  </span>
                </Button>
              </li>
            ))}
          </ul>
        )}
        {join.error ? (
          <Problem>{errorText(t, join.error)}</Problem>
        ) : problem ? (
          <Problem>{t('join-damaged')}</Problem>
        ) : null}
        {takesLinks ? (
          <Links>
            <Button kind="link" onPress={onLink} testId="managed-link">
              {t('sign-in-link')}
            </Button>
          </Links>
        ) : null}
      </div>
    </Card>
  );
}
