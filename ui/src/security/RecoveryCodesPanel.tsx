import { useMutation } from '@tanstack/react-query';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { Panel } from './Panel';
import { RecoveryCodesSheet } from './RecoveryCodesSheet';
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
  const codes = make.data?.codes;
  return (
    <Panel
      title={t('recovery-title')}
      lead={t(codes ? 'recovery-made-lead' : 'recovery-lead')}
      onBack={onBack}
      testId="recovery-panel"
    >
      {codes ? (
        <RecoveryCodesSheet codes={codes} onDone={onBack} />
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
