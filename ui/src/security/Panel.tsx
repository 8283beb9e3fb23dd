import { ArrowLeft } from 'lucide-react';
import type { ReactNode } from 'react';
import { Button } from '../design/Button';
import { useText } from '../i18n/text';
import { useLeave } from '../settings/leaving';
import styles from './Security.module.css';

interface PanelProps {
  title: string;
  lead?: string;
  onBack: () => void;
  testId: string;
  children: ReactNode;
}

/** One thing that is being changed, with the way back to the list. */
export function Panel({ title, lead, onBack, testId, children }: PanelProps) {
  const t = useText();
  const leave = useLeave();
  return (
    <section className={styles.panel} aria-label={title} data-testid={testId}>
      <div className={styles.panelHead}>
        <Button kind="quiet" label={t('back')} onPress={() => leave(onBack)}>
          <ArrowLeft size={15} strokeWidth={1.75} aria-hidden="true" />
        </Button>
        <h3 className={styles.panelTitle}>{title}</h3>
      </div>
      {lead ? <p className={styles.lead}>{lead}</p> : null}
      {children}
    </section>
  );
}
