import { type ReactNode, useState } from 'react';
import { useReadyState } from '../app/queries';
import type { EnrolmentState } from '../bindings/protocol';
import { Button } from '../design/Button';
import { type TextId, textIds, useText } from '../i18n/text';
import { Who } from './CodeScreen';
import { EnrolAuthenticator, EnrolCodes } from './EnrolAuthenticator';
import { EnrolPassword } from './EnrolPassword';
import { DigitsCard, RecoveryCard } from './FactorCards';
import { useStateCommand } from './useStateCommand';
import { VaultUnlockScreen } from './VaultScreens';

const LEAVE: Record<EnrolmentState['kind'], TextId> = textIds({
  invitation: 'enrol-later',
  password_reset: 'enrol-cancel',
  account_reset: 'enrol-cancel',
  own_authenticator: 'enrol-own-leave',
  unknown: 'enrol-cancel',
});

/** Goes through a personal link: password, authenticator, recovery codes. */
export function EnrolScreen() {
  const { enrolment, secret_storage } = useReadyState();
  // The session that begins in the end needs somewhere to be kept; the first stage asks for that by itself.
  const isBefore = enrolment?.stage === 'authenticator' || enrolment?.stage === 'code';
  if (isBefore && secret_storage === 'vault_locked') return <VaultUnlockScreen />;
  switch (enrolment?.stage) {
    case 'password':
      return <EnrolPassword enrolment={enrolment} />;
    case 'authenticator':
      return <EnrolAuthenticator enrolment={enrolment} />;
    case 'code':
      return <EnrolFactor />;
    case 'recovery_codes':
      return <EnrolCodes enrolment={enrolment} />;
    case undefined:
      return null;
  }
}

/** Shows the authenticator that stays, or one of its recovery codes. */
function EnrolFactor() {
  const t = useText();
  const [byRecovery, setByRecovery] = useState(false);
  const check = useStateCommand('enrolment_code');
  const back = useStateCommand('enrolment_back');
  const step = { number: 2, of: 2 };
  if (byRecovery) {
    return (
      <RecoveryCard
        check={check}
        ask={(code) => ({ code, recovery: true })}
        onBack={() => setByRecovery(false)}
        step={step}
      >
        <Who />
      </RecoveryCard>
    );
  }
  return (
    <DigitsCard
      title={t('enrol-factor-title')}
      lead={t('enrol-factor-lead')}
      check={check}
      ask={(code) => ({ code, recovery: false })}
      step={step}
      links={
        <>
          <Button kind="link" onPress={() => back.mutate({})} testId="enrol-back">
            {t('enrol-back')}
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

/** Leaves the link as it is, to be gone on with later. */
export function LeaveLink({ kind }: { kind: EnrolmentState['kind'] }): ReactNode {
  const t = useText();
  const cancel = useStateCommand('enrolment_cancel');
  return (
    <Button kind="link" onPress={() => cancel.mutate({})} testId="enrol-cancel">
      {t(LEAVE[kind] ?? LEAVE.unknown)}
    </Button>
  );
}
