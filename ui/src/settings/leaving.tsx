import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useEffect,
  useId,
  useRef,
  useState,
} from 'react';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import styles from './SettingsDialog.module.css';

interface Leaving {
  /** Says what would be lost, or that nothing would. */
  hold: (loss: string | null) => void;
  /** Does what takes the shown away, after a question where something would be lost. */
  leave: (go: () => void) => void;
}

const LeavingContext = createContext<Leaving>({ hold: () => {}, leave: (go) => go() });

/** Whatever takes away what is shown goes through this. */
export const useLeave = () => useContext(LeavingContext).leave;

/** Has a question asked before what is shown is taken away: `loss` says what cannot be had again. */
export function useHeld(loss: string | null) {
  const { hold } = useContext(LeavingContext);
  useEffect(() => {
    hold(loss);
    return () => hold(null);
  }, [hold, loss]);
}

interface LeavingProps {
  children: (leave: Leaving['leave'], question: ReactNode) => ReactNode;
}

/** Asks before something goes that is shown only once. */
export function LeavingQuestion({ children }: LeavingProps) {
  const t = useText();
  const id = useId();
  const held = useRef<string | null>(null);
  const [asked, setAsked] = useState<{ loss: string; go: () => void; from: Element | null } | null>(null);
  const hold = useCallback((loss: string | null) => {
    held.current = loss;
    // What is kept by now, or gone, is asked about no more.
    if (loss === null) setAsked(null);
  }, []);
  const leave = useCallback((go: () => void) => {
    if (held.current === null) go();
    else {
      const loss = held.current;
      setAsked((before) => ({ loss, go, from: before?.from ?? document.activeElement }));
    }
  }, []);
  const [leaving] = useState<Leaving>({ hold, leave });
  const stay = () => {
    setAsked(null);
    if (asked?.from instanceof HTMLElement) asked.from.focus();
  };
  const question = asked ? (
    // biome-ignore lint/a11y/useSemanticElements: a question with its two answers is no set of form fields
    <div className={styles.leaving} role="group" aria-labelledby={id} data-testid="leaving">
      <p id={id} role="alert">
        {asked.loss}
      </p>
      <Button autoFocus onPress={stay} testId="leaving-stay">
        {t('leaving-stay')}
      </Button>
      <Button
        kind="danger"
        testId="leaving-go"
        onPress={() => {
          held.current = null;
          setAsked(null);
          asked.go();
        }}
      >
        {t('leaving-go')}
      </Button>
    </div>
  ) : null;
  return <LeavingContext value={leaving}>{children(leave, question)}</LeavingContext>;
}
