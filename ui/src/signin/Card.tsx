import type { ReactNode, Ref } from 'react';
import { Avatar } from '../design/Avatar';
import { Mark } from '../design/Mark';
import { useText } from '../i18n/text';
import styles from './Card.module.css';

interface CardProps {
  title: string;
  lead?: string;
  children: ReactNode;
  foot?: ReactNode;
  /** Stands beside the mark: how far one is. */
  above?: ReactNode;
  /** For what needs more room than a form. */
  wide?: boolean;
  titleRef?: Ref<HTMLHeadingElement>;
}

/** The one card of every screen before the inbox. */
export function Card({ title, lead, children, foot, above, wide, titleRef }: CardProps) {
  return (
    <main className={styles.screen}>
      <div className={styles.card} data-wide={wide || undefined}>
        <div className={styles.head}>
          <Mark size={36} />
          {above}
        </div>
        <h1 ref={titleRef} className={styles.title} tabIndex={titleRef ? -1 : undefined}>
          {title}
        </h1>
        {lead ? <p className={styles.lead}>{lead}</p> : null}
        {children}
        {foot ? <p className={styles.foot}>{foot}</p> : null}
      </div>
    </main>
  );
}

/** How far one is on a way of a few steps. */
export function Steps({ number, of }: { number: number; of: number }) {
  const t = useText();
  const steps = Array.from({ length: of }, (_, index) => index + 1);
  return (
    <div className={styles.steps} data-testid="steps">
      <span>{t('enrol-step', { number, of })}</span>
      <span className={styles.stepMarks} aria-hidden="true">
        {steps.map((step) => (
          <span key={step} data-on={step <= number || undefined} />
        ))}
      </span>
    </div>
  );
}

/** Where one is about to sign in, or as whom. */
export function Whereabouts({ id, name, detail }: { id: string; name: string; detail: string }) {
  return (
    <div className={styles.where}>
      <Avatar id={id} name={name} size={26} />
      <div className={styles.whereText}>
        <p className={styles.whereName}>{name}</p>
        <p className={styles.whereDetail}>{detail}</p>
      </div>
    </div>
  );
}

export function Links({ children }: { children: ReactNode }) {
  return <div className={styles.links}>{children}</div>;
}

export function Problem({ children }: { children: ReactNode }) {
  return (
    <p className={styles.problem} role="alert" data-testid="sign-in-problem">
      {children}
    </p>
  );
}

/** Why one is asked to sign in, where that was not one's own doing. */
export function Notice({ children }: { children: ReactNode }) {
  return (
    <p className={styles.notice} role="status" data-testid="sign-in-notice">
      {children}
    </p>
  );
}

export const formClass = styles.form;
