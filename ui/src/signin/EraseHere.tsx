import { useState } from 'react';
import { errorText } from '../app/errors';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { Links, Notice, Problem } from './Card';
import { useStateCommand } from './useStateCommand';

interface EraseHereProps {
  /** What leads to it. */
  offer: string;
  /** What is lost by it, said before it is done. */
  lead: string;
  confirm: string;
  /** Begins `erase` and `forgotten` in the names for tests. */
  testId: string;
}

/** The last way out where nothing here opens any more: erases what this machine keeps, once it was said what that costs. */
export function EraseHere({ offer, lead, confirm, testId }: EraseHereProps) {
  const t = useText();
  const [asked, setAsked] = useState(false);
  const erase = useStateCommand('sign_out');
  if (!asked) {
    return (
      <Links>
        <Button kind="link" testId={`${testId}-forgotten`} onPress={() => setAsked(true)}>
          {offer}
        </Button>
      </Links>
    );
  }
  return (
    <>
      {erase.error ? <Problem>{errorText(t, erase.error)}</Problem> : null}
      <Notice>{lead}</Notice>
      <Button
        kind="danger"
        size="large"
        wide
        busy={erase.isPending}
        testId={`${testId}-erase`}
        onPress={() => erase.mutate({ discard_unsent: true })}
      >
        {confirm}
      </Button>
      <Links>
        <Button kind="link" testId={`${testId}-keep`} onPress={() => setAsked(false)}>
          {t('erase-keep')}
        </Button>
      </Links>
    </>
  );
}
