import {
  CircleCheck,
  CircleDashed,
  Clock,
  Inbox,
  type LucideIcon,
  Send,
  Settings,
  User,
  Users,
} from 'lucide-react';
import type { KeyboardEvent } from 'react';
import { useSidebar } from '../app/queries';
import { ui, useUi } from '../app/uiState';
import type { View, ViewCount } from '../bindings/protocol';
import { useKeys } from '../commands/Commands';
import type { CommandName } from '../commands/registry';
import { Tip } from '../design/Tip';
import { useLocalization, useText } from '../i18n/text';
import styles from './Sidebar.module.css';
import { sameView, viewKey, viewTitle } from './views';

const ICONS: Record<View['type'], LucideIcon> = {
  mine: User,
  unassigned: CircleDashed,
  all: Inbox,
  team: Users,
  snoozed: Clock,
  closed: CircleCheck,
};

const COMMANDS: Partial<Record<View['type'], CommandName>> = {
  mine: 'go.mine',
  unassigned: 'go.unassigned',
  all: 'go.all',
  snoozed: 'go.snoozed',
  closed: 'go.closed',
};

/** The views with their counts. */
export function Sidebar() {
  const t = useText();
  const { data } = useSidebar();
  const page = useUi((state) => state.page);
  const view = useUi((state) => state.view);
  const views = data?.views ?? [];
  const teams = views.filter((entry) => entry.view.type === 'team');
  const others = views.filter((entry) => entry.view.type !== 'team');
  const item = (entry: ViewCount) => (
    <ViewItem
      key={viewKey(entry.view)}
      entry={entry}
      current={page === 'inbox' && sameView(entry.view, view)}
    />
  );
  const waiting = data?.queued ?? 0;
  const refused = data?.refused ?? 0;

  return (
    <nav
      className={styles.sidebar}
      aria-label={t('pane-sidebar')}
      data-pane="sidebar"
      onKeyDown={moveByArrow}
    >
      <div className={styles.scroll}>
        <ul>{others.map(item)}</ul>
        {teams.length > 0 ? (
          <>
            <h2 className={styles.heading}>{t('sidebar-teams')}</h2>
            <ul>{teams.map(item)}</ul>
          </>
        ) : null}
      </div>
      <ul className={styles.foot}>
        <li>
          <button
            type="button"
            className={styles.item}
            aria-current={page === 'outbox' ? 'page' : undefined}
            data-testid="sidebar-outbox"
            onClick={() => ui.showOutbox()}
          >
            <Send size={15} strokeWidth={1.75} aria-hidden="true" />
            <span className={styles.name}>{t('outbox-title')}</span>
            {refused + waiting > 0 ? (
              <span className={styles.count} data-tone={refused > 0 ? 'failed' : 'waiting'}>
                {refused + waiting}
              </span>
            ) : null}
          </button>
        </li>
        <li>
          <button
            type="button"
            className={styles.item}
            data-testid="sidebar-settings"
            onClick={() => ui.open({ type: 'settings' })}
          >
            <Settings size={15} strokeWidth={1.75} aria-hidden="true" />
            <span className={styles.name}>{t('settings-title')}</span>
          </button>
        </li>
      </ul>
    </nav>
  );
}

function ViewItem({ entry, current }: { entry: ViewCount; current: boolean }) {
  const { t, locale } = useLocalization();
  const { view } = entry;
  const Icon = ICONS[view.type];
  const command = COMMANDS[view.type];
  const title = viewTitle(t, view, entry.team_name);
  const sequence = useKeys(command ?? 'go.team')[0];
  const button = (
    <button
      type="button"
      className={styles.item}
      aria-current={current ? 'page' : undefined}
      data-unread={entry.unread > 0 || undefined}
      data-testid={`sidebar-view-${viewKey(view)}`}
      onClick={() => ui.showView(view)}
    >
      <Icon size={15} strokeWidth={1.75} aria-hidden="true" />
      <span className={styles.name}>
        <bdi>{title}</bdi>
      </span>
      {entry.count !== null && entry.count > 0 ? (
        <span className={styles.count}>{entry.count.toLocaleString(locale)}</span>
      ) : null}
      {entry.unread > 0 ? (
        <span className="offscreen">{t('sidebar-unread', { count: entry.unread })}</span>
      ) : null}
    </button>
  );
  return (
    <li>
      {command ? (
        <Tip text={title} sequence={sequence} plain>
          {button}
        </Tip>
      ) : (
        button
      )}
    </li>
  );
}

/** Up and down walk through the views while one of them has the focus. */
function moveByArrow(event: KeyboardEvent<HTMLElement>) {
  if (event.key !== 'ArrowDown' && event.key !== 'ArrowUp') return;
  const buttons = [...event.currentTarget.querySelectorAll<HTMLButtonElement>('button')];
  const index = buttons.indexOf(document.activeElement as HTMLButtonElement);
  const next = buttons[index + (event.key === 'ArrowDown' ? 1 : -1)];
  if (index < 0 || !next) return;
  event.preventDefault();
  next.focus();
}
