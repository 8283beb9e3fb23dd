import { ArrowLeft, Flag, MailOpen, PanelRight, Tag, UserPlus } from 'lucide-react';
import { useDirectory } from '../app/queries';
import { ui } from '../app/uiState';
import type { ConversationView } from '../bindings/protocol';
import { Button, CommandButton } from '../design/Button';
import { useNow } from '../i18n/now';
import { useLocalization } from '../i18n/text';
import { nearTime } from '../i18n/time';
import styles from './ConversationPane.module.css';
import { denialOf } from './denials';

/** Whom one speaks with and what can be done, each with its key. */
export function ConversationHeader({ view, contactName }: { view: ConversationView; contactName: string }) {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const { teamName } = useDirectory();
  const { head } = view;
  const team = head.team_assignee_id ? teamName(head.team_assignee_id) : undefined;
  const icon = { size: 15, strokeWidth: 1.75, 'aria-hidden': true as const };
  return (
    <header className={styles.header}>
      <span className={styles.back}>
        <Button kind="quiet" label={t('back-to-list')} onPress={() => ui.select(null)}>
          <ArrowLeft {...icon} />
        </Button>
      </span>
      <h1 className={styles.name}>
        <bdi>{contactName}</bdi>
      </h1>
      <span className={styles.subject}>
        <bdi>{head.title ?? team}</bdi>
      </span>
      {head.state === 'snoozed' && head.snoozed_until !== null ? (
        <span className={styles.state}>
          {t('snoozed-until', { until: nearTime(locale, head.snoozed_until, nowMs) })}
        </span>
      ) : null}
      {head.state === 'closed' ? <span className={styles.state}>{t('state-closed')}</span> : null}
      <div className={styles.tools}>
        <CommandButton
          command="conversation.assign"
          kind="quiet"
          iconOnly
          blocked={denialOf(t, view, 'conversation_assign')}
          testId="action-assign"
        >
          <UserPlus {...icon} />
        </CommandButton>
        <span className={styles.optional}>
          <CommandButton
            command="conversation.priority"
            kind="quiet"
            iconOnly
            blocked={denialOf(t, view, 'conversation_prioritize')}
            testId="action-priority"
          >
            <Flag {...icon} />
          </CommandButton>
          <CommandButton
            command="conversation.tag"
            kind="quiet"
            iconOnly
            blocked={denialOf(t, view, 'conversation_tag_add')}
            testId="action-tag"
          >
            <Tag {...icon} />
          </CommandButton>
          <CommandButton command="conversation.unread" kind="quiet" iconOnly testId="action-unread">
            <MailOpen {...icon} />
          </CommandButton>
        </span>
        <CommandButton
          command="conversation.snooze"
          blocked={denialOf(t, view, 'conversation_snooze')}
          testId="action-snooze"
        >
          {t('action-snooze')}
        </CommandButton>
        {head.state === 'open' ? (
          <CommandButton
            command="conversation.close"
            blocked={denialOf(t, view, 'conversation_close')}
            testId="action-close"
          >
            {t('action-close')}
          </CommandButton>
        ) : (
          <CommandButton
            command="conversation.open"
            blocked={denialOf(t, view, 'conversation_open')}
            testId="action-open"
          >
            {t('action-open')}
          </CommandButton>
        )}
        <CommandButton command="details.toggle" kind="quiet" iconOnly testId="toggle-details">
          <PanelRight {...icon} />
        </CommandButton>
      </div>
    </header>
  );
}
