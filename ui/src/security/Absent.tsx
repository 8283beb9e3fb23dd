import { errorText } from '../app/errors';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import styles from './Security.module.css';

interface AbsentProps {
  /** The question to the server that has no answer yet. */
  question: { error: unknown; isFetching: boolean; refetch: () => unknown };
  /** What is said while it is on its way. */
  loading: string;
}

/** Stands in the place of what only the server knows: that it is asked, or why it did not answer, and to ask again. */
export function Absent({ question, loading }: AbsentProps) {
  const t = useText();
  return question.error ? (
    <div className={styles.absent}>
      <p role="alert">{errorText(t, question.error)}</p>
      <Button busy={question.isFetching} onPress={() => void question.refetch()}>
        {t('try-again')}
      </Button>
    </div>
  ) : (
    <p className={styles.absent} role="status">
      {loading}
    </p>
  );
}
