import { useEffect, useState } from 'react';
import { codeText, errorText } from '../app/errors';
import { useReadyState } from '../app/queries';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { Card, formClass, Links, Problem, Whereabouts } from './Card';
import { useStateCommand } from './useStateCommand';
import { useStorageFoot } from './useStorageFoot';

const TICK_MS = 1_000;
/** More than the browser is ever awaited: a clock that jumps shows no nonsense. */
const LONGEST_WAIT_S = 180;

/** Waits for the browser in which somebody signs in, or says why that came to nothing. */
export function BrowserScreen() {
  const t = useText();
  const foot = useStorageFoot();
  const { workspace, browser, account } = useReadyState();
  const begin = useStateCommand('sso_begin');
  const openAgain = useStateCommand('sso_open_again');
  const cancel = useStateCommand('sso_cancel');
  const left = useSecondsUntil(browser?.until ?? 0);
  if (!browser) return null;

  const { provider, failure } = browser;
  const email = account?.email ?? '';
  const error = begin.error ?? openAgain.error ?? cancel.error;
  const trouble = error ? errorText(t, error) : failure ? codeText(t, failure) : null;
  const where = workspace ? (
    <Whereabouts id={provider.id} name={provider.name} detail={email || workspace.name} />
  ) : null;

  if (failure) {
    return (
      <Card title={t('browser-failed-title')} foot={foot}>
        <div className={formClass} data-testid="browser-failed">
          {where}
          <Problem>{trouble}</Problem>
          <Button
            kind="primary"
            size="large"
            wide
            busy={begin.isPending}
            onPress={() => begin.mutate({ provider, email })}
            testId="browser-retry"
          >
            {t('browser-retry')}
          </Button>
          <Links>
            <Button kind="link" onPress={() => cancel.mutate({})} testId="browser-cancel">
              {t('browser-back')}
            </Button>
          </Links>
        </div>
      </Card>
    );
  }

  return (
    <Card
      title={t('browser-title')}
      lead={t('browser-lead', { provider: provider.name, workspace: workspace?.name ?? '' })}
      foot={foot}
    >
      <div className={formClass} data-testid="browser-waiting">
        {where}
        <p role="timer">
          {t('browser-time-left', {
            minutes: Math.floor(left / 60),
            seconds: String(left % 60).padStart(2, '0'),
          })}
        </p>
        {trouble ? <Problem>{trouble}</Problem> : null}
        <Button
          kind="plain"
          size="large"
          wide
          busy={openAgain.isPending}
          onPress={() => openAgain.mutate({})}
          testId="browser-open-again"
        >
          {t('browser-open-again')}
        </Button>
        <Links>
          <Button kind="link" onPress={() => cancel.mutate({})} testId="browser-cancel">
            {t('browser-cancel')}
          </Button>
        </Links>
      </div>
    </Card>
  );
}

/** Whole seconds from now until a time in microseconds. */
function useSecondsUntil(until: number): number {
  const secondsLeft = () => Math.ceil((until / 1_000 - Date.now()) / 1_000);
  const [left, setLeft] = useState(secondsLeft);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another time begins another count
  useEffect(() => {
    setLeft(secondsLeft());
    const ticking = setInterval(() => setLeft(secondsLeft()), TICK_MS);
    return () => clearInterval(ticking);
  }, [until]);
  return Math.min(LONGEST_WAIT_S, Math.max(0, left));
}
