import { useMutation } from '@tanstack/react-query';
import { useEffect, useRef } from 'react';
import { errorText } from '../app/errors';
import { useHost } from '../app/host';
import type { EnrolmentState } from '../bindings/protocol';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { AuthenticatorSecret } from '../security/AuthenticatorSecret';
import { RecoveryCodesSheet } from '../security/RecoveryCodesSheet';
import { CodeForm } from '../security/StepUp';
import { Card, formClass, Links, Problem, Steps } from './Card';
import { LeaveLink } from './EnrolScreen';
import { useStateCommand } from './useStateCommand';

interface EnrolStageProps {
  enrolment: EnrolmentState;
}

/** Who comes by a link has chosen a password first. */
const isOwn = ({ kind }: EnrolmentState) => kind === 'own_authenticator';

/** Shows a new authenticator's key, and asks for a code of it. */
export function EnrolAuthenticator({ enrolment }: EnrolStageProps) {
  const t = useText();
  const host = useHost();
  const setup = useMutation({ mutationFn: () => host.invoke('authenticator_setup', {}) });
  const complete = useStateCommand('enrolment_code');
  const back = useStateCommand('enrolment_back');
  const { mutate } = setup;
  const own = isOwn(enrolment);
  useEffect(() => mutate(), [mutate]);
  return (
    <Card
      title={t(own ? 'enrol-own-title' : 'enrol-authenticator-title')}
      lead={t(own ? 'enrol-own-lead' : 'enrol-authenticator-lead')}
      above={own ? <Steps number={1} of={2} /> : <Steps number={2} of={3} />}
      wide
    >
      <div data-testid="enrol-authenticator">
        {setup.error ? <Problem>{errorText(t, setup.error)}</Problem> : null}
        {setup.data ? (
          <AuthenticatorSecret setup={setup.data} lead={t('enrol-authenticator-scan')} />
        ) : setup.error ? null : (
          <p role="status">{t('security-loading')}</p>
        )}
        <CodeForm
          lead={t('authenticator-code-lead')}
          submit={t(complete.isPending ? 'code-busy' : 'enrol-authenticator-submit')}
          busy={complete.isPending}
          error={complete.error}
          onCode={(code) => complete.mutate({ code, recovery: false })}
          testId="enrol-code"
          large
        />
        <div className={formClass}>
          <Links>
            {own ? null : (
              <Button kind="link" onPress={() => back.mutate({})} testId="enrol-back">
                {t('enrol-back')}
              </Button>
            )}
            <LeaveLink kind={enrolment.kind} />
          </Links>
        </div>
      </div>
    </Card>
  );
}

/** Shows the recovery codes this once, and leads on into the inbox. */
export function EnrolCodes({ enrolment }: EnrolStageProps) {
  const t = useText();
  const host = useHost();
  const title = useRef<HTMLHeadingElement>(null);
  const make = useMutation({ mutationFn: () => host.invoke('recovery_codes_make', {}) });
  const finish = useStateCommand('enrolment_finish');
  const { mutate } = make;
  useEffect(() => {
    mutate();
    // Nothing here is typed into, so whoever hears the screen begins at its top.
    title.current?.focus();
  }, [mutate]);
  const failure = make.error ?? finish.error;
  return (
    <Card
      title={t('enrol-codes-title')}
      lead={t('enrol-codes-lead')}
      above={isOwn(enrolment) ? <Steps number={2} of={2} /> : <Steps number={3} of={3} />}
      titleRef={title}
      wide
    >
      <div data-testid="enrol-codes">
        {make.data ? (
          <RecoveryCodesSheet
            codes={make.data.codes}
            busy={finish.isPending}
            onDone={() => finish.mutate({})}
            large
          />
        ) : make.error ? null : (
          <p role="status">{t('security-loading')}</p>
        )}
        {failure ? (
          <div className={formClass}>
            <Problem>{errorText(t, failure)}</Problem>
            {make.error ? (
              <>
                <Button kind="primary" size="large" wide onPress={() => mutate()} testId="enrol-codes-again">
                  {t('enrol-codes-again')}
                </Button>
                <Links>
                  <Button kind="link" onPress={() => finish.mutate({})} testId="enrol-codes-later">
                    {t('enrol-codes-later')}
                  </Button>
                </Links>
              </>
            ) : null}
          </div>
        ) : null}
      </div>
    </Card>
  );
}
