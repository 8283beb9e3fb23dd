import { useId } from 'react';
import styles from './ChoiceGroup.module.css';

interface ChoiceGroupProps<T extends string> {
  title: string;
  hint?: string;
  value: T;
  choices: readonly { value: T; label: string; hint?: string }[];
  onChange: (value: T) => void;
}

/** One of a few. */
export function ChoiceGroup<T extends string>({
  title,
  hint,
  value,
  choices,
  onChange,
}: ChoiceGroupProps<T>) {
  const id = useId();
  return (
    <fieldset className={styles.group}>
      <legend className={styles.title}>{title}</legend>
      {hint ? <p className={styles.hint}>{hint}</p> : null}
      <div className={styles.choices}>
        {choices.map((choice) => (
          <label key={choice.value} className={styles.choice}>
            <input
              type="radio"
              name={id}
              value={choice.value}
              checked={choice.value === value}
              onChange={() => onChange(choice.value)}
            />
            <span>
              {choice.label}
              {choice.hint ? <span className={styles.choiceHint}>{choice.hint}</span> : null}
            </span>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface SeveralOfProps<T extends string> {
  title: string;
  values: readonly T[];
  choices: readonly { value: T; label: string }[];
  onChange: (values: readonly T[]) => void;
}

/** Any number of a few. */
export function SeveralOf<T extends string>({ title, values, choices, onChange }: SeveralOfProps<T>) {
  return (
    <fieldset className={styles.group}>
      <legend className={styles.title}>{title}</legend>
      <div className={styles.choices}>
        {choices.map(({ value, label }) => (
          <label key={value} className={styles.choice}>
            <input
              type="checkbox"
              checked={values.includes(value)}
              onChange={(event) =>
                onChange(event.target.checked ? [...values, value] : values.filter((it) => it !== value))
              }
            />
            <bdi>{label}</bdi>
          </label>
        ))}
      </div>
    </fieldset>
  );
}

interface SwitchProps {
  title: string;
  hint: string;
  checked: boolean;
  onChange: (checked: boolean) => void;
  testId?: string;
}

/** On or off. */
export function Toggle({ title, hint, checked, onChange, testId }: SwitchProps) {
  const id = useId();
  return (
    <div className={styles.toggle}>
      <label className={styles.choice}>
        <input
          type="checkbox"
          checked={checked}
          aria-describedby={id}
          data-testid={testId}
          onChange={(event) => onChange(event.target.checked)}
        />
        <span className={styles.title}>{title}</span>
      </label>
      <p id={id} className={styles.toggleHint}>
        {hint}
      </p>
    </div>
  );
}
