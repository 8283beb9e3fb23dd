import { Search } from 'lucide-react';
import { Fragment, type ReactNode, useState } from 'react';
import { useText } from '../i18n/text';
import { Dialog } from './Dialog';
import { matchScore } from './match';
import styles from './Picker.module.css';
import { useCombobox } from './useCombobox';

export interface PickerOption {
  id: string;
  label: string;
  /** Further words that find it. */
  keywords?: string;
  section?: string;
  icon?: ReactNode;
  hint?: ReactNode;
  /** Why it cannot be chosen now; it stays listed and says so. */
  blocked?: string | null;
  checked?: boolean;
}

interface PickerProps {
  title: string;
  placeholder: string;
  options: readonly PickerOption[];
  onChoose: (id: string, query: string) => void;
  onClose: () => void;
  /** Options that follow from what was typed, such as a new tag. */
  optionsFor?: (query: string) => readonly PickerOption[];
  emptyText?: string;
  testId?: string;
}

/** How many options are listed at most. */
const MOST_OPTIONS = 100;

/** What is listed before anything is typed: what is current and would not be among the others, the first options, and
 * the last one, which is the one for nobody where there is one. */
function atFirst(options: readonly PickerOption[]) {
  if (options.length <= MOST_OPTIONS) return { current: [], others: options };
  const current = options.slice(MOST_OPTIONS - 1, -1).filter(({ checked }) => checked);
  const first = options.slice(0, Math.max(0, MOST_OPTIONS - 1 - current.length));
  return { current, others: [...first, ...options.slice(-1)] };
}

/** A field that narrows a list while one types: the palette, and every choice that has a key. */
export function Picker(props: PickerProps) {
  const t = useText();
  const [query, setQuery] = useState('');
  const typed = query.trim();
  const found = typed === '' ? props.options : ranked(props.options, typed);
  const { current, others } =
    typed === '' ? atFirst(found) : { current: [], others: found.slice(0, MOST_OPTIONS) };
  const listed = [...current, ...others];
  const options = [...listed, ...(props.optionsFor?.(typed) ?? [])];
  const choose = (index: number) => {
    const option = options[index];
    if (option && !option.blocked) props.onChoose(option.id, typed);
  };
  // Enter chooses the same as in a shorter list, where the current one stands in its place.
  const box = useCombobox({
    count: options.length,
    first: current.length,
    resetKey: typed,
    onChoose: choose,
  });

  return (
    <Dialog title={props.title} titleHidden onClose={props.onClose} place="top">
      <div className={styles.field}>
        <Search size={15} strokeWidth={1.75} aria-hidden="true" />
        <input
          {...box.inputProps}
          role="combobox"
          aria-expanded={options.length > 0}
          aria-controls={box.inputProps['aria-controls']}
          autoFocus
          className={styles.input}
          aria-label={props.title}
          placeholder={props.placeholder}
          value={query}
          data-testid={props.testId}
          onChange={(event) => setQuery(event.target.value)}
        />
      </div>
      <div {...box.listProps} role="listbox" className={styles.list} aria-label={props.title}>
        {options.map((option, index) => {
          const heading =
            typed === '' && option.section !== options[index - 1]?.section ? option.section : null;
          return (
            <Fragment key={option.id}>
              {heading ? (
                <div className={styles.heading} role="presentation">
                  {heading}
                </div>
              ) : null}
              <div
                {...box.optionProps(index)}
                className={styles.option}
                aria-disabled={option.blocked ? true : undefined}
                data-option={option.id}
              >
                {option.icon ? <span className={styles.icon}>{option.icon}</span> : null}
                <span className={styles.label}>
                  <bdi>{option.label}</bdi>
                  {option.blocked ? <span className={styles.reason}>{option.blocked}</span> : null}
                </span>
                {option.checked ? <span className={styles.checked}>{t('picker-current')}</span> : null}
                {option.hint}
              </div>
            </Fragment>
          );
        })}
      </div>
      {listed.length < found.length ? (
        <p className={styles.empty} role="status">
          {t('picker-more', { count: found.length - listed.length })}
        </p>
      ) : null}
      {options.length === 0 ? (
        <p className={styles.empty} role="status">
          {props.emptyText ?? t('picker-nothing')}
        </p>
      ) : null}
    </Dialog>
  );
}

function ranked(options: readonly PickerOption[], query: string): PickerOption[] {
  return options
    .map((option) => ({ option, score: matchScore(`${option.label} ${option.keywords ?? ''}`, query) }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score)
    .map(({ option }) => option);
}
