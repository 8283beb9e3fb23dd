import { type FormEvent, useState } from 'react';
import { errorText } from '../app/errors';
import { useReadyState } from '../app/queries';
import { ui, useUi } from '../app/uiState';
import { Button } from '../design/Button';
import { Field } from '../design/Field';
import { useText } from '../i18n/text';
import { Card, formClass, Links, Whereabouts } from './Card';
import { readJoinLink } from './joinLink';
import { ManagedServers } from './ManagedServers';
import { useStateCommand } from './useStateCommand';

interface LinkScreenProps {
  /** Goes back to signing in, where a server was joined already and only a personal link is wanted. */
  onBack?: () => void;
  /** Goes back to the servers that the organisation has set up. */
  onServers?: () => void;
}

/** Asks where to sign in: for a link, or among the servers that the organisation has set up. */
export function JoinScreen() {
  const { managed } = useReadyState();
  const received = useUi((state) => state.overlay?.type === 'join');
  const [withLink, setWithLink] = useState(false);
  if (managed.servers.length === 0) return <LinkScreen />;
  if (!withLink && !received) return <ManagedServers onLink={() => setWithLink(true)} />;
  const toServers = () => {
    setWithLink(false);
    if (received) ui.close();
  };
  return <LinkScreen onServers={toServers} />;
}

/** Asks for a link. One from outside is filled in, never followed by itself. */
export function LinkScreen({ onBack, onServers }: LinkScreenProps) {
  const t = useText();
  // Nothing else can be wrong before a server was joined.
  const { problem } = useReadyState();
  const received = useUi((state) => (state.overlay?.type === 'join' ? state.overlay.link : null));
  const [typed, setTyped] = useState<string | null>(null);
  const link = typed ?? received ?? '';
  const join = useStateCommand('workspace_join');
  const summary = readJoinLink(link);
  const unreadable = link.trim() !== '' && !summary && join.isError === false && link.length > 12;
  const impersonal = onBack !== undefined && summary !== null && !summary.personal;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (link.trim() === '' || join.isPending || impersonal) return;
    join.mutate({ link: link.trim() }, { onSuccess: () => onBack?.() });
  };

  return (
    <Card
      title={t(onBack ? 'own-link-title' : 'join-title')}
      lead={t(onBack ? 'own-link-lead' : 'join-lead')}
      foot={t('join-foot')}
    >
      <form className={formClass} onSubmit={submit}>
        <Field
          label={t(onBack ? 'own-link-label' : 'join-link')}
          value={link}
          onChange={(value) => {
            setTyped(value);
            join.reset();
          }}
          placeholder="recado://join?url=…"
          hint={unreadable ? t('join-unreadable') : impersonal ? t('own-link-impersonal') : undefined}
          error={join.error ? errorText(t, join.error) : problem && !onBack ? t('join-damaged') : null}
          autoFocus
          testId="join-link"
        />
        {summary ? (
          <Whereabouts
            id={summary.host}
            name={summary.host}
            detail={t(
              summary.personal && onBack
                ? 'own-link-personal'
                : summary.ownAuthority
                  ? 'join-own-authority'
                  : 'join-system-authority',
            )}
          />
        ) : null}
        <Button type="submit" kind="primary" size="large" wide busy={join.isPending} testId="join-submit">
          {t(join.isPending ? 'join-busy' : summary?.personal ? 'own-link-submit' : 'join-submit')}
        </Button>
        {onBack || onServers ? (
          <Links>
            <Button kind="link" onPress={onBack ?? onServers} testId="own-link-back">
              {t(onBack ? 'own-link-back' : 'managed-join-back')}
            </Button>
          </Links>
        ) : null}
      </form>
    </Card>
  );
}
