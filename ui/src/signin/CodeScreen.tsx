import { useState } from 'react';
import { useReadyState } from '../app/queries';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { Whereabouts } from './Card';
import { DigitsCard, RecoveryCard } from './FactorCards';
import { useStateCommand } from './useStateCommand';

/** Asks for the second factor: six digits, or a recovery code from who has lost the authenticator. */
export function CodeScreen() {
  const t = useText();
  const { workspace } = useReadyState();
  const [byRecovery, setByRecovery] = useState(false);
  const byCode = useStateCommand('sign_in_code');
  const byRecoveryCode = useStateCommand('sign_in_recovery');
  const cancel = useStateCommand('sign_in_cancel');
  if (byRecovery) {
    return (
      <RecoveryCard check={byRecoveryCode} ask={(code) => ({ code })} onBack={() => setByRecovery(false)}>
        <Who />
      </RecoveryCard>
    );
  }
  return (
    <DigitsCard
      title={t('code-title')}
      lead={t('code-lead', { workspace: workspace?.name ?? '' })}
      check={byCode}
      ask={(code) => ({ code })}
      links={
        <>
          <Button kind="link" onPress={() => cancel.mutate({})}>
            {t('code-other-account')}
          </Button>
          <Button kind="link" onPress={() => setByRecovery(true)} testId="code-recovery">
            {t('code-recovery')}
          </Button>
        </>
      }
    >
      <Who />
    </DigitsCard>
  );
}

/** Where one is about to sign in, and as whom. */
export function Who() {
  const t = useText();
  const { workspace, account } = useReadyState();
  if (!account || !workspace) return null;
  return (
    <Whereabouts
      id={account.email}
      name={account.email}
      detail={t(workspace.private_authority ? 'sign-in-host-checked' : 'sign-in-host', {
        host: workspace.host,
      })}
    />
  );
}
