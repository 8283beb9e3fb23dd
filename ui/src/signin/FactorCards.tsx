import { type FormEvent, type ReactNode, useRef, useState } from 'react';
import { errorText } from '../app/errors';
import { Button } from '../design/Button';
import { Field } from '../design/Field';
import { useText } from '../i18n/text';
import { HostFailure } from '../platform/host';
import { Card, formClass, Links, Problem, Steps } from './Card';
import { CodeInput } from './CodeInput';
import { useStorageFoot } from './useStorageFoot';

/** What checks a second factor: a command of the host. */
interface Check<Request> {
  mutate: (request: Request, options: { onError: () => void }) => void;
  reset: () => void;
  isPending: boolean;
  isError: boolean;
  error: Error | null;
}

interface FactorCardProps<Request> {
  check: Check<Request>;
  ask: (code: string) => Request;
  /** Whose second factor it is. */
  children: ReactNode;
  step?: { of: number; number: number };
}

interface DigitsCardProps<Request> extends FactorCardProps<Request> {
  title: string;
  lead: string;
  links: ReactNode;
}

/** Asks for six digits of the authenticator. */
export function DigitsCard<Request>(props: DigitsCardProps<Request>) {
  const { title, lead, check, ask, children, links, step } = props;
  const t = useText();
  const foot = useStorageFoot();
  const [code, setCode] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (check.isPending) return;
    if (code.length < 6) {
      field.current?.focus();
      return;
    }
    check.mutate(ask(code), {
      onError: () => {
        // A code is good once, so the next one is typed from the start.
        setCode('');
        field.current?.focus();
      },
    });
  };
  return (
    <Card title={title} lead={lead} foot={foot} above={step ? <Steps {...step} /> : null}>
      <form className={formClass} onSubmit={submit}>
        {children}
        <CodeInput
          ref={field}
          value={code}
          invalid={check.isError}
          onChange={(digits) => {
            setCode(digits);
            if (digits !== '') check.reset();
          }}
        />
        {check.error ? <Problem>{errorText(t, check.error)}</Problem> : null}
        <Button type="submit" kind="primary" size="large" wide busy={check.isPending} testId="code-submit">
          {t(check.isPending ? 'code-busy' : 'code-submit')}
        </Button>
        <Links>{links}</Links>
      </form>
    </Card>
  );
}

/** Asks for a recovery code in place of the six digits. */
export function RecoveryCard<Request>(props: FactorCardProps<Request> & { onBack: () => void }) {
  const { check, ask, children, step, onBack } = props;
  const t = useText();
  const foot = useStorageFoot();
  const [code, setCode] = useState('');
  const field = useRef<HTMLInputElement>(null);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (check.isPending) return;
    if (code.trim() === '') {
      field.current?.focus();
      return;
    }
    check.mutate(ask(code), {
      onError: () => {
        field.current?.focus();
        field.current?.select();
      },
    });
  };
  return (
    <Card
      title={t('recovery-sign-in-title')}
      lead={t('recovery-sign-in-lead')}
      foot={foot}
      above={step ? <Steps {...step} /> : null}
    >
      <form className={formClass} onSubmit={submit} data-testid="recovery-sign-in">
        {children}
        <Field
          ref={field}
          label={t('recovery-code-label')}
          value={code}
          onChange={(typed) => {
            setCode(typed);
            if (typed !== '') check.reset();
          }}
          autoFocus
          testId="recovery-code"
        />
        {check.error ? (
          <Problem>
            {HostFailure.from(check.error).code === 'invalid_code'
              ? t('recovery-wrong')
              : errorText(t, check.error)}
          </Problem>
        ) : null}
        <Button
          type="submit"
          kind="primary"
          size="large"
          wide
          busy={check.isPending}
          testId="recovery-submit"
        >
          {t(check.isPending ? 'code-busy' : 'code-submit')}
        </Button>
        <Links>
          <Button kind="link" onPress={onBack} testId="recovery-back">
            {t('recovery-sign-in-back')}
          </Button>
        </Links>
      </form>
    </Card>
  );
}
