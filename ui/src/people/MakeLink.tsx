import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import security from '../security/Security.module.css';
import { type Refusals, refusalText } from './refusals';

interface MakeLinkProps {
  busy: boolean;
  /** What went wrong the last time. */
  error: Error | null;
  refusals: Refusals;
  testId: string;
}

/** The end of a form that makes a personal link: why none was made, and the button that makes it. */
export function MakeLink({ busy, error, refusals, testId }: MakeLinkProps) {
  const t = useText();
  return (
    <>
      {error ? (
        <p className={security.problem} role="alert">
          {refusalText(t, refusals, error)}
        </p>
      ) : null}
      <div>
        {/* Not busy: what is announced of a button that waits refers to it, and this one goes with its answer. */}
        <Button type="submit" kind="primary" disabled={busy} testId={testId}>
          {t('people-make')}
        </Button>
      </div>
    </>
  );
}
