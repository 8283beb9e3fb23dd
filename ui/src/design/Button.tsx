import type { ReactNode, Ref } from 'react';
import { Button as AriaButton } from 'react-aria-components/Button';
import { useKeys, useRunCommand } from '../commands/Commands';
import { ariaKeys } from '../commands/keyLabel';
import { type CommandName, commandById } from '../commands/registry';
import { useText } from '../i18n/text';
import styles from './Button.module.css';
import { Keys } from './Keys';
import { Tip } from './Tip';

interface ButtonProps {
  children: ReactNode;
  onPress?: (() => void) | undefined;
  kind?: 'plain' | 'quiet' | 'primary' | 'note' | 'danger' | 'link';
  size?: 'control' | 'large';
  type?: 'button' | 'submit';
  label?: string | undefined;
  keys?: string | undefined;
  disabled?: boolean | undefined;
  busy?: boolean | undefined;
  wide?: boolean | undefined;
  autoFocus?: boolean | undefined;
  pressed?: boolean | undefined;
  expanded?: boolean | undefined;
  testId?: string | undefined;
  ref?: Ref<HTMLButtonElement>;
}

/** A push button. `label` names it where `children` is only an icon. */
export function Button(props: ButtonProps) {
  const { kind = 'plain', size = 'control', type = 'button' } = props;
  return (
    <AriaButton
      ref={props.ref ?? null}
      type={type}
      className={styles.button ?? ''}
      data-kind={kind}
      data-size={size}
      data-wide={props.wide || undefined}
      data-testid={props.testId}
      isDisabled={props.disabled ?? false}
      isPending={props.busy ?? false}
      autoFocus={props.autoFocus ?? false}
      onPress={() => props.onPress?.()}
      {...(props.label ? { 'aria-label': props.label } : {})}
      {...(props.pressed === undefined ? {} : { 'aria-pressed': props.pressed })}
      {...(props.expanded === undefined ? {} : { 'aria-expanded': props.expanded })}
      {...(props.keys ? { 'aria-keyshortcuts': props.keys } : {})}
    >
      {props.children}
    </AriaButton>
  );
}

interface CommandButtonProps {
  command: CommandName;
  children: ReactNode;
  kind?: ButtonProps['kind'];
  /** Names the button where `children` is only an icon; the command's title otherwise appears in the tooltip. */
  iconOnly?: boolean;
  /** Why it cannot be done; the button stays reachable and says so. */
  blocked?: string | null | undefined;
  showKeys?: boolean;
  testId?: string;
}

/** A button that calls a command and shows its key. */
export function CommandButton({
  command,
  children,
  kind = 'plain',
  iconOnly = false,
  blocked,
  showKeys = !iconOnly,
  testId,
}: CommandButtonProps) {
  const t = useText();
  const run = useRunCommand();
  const keys = useKeys(command);
  const title = t(commandById(command).title);
  return (
    <Tip text={blocked ?? title} sequence={keys[0]}>
      <AriaButton
        className={styles.button ?? ''}
        data-kind={kind}
        data-size="control"
        data-icon={iconOnly || undefined}
        data-testid={testId}
        data-blocked={blocked ? true : undefined}
        onPress={() => run(command)}
        {...(iconOnly ? { 'aria-label': title } : {})}
        {...(blocked ? { 'aria-disabled': true } : {})}
        {...(keys.length > 0 ? { 'aria-keyshortcuts': ariaKeys(keys) } : {})}
      >
        {children}
        {showKeys && !blocked ? (
          <Keys command={command} tone={kind === 'primary' ? 'accent' : undefined} />
        ) : null}
      </AriaButton>
    </Tip>
  );
}
