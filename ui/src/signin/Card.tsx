import type { ReactNode } from 'react';
import { Avatar } from '../design/Avatar';
import { Mark } from '../design/Mark';
import styles from './Card.module.css';

interface CardProps {
  title: string;
  lead?: string;
  children: ReactNode;
  foot?: ReactNode;
}

/** The one card of every screen before the inbox. */
export function Card({ title, lead, children, foot }: CardProps) {
  return (
    <main className={styles.screen}>
      <div className={styles.card}>
        <Mark size={36} />
        <h1 className={styles.title}>{title}</h1>
        {lead ? <p className={styles.lead}>{lead}</p> : null}
        {children}
        {foot ? <p className={styles.foot}>{foot}</p> : null}
      </div>
    </main>
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
