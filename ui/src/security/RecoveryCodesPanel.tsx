import { useMutation } from '@tanstack/react-query';
import { useEffect } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { copy } from '../conversation/copy';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { Panel } from './Panel';
import styles from './Security.module.css';
import { StepUp, wantsStepUp } from './StepUp';

interface RecoveryCodesPanelProps {
  onMade: () => void;
  onBack: () => void;
}

/** Makes recovery codes and shows them this once, to be copied, saved or printed. */
export function RecoveryCodesPanel({ onMade, onBack }: RecoveryCodesPanelProps) {
  const t = useText();
  const host = useHost();
  const make = useMutation({
    mutationFn: () => host.invoke('recovery_codes_make', {}),
    onSuccess: onMade,
  });
  const save = useMutation({
    mutationFn: (codes: string[]) => host.invoke('recovery_codes_save', { codes }),
  });
  const codes = make.data?.codes;
  return (
    <Panel
      title={t('recovery-title')}
      lead={t(codes ? 'recovery-made-lead' : 'recovery-lead')}
      onBack={onBack}
      testId="recovery-panel"
    >
      {codes ? (
        <>
          <PrintOnly />
          <ul className={styles.codes} data-print="true" data-testid="recovery-codes">
            {codes.map((code) => (
              <li key={code}>{code}</li>
            ))}
          </ul>
          <div className={styles.actions}>
            <Button onPress={() => void copy(t, codes.join('\n'))}>{t('refused-copy')}</Button>
            <Button busy={save.isPending} onPress={() => save.mutate(codes)} testId="recovery-save">
              {t('recovery-save')}
            </Button>
            <Button onPress={() => window.print()}>{t('recovery-print')}</Button>
            <Button kind="primary" onPress={onBack} testId="recovery-done">
              {t('recovery-done')}
            </Button>
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
        </>
      ) : wantsStepUp(make.error) ? (
        <StepUp onDone={() => make.mutate()} />
      ) : (
        <div className={styles.form}>
          {make.error ? (
            <p className={styles.problem} role="alert">
              {errorText(t, make.error)}
            </p>
          ) : null}
          <div>
            {/* Not busy: what is announced of a button that waits refers to it, and this one goes with its answer. */}
            <Button
              kind="primary"
              disabled={make.isPending}
              onPress={() => make.mutate()}
              testId="recovery-make"
            >
              {t('recovery-make')}
            </Button>
          </div>
        </div>
      )}
    </Panel>
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
