import type { DOMAttributes, ReactElement } from 'react';
import { Focusable } from 'react-aria-components/Focusable';
import { Tooltip, TooltipTrigger } from 'react-aria-components/Tooltip';
import { KeyCaps } from './Keys';
import styles from './Tip.module.css';

interface TipProps {
  text: string;
  sequence?: string | undefined;
  /** The child is a plain element rather than one of React Aria's. */
  plain?: boolean;
  children: ReactElement;
}

/** A tooltip that shows what a control does and its key. It stays while the pointer is on it and goes with Esc. */
export function Tip({ text, sequence, plain = false, children }: TipProps) {
  return (
    <TooltipTrigger delay={500} closeDelay={80}>
      {plain ? (
        <Focusable>{children as ReactElement<DOMAttributes<HTMLElement>, string>}</Focusable>
      ) : (
        children
      )}
      <Tooltip className={styles.tip ?? ''} offset={6}>
        <span>{text}</span>
        {sequence ? <KeyCaps sequence={sequence} /> : null}
      </Tooltip>
    </TooltipTrigger>
  );
}
