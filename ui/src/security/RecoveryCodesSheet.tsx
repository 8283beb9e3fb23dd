import { useMutation } from '@tanstack/react-query';
import { useEffect, useState } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { copy } from '../conversation/copy';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { useHeld } from '../settings/leaving';
import styles from './Security.module.css';

interface RecoveryCodesSheetProps {
  codes: readonly string[];
  /** They are kept. */
  onDone: () => void;
  busy?: boolean;
  /** On a card of its own, what leads on stands below. */
  large?: boolean;
}

/** Recovery codes as they are shown this once, to be copied, saved or printed. */
export function RecoveryCodesSheet({ codes, onDone, busy = false, large = false }: RecoveryCodesSheetProps) {
  const t = useText();
  const host = useHost();
  const [kept, setKept] = useState(false);
  const save = useMutation({
    mutationFn: (codes: string[]) => host.invoke('recovery_codes_save', { codes }),
  });
  useHeld(kept || save.data ? null : t('recovery-lost'));
  const done = (
    <Button
      kind="primary"
      size={large ? 'large' : 'control'}
      wide={large}
      busy={busy && !large}
      disabled={busy && large}
      onPress={onDone}
      testId="recovery-done"
    >
      {t('recovery-done')}
    </Button>
  );
  return (
    <>
      <PrintOnly />
      <ul
        className={styles.codes}
        data-large={large || undefined}
        data-print="true"
        data-testid="recovery-codes"
      >
        {codes.map((code) => (
          <li key={code}>{code}</li>
        ))}
      </ul>
      <div className={styles.actions}>
        <Button onPress={() => void copy(t, codes.join('\n')).then((is) => is && setKept(true))}>
          {t('refused-copy')}
        </Button>
        <Button busy={save.isPending} onPress={() => save.mutate([...codes])} testId="recovery-save">
          {t('recovery-save')}
        </Button>
        <Button
          onPress={() => {
            window.print();
            setKept(true);
          }}
        >
          {t('recovery-print')}
        </Button>
        {large ? null : done}
      </div>
      {save.data ? (
        <p className={styles.hint} role="status">
          {t('recovery-saved', { path: save.data.path })}
        </p>
      ) : null}
      {save.error ? (
        <p className={styles.problem} role="alert">
          {errorText(t, save.error)}
        </p>
      ) : null}
      {large ? <div className={styles.after}>{done}</div> : null}
    </>
  );
}

/** While the codes are shown, nothing else of the window is printed. */
function PrintOnly() {
  useEffect(() => {
    const root = document.documentElement;
    root.dataset.printing = 'codes';
    return () => {
      delete root.dataset.printing;
    };
  }, []);
  return null;
}
