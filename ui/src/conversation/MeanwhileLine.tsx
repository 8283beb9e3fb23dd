import { useDirectory, useReadyState } from '../app/queries';
import type { CommandName } from '../commands/registry';
import { commandById } from '../commands/registry';
import { CommandButton } from '../design/Button';
import { useNow } from '../i18n/now';
import { type TextId, textIds, useLocalization } from '../i18n/text';
import { nearTime } from '../i18n/time';
import styles from './MeanwhileLine.module.css';
import type { Deed } from './meanwhile';

const TEXTS: Record<string, TextId> = textIds({
  comment: 'meanwhile-replied',
  note: 'meanwhile-note',
  close: 'meanwhile-close',
  open: 'meanwhile-open',
  snoozed: 'meanwhile-snoozed',
  assignment: 'meanwhile-unassigned',
  priority_changed: 'meanwhile-priority-off',
  tag_added: 'meanwhile-tag-added',
  tag_removed: 'meanwhile-tag-removed',
});

const FIRST: { id: TextId } = textIds({ id: 'meanwhile-priority-on' });

const ASSIGNED = textIds({
  me: 'meanwhile-assigned-me',
  self: 'meanwhile-assigned-self',
  other: 'meanwhile-assigned',
  team: 'meanwhile-assigned-team',
});

/** That a colleague acted while something of mine waited, as a sentence, with the key that does it again. */
export function MeanwhileLine({ deed, redo }: { deed: Deed; redo?: CommandName | null }) {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const { teammateName, teamName } = useDirectory();
  const { account } = useReadyState();
  const to = deed.assigned_to_admin_id;
  const name = to === null ? '' : (teammateName(to) ?? t('somebody'));
  let id = TEXTS[deed.part_type] ?? TEXTS.open ?? '';
  if (deed.part_type === 'assignment') {
    if (to !== null && to === account?.teammate_id) id = ASSIGNED.me;
    else if (to !== null) id = name === deed.author_name ? ASSIGNED.self : ASSIGNED.other;
    else if (deed.assigned_to_team_id !== null) id = ASSIGNED.team;
  }
  if (deed.part_type === 'priority_changed' && deed.priority === 'priority') id = FIRST.id;
  const text = t(id, {
    author: deed.author_name ?? t('somebody'),
    teammate: name,
    team: deed.assigned_to_team_id === null ? '' : (teamName(deed.assigned_to_team_id) ?? t('view-team')),
    tag: deed.tag ?? '',
  });
  return (
    <p className={styles.line} data-testid="meanwhile">
      <span>
        {text} · <span className="numbers">{nearTime(locale, deed.created_at, nowMs)}</span>
      </span>
      {redo ? (
        <CommandButton command={redo} testId="meanwhile-redo">
          {redo === 'action.redo' ? t('meanwhile-again') : t(commandById(redo).title)}
        </CommandButton>
      ) : null}
    </p>
  );
}
