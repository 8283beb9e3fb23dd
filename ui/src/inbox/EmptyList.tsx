import type { Connection, View } from '../bindings/protocol';
import { useKeys } from '../commands/Commands';
import type { CommandName } from '../commands/registry';
import { KeyCaps } from '../design/Keys';
import { type TextId, textIds, useText } from '../i18n/text';
import styles from './EmptyList.module.css';

const TITLES: Record<View['type'], TextId> = textIds({
  mine: 'empty-mine',
  unassigned: 'empty-unassigned',
  all: 'empty-all',
  team: 'empty-team',
  snoozed: 'empty-snoozed',
  closed: 'empty-closed',
});

/** What each empty view teaches: one key and what it does. */
const LESSON_COMMANDS: Record<View['type'], CommandName> = {
  mine: 'go.unassigned',
  unassigned: 'go.mine',
  all: 'go.closed',
  team: 'go.all',
  snoozed: 'conversation.snooze',
  closed: 'conversation.close',
};

const LESSONS: Record<View['type'], TextId> = textIds({
  mine: 'lesson-unassigned',
  unassigned: 'lesson-mine',
  all: 'lesson-closed',
  team: 'lesson-all',
  snoozed: 'lesson-snooze',
  closed: 'lesson-close',
});

interface EmptyListProps {
  view: View;
  connection: Connection;
  partial: boolean;
}

/** An empty view says why it is empty and teaches one key. */
export function EmptyList({ view, connection, partial }: EmptyListProps) {
  const t = useText();
  const sequence = useKeys(LESSON_COMMANDS[view.type])[0];
  const { bootstrap } = connection;
  if (bootstrap && !bootstrap.heads_complete) {
    return (
      <div className={styles.empty} role="status">
        <p className={styles.title}>{t('empty-loading')}</p>
        <p className="numbers">{t('empty-loading-progress', { count: bootstrap.heads })}</p>
      </div>
    );
  }
  // With a connection, what is missing is on its way.
  if (partial && connection.state !== 'offline') {
    return (
      <div className={styles.empty} role="status">
        <p className={styles.title}>{t('empty-loading')}</p>
      </div>
    );
  }
  if (partial) {
    return (
      <div className={styles.empty} role="status">
        <p className={styles.title}>{t('empty-offline')}</p>
        <p>{t('empty-offline-lead')}</p>
      </div>
    );
  }
  return (
    <div className={styles.empty} data-testid="empty-list">
      <p className={styles.title}>{t(TITLES[view.type])}</p>
      {sequence ? (
        <p className={styles.lesson}>
          <KeyCaps sequence={sequence} />
          {t(LESSONS[view.type])}
        </p>
      ) : null}
    </div>
  );
}
