import { type Ref, useState } from 'react';
import { useText } from '../i18n/text';
import styles from './CodeInput.module.css';

const DIGITS = 6;

interface CodeInputProps {
  value: string;
  onChange: (digits: string) => void;
  invalid: boolean;
  describedBy?: string | undefined;
  ref: Ref<HTMLInputElement>;
}

/** Keeps the digits of what was typed or pasted: "407 128", "407-128", in any script's digits. */
export function digitsOf(text: string): string {
  return text.normalize('NFKC').replace(/\D/g, '').slice(0, DIGITS);
}

/** Six boxes over one real field, so that paste, autofill and password managers work. */
export function CodeInput({ value, onChange, invalid, describedBy, ref }: CodeInputProps) {
  const t = useText();
  const [focused, setFocused] = useState(false);
  return (
    <div className={styles.code} data-invalid={invalid || undefined}>
      <input
        ref={ref}
        className={styles.input}
        aria-label={t('code-label')}
        aria-describedby={describedBy}
        aria-invalid={invalid || undefined}
        type="text"
        inputMode="numeric"
        name="one-time-code"
        autoComplete="one-time-code"
        pattern="[0-9 ]*"
        // biome-ignore lint/a11y/noAutofocus: the only field of this screen
        autoFocus
        value={value}
        data-testid="code-input"
        onFocus={() => setFocused(true)}
        onBlur={() => setFocused(false)}
        onChange={(event) => onChange(digitsOf(event.target.value))}
        onPaste={(event) => {
          const digits = digitsOf(event.clipboardData.getData('text'));
          if (digits === '') return;
          event.preventDefault();
          onChange(digits);
        }}
      />
      <div className={styles.boxes} aria-hidden="true">
        {[0, 1, 2, 3, 4, 5].map((index) => (
          <span
            key={index}
            className={styles.box}
            data-current={(focused && index === Math.min(value.length, DIGITS - 1)) || undefined}
            data-caret={(focused && index === value.length) || undefined}
          >
            {value[index] ?? ''}
          </span>
        ))}
      </div>
    </div>
  );
}
