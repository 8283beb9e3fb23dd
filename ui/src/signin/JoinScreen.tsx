import { type FormEvent, useState } from 'react';
import { errorText } from '../app/errors';
import { useReadyState } from '../app/queries';
import { useUi } from '../app/uiState';
import { Button } from '../design/Button';
import { Field } from '../design/Field';
import { useText } from '../i18n/text';
import { Card, formClass, Whereabouts } from './Card';
import { readJoinLink } from './joinLink';
import { useStateCommand } from './useStateCommand';

/** Asks for the join link. A link from outside is filled in, never followed by itself. */
export function JoinScreen() {
  const t = useText();
  // Nothing else can be wrong before a server was joined.
  const { problem } = useReadyState();
  const received = useUi((state) => (state.overlay?.type === 'join' ? state.overlay.link : null));
  const [typed, setTyped] = useState<string | null>(null);
  const link = typed ?? received ?? '';
  const join = useStateCommand('workspace_join');
  const summary = readJoinLink(link);
  const unreadable = link.trim() !== '' && !summary && join.isError === false && link.length > 12;

  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (link.trim() !== '' && !join.isPending) join.mutate({ link: link.trim() });
  };

  return (
    <Card title={t('join-title')} lead={t('join-lead')} foot={t('join-foot')}>
      <form className={formClass} onSubmit={submit}>
        <Field
          label={t('join-link')}
          value={link}
          onChange={(value) => {
            setTyped(value);
            join.reset();
          }}
          placeholder="recado://join?url=…"
          hint={unreadable ? t('join-unreadable') : undefined}
          error={join.error ? errorText(t, join.error) : problem ? t('join-damaged') : null}
          autoFocus
          testId="join-link"
        />
        {summary ? (
          <Whereabouts
            id={summary.host}
            name={summary.host}
            detail={t(summary.ownAuthority ? 'join-own-authority' : 'join-system-authority')}
          />
        ) : null}
        <Button type="submit" kind="primary" size="large" wide busy={join.isPending} testId="join-submit">
          {t(join.isPending ? 'join-busy' : 'join-submit')}
        </Button>
      </form>
    </Card>
  );
}
