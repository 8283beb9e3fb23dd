import { type KeyboardEvent, type PointerEvent, useRef } from 'react';
import { clampWidth, PANES, type PaneName } from './panes';
import styles from './Splitter.module.css';

interface SplitterProps {
  pane: PaneName;
  width: number;
  label: string;
  /** The pane lies after the splitter, so that it grows towards the start. */
  after?: boolean;
  onResize: (width: number) => void;
  onDone: (width: number) => void;
}

const STEP = 16;

/** The edge of a pane: dragged, or moved by the arrow keys. */
export function Splitter({ pane, width, label, after = false, onResize, onDone }: SplitterProps) {
  const start = useRef<{ x: number; width: number } | null>(null);
  const last = useRef(width);
  const set = (wanted: number) => {
    last.current = clampWidth(pane, wanted);
    onResize(last.current);
  };
  const down = (event: PointerEvent<HTMLHRElement>) => {
    event.currentTarget.setPointerCapture(event.pointerId);
    start.current = { x: event.clientX, width };
  };
  const move = (event: PointerEvent) => {
    if (!start.current) return;
    const moved = event.clientX - start.current.x;
    set(start.current.width + (after ? -moved : moved));
  };
  const up = () => {
    if (!start.current) return;
    start.current = null;
    onDone(last.current);
  };
  const key = (event: KeyboardEvent) => {
    const step = event.key === 'ArrowRight' ? STEP : event.key === 'ArrowLeft' ? -STEP : 0;
    if (step === 0) return;
    event.preventDefault();
    set(width + (after ? -step : step));
    onDone(last.current);
  };
  return (
    <hr
      className={styles.splitter}
      aria-orientation="vertical"
      aria-label={label}
      aria-valuenow={width}
      aria-valuemin={PANES[pane].smallest}
      aria-valuemax={PANES[pane].largest}
      tabIndex={0}
      onPointerDown={down}
      onPointerMove={move}
      onPointerUp={up}
      onPointerCancel={up}
      onDoubleClick={() => onDone(PANES[pane].initial)}
      onKeyDown={key}
    />
  );
}
