import { X } from 'lucide-react';
import { useEffect, useState } from 'react';
import { type Toast, type Undo, ui, useUi } from '../app/uiState';
import { useText } from '../i18n/text';
import { Button } from './Button';
import { Keys } from './Keys';
import styles from './Toasts.module.css';

const SHOWN_MS = 7_000;

/** What was just done or could not be done. Goes by itself, but not while it is pointed at or holds the focus; what
 * can be undone can still be undone afterwards. */
export function Toasts({ onUndo }: { onUndo: (undo: Undo) => void }) {
  const t = useText();
  const toasts = useUi((state) => state.toasts);
  return (
    <section className={styles.region} aria-label={t('toasts-label')}>
      {toasts.map((toast) => (
        <ToastLine key={toast.id} toast={toast} onUndo={onUndo} />
      ))}
    </section>
  );
}

function ToastLine({ toast, onUndo }: { toast: Toast; onUndo: (undo: Undo) => void }) {
  const t = useText();
  const [held, setHeld] = useState(false);
  const { id, undo, tone } = toast;
  useEffect(() => {
    if (held) return;
    const timer = setTimeout(() => ui.dismiss(id), SHOWN_MS);
    return () => clearTimeout(timer);
  }, [held, id]);
  return (
    // biome-ignore lint/a11y/noStaticElementInteractions: pointing only keeps it from going
    <div
      className={styles.toast}
      data-tone={tone}
      data-testid="toast"
      role={tone === 'failed' ? 'alert' : 'status'}
      onPointerEnter={() => setHeld(true)}
      onPointerLeave={() => setHeld(false)}
      onFocus={() => setHeld(true)}
      onBlur={() => setHeld(false)}
    >
      <span className={styles.text}>{toast.text}</span>
      {undo ? (
        <Button kind="link" onPress={() => onUndo(undo)} testId="toast-undo">
          {t('undo')}
          <Keys command="action.undo" />
        </Button>
      ) : null}
      <Button kind="quiet" label={t('dismiss')} onPress={() => ui.dismiss(id)}>
        <X size={14} strokeWidth={1.75} aria-hidden="true" />
      </Button>
    </div>
  );
}
