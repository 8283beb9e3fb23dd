import { useKeys } from '../commands/Commands';
import { keyCaps } from '../commands/keyLabel';
import type { CommandName } from '../commands/registry';
import styles from './Keys.module.css';

/** Key caps of one sequence. Decoration: the control beside it carries `aria-keyshortcuts`. */
export function KeyCaps({ sequence, tone }: { sequence: string; tone?: 'accent' | undefined }) {
  return (
    <span className={styles.keys} data-tone={tone} aria-hidden="true">
      {keyCaps(sequence).map((caps, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the presses of a sequence have no other identity
        <kbd key={index} className={styles.cap}>
          {caps}
        </kbd>
      ))}
    </span>
  );
}

/** The first key of a command, or nothing if it has none. */
export function Keys({ command, tone }: { command: CommandName; tone?: 'accent' | undefined }) {
  const first = useKeys(command)[0];
  return first ? <KeyCaps sequence={first} tone={tone} /> : null;
}
