import { type ReactNode, type Ref, useId } from 'react';
import styles from './Field.module.css';

interface FieldProps {
  label: string;
  value: string;
  onChange: (value: string) => void;
  type?: 'text' | 'email' | 'password' | 'url';
  autoComplete?: string;
  placeholder?: string;
  hint?: string | undefined;
  error?: string | null | undefined;
  disabled?: boolean;
  autoFocus?: boolean;
  testId?: string;
  end?: ReactNode;
  ref?: Ref<HTMLInputElement>;
}

/** A labelled line of text with a hint and, where it was refused, why. */
export function Field(props: FieldProps) {
  const id = useId();
  const described = [props.hint && `${id}-hint`, props.error && `${id}-error`].filter(Boolean).join(' ');
  return (
    <div className={styles.field}>
      <label className={styles.label} htmlFor={id}>
        {props.label}
      </label>
      <div className={styles.box} data-invalid={props.error ? true : undefined}>
        <input
          ref={props.ref}
          id={id}
          name={props.autoComplete ?? id}
          className={styles.input}
          type={props.type ?? 'text'}
          value={props.value}
          onChange={(event) => props.onChange(event.target.value)}
          autoComplete={props.autoComplete ?? 'off'}
          autoCapitalize="none"
          autoCorrect="off"
          spellCheck={false}
          placeholder={props.placeholder}
          readOnly={props.disabled}
          aria-invalid={props.error ? true : undefined}
          aria-describedby={described || undefined}
          // biome-ignore lint/a11y/noAutofocus: the first field of a screen that asks for nothing else
          autoFocus={props.autoFocus}
          data-testid={props.testId}
        />
        {props.end}
      </div>
      {props.hint ? (
        <p id={`${id}-hint`} className={styles.hint}>
          {props.hint}
        </p>
      ) : null}
      {props.error ? (
        <p id={`${id}-error`} className={styles.error} role="alert">
          {props.error}
        </p>
      ) : null}
    </div>
  );
}
