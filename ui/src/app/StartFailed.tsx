import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { Card, formClass, Problem } from '../signin/Card';
import { errorText } from './errors';

/** The program around the window did not answer. */
export function StartFailed({ error, onRetry }: { error: unknown; onRetry: () => void }) {
  const t = useText();
  return (
    <Card title={t('start-failed')}>
      <div className={formClass}>
        <Problem>{errorText(t, error)}</Problem>
        <Button kind="primary" size="large" wide onPress={() => onRetry()}>
          {t('try-again')}
        </Button>
      </div>
    </Card>
  );
}
