import { Eye, EyeOff } from 'lucide-react';
import { type Ref, useState } from 'react';
import { Button } from '../design/Button';
import { Field } from '../design/Field';
import { type TextId, textIds, useText } from '../i18n/text';

const TOGGLE = {
  password: textIds({ show: 'sign-in-show-password', hide: 'sign-in-hide-password' }),
  passphrase: textIds({ show: 'vault-show-passphrase', hide: 'vault-hide-passphrase' }),
} satisfies Record<string, Record<'show' | 'hide', TextId>>;

interface SecretFieldProps {
  kind: keyof typeof TOGGLE;
  label: string;
  value: string;
  onChange: (value: string) => void;
  autoComplete: 'current-password' | 'new-password';
  autoFocus?: boolean;
  hint?: string | undefined;
  error?: string | null | undefined;
  testId: string;
  ref?: Ref<HTMLInputElement>;
}

/** A field for something secret, which can be looked at. */
export function SecretField({ kind, ...field }: SecretFieldProps) {
  const t = useText();
  const [shown, setShown] = useState(false);
  return (
    <Field
      {...field}
      type={shown ? 'text' : 'password'}
      end={
        <Button
          kind="quiet"
          label={t(shown ? TOGGLE[kind].hide : TOGGLE[kind].show)}
          pressed={shown}
          onPress={() => setShown(!shown)}
        >
          {shown ? <EyeOff size={15} strokeWidth={1.75} /> : <Eye size={15} strokeWidth={1.75} />}
        </Button>
      }
    />
  );
}
