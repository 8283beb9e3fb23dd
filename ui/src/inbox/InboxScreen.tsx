import { type CSSProperties, lazy, Suspense, useEffect, useState } from 'react';
import { codeText, errorText } from '../app/errors';
import { useHost } from '../app/host';
import { useReadyState, useSaveSettings } from '../app/queries';
import { ui, useUi } from '../app/uiState';
import { useCommand } from '../commands/Commands';
import { useUndo } from '../conversation/useSubmit';
import { Button } from '../design/Button';
import { Toasts } from '../design/Toasts';
import { useDark } from '../design/useDark';
import { useText } from '../i18n/text';
import { Overlays } from '../overlays/Overlays';
import { NewSignIn } from '../security/NewSignIn';
import { OwnFactorReminder } from '../security/OwnFactorReminder';
import { useStateCommand } from '../signin/useStateCommand';
import { ConversationList } from './ConversationList';
import styles from './InboxScreen.module.css';
import { focusPane, isFolded, type PaneName, paneWidth } from './panes';
import { Sidebar } from './Sidebar';
import { Splitter } from './Splitter';
import { StatusBar } from './StatusBar';
import { TopBar } from './TopBar';

// The list is what one sees first; the rest is read while it is painted.
const conversationPane = import('../conversation/ConversationPane');
const ConversationPane = lazy(async () => ({ default: (await conversationPane).ConversationPane }));
const detailsPane = import('../details/DetailsPane');
const DetailsPane = lazy(async () => ({ default: (await detailsPane).DetailsPane }));
const OutboxPage = lazy(async () => ({ default: (await import('../outbox/OutboxPage')).OutboxPage }));

/** The inbox: views, list, conversation, details. */
export function InboxScreen() {
  const t = useText();
  const { settings, problem } = useReadyState();
  const saveSettings = useSaveSettings();
  const page = useUi((state) => state.page);
  const selected = useUi((state) => state.selectedId !== null || state.left !== null);
  const hasDetails = useUi((state) => state.selectedId !== null && state.left === null);
  const undo = useUndo();
  const { layout } = settings;
  const [dragged, setDragged] = useState<Partial<Record<PaneName, number>>>({});
  const width = (pane: PaneName) => dragged[pane] ?? paneWidth(layout, pane);
  const folded = { sidebar: isFolded(layout, 'sidebar'), details: isFolded(layout, 'details') };

  const toggle = (pane: 'sidebar' | 'details') =>
    saveSettings({ layout: { ...layout, [`${pane}_folded`]: folded[pane] ? 0 : 1 } });
  const resized = (pane: PaneName, to: number) => {
    setDragged({});
    saveSettings({ layout: { ...layout, [pane]: to } });
  };
  useInboxCommands(toggle, undo);
  useFocusReport();

  const splitter = (pane: PaneName, label: string, after = false) => (
    <Splitter
      pane={pane}
      width={width(pane)}
      label={label}
      after={after}
      onResize={(to) => setDragged({ [pane]: to })}
      onDone={(to) => resized(pane, to)}
    />
  );

  const widths = {
    '--sidebar-width': `${width('sidebar')}px`,
    '--list-width': `${width('list')}px`,
    '--details-width': `${width('details')}px`,
  } as CSSProperties;

  return (
    <div className={styles.screen} style={widths} data-selected={selected || undefined} data-page={page}>
      <TopBar />
      {problem ? <ProblemBanner text={codeText(t, problem.code)} retry={problem.can_retry} /> : null}
      <NewSignIn />
      <OwnFactorReminder className={styles.reminder ?? ''} />
      <main className={styles.panes}>
        {folded.sidebar ? null : (
          <>
            <div className={styles.sidebar}>
              <Sidebar />
            </div>
            {splitter('sidebar', t('resize-sidebar'))}
          </>
        )}
        {page === 'outbox' ? (
          <div className={styles.main}>
            <Suspense fallback={null}>
              <OutboxPage />
            </Suspense>
          </div>
        ) : (
          <>
            <div className={styles.list}>
              <ConversationList />
            </div>
            {splitter('list', t('resize-list'))}
            <div className={styles.main}>
              <Suspense fallback={null}>
                <ConversationPane />
              </Suspense>
            </div>
            {folded.details || !hasDetails ? null : (
              <>
                {splitter('details', t('resize-details'), true)}
                <div className={styles.details}>
                  <Suspense fallback={null}>
                    <DetailsPane />
                  </Suspense>
                </div>
              </>
            )}
          </>
        )}
      </main>
      <StatusBar />
      <Toasts onUndo={undo} />
      <Overlays />
      <Announcer />
    </div>
  );
}

function useInboxCommands(toggle: (pane: 'sidebar' | 'details') => void, undo: () => void) {
  const { account, settings } = useReadyState();
  const mayInvite = account?.permissions.includes('teammate.invite') ?? false;
  const saveSettings = useSaveSettings();
  const canUndo = useUi((state) => state.undoStack.length > 0);
  const dark = useDark();
  useCommand('palette.open', () => ui.open({ type: 'palette' }));
  useCommand('keys.show', () => ui.open({ type: 'keys' }));
  useCommand('settings.open', () => ui.open({ type: 'settings' }));
  useCommand('people.open', mayInvite ? () => ui.open({ type: 'settings', section: 'people' }) : null);
  useCommand(
    'people.invite',
    mayInvite ? () => ui.open({ type: 'settings', section: 'people', inviting: true }) : null,
  );
  useCommand('account.signOut', () => ui.open({ type: 'sign_out' }));
  useCommand('theme.toggle', () => saveSettings({ ...settings, theme: dark ? 'light' : 'dark' }));
  useCommand('details.toggle', () => toggle('details'));
  useCommand('sidebar.toggle', () => toggle('sidebar'));
  useCommand('action.undo', canUndo ? () => undo() : null);
  useOutboxCommands();
  useCommand('go.mine', () => ui.showView({ type: 'mine' }));
  useCommand('go.unassigned', () => ui.showView({ type: 'unassigned' }));
  useCommand('go.all', () => ui.showView({ type: 'all' }));
  useCommand('go.snoozed', () => ui.showView({ type: 'snoozed' }));
  useCommand('go.closed', () => ui.showView({ type: 'closed' }));
  useCommand('go.team', () => ui.open({ type: 'team' }));
  useCommand('go.outbox', () => ui.showOutbox());
  useCommand('go.drafts', () => ui.showOutbox('drafts'));
  useCommand('pane.next', () => focusPane(1));
  useCommand('pane.previous', () => focusPane(-1));
}

/** What can be done about what waits, from wherever one is. */
function useOutboxCommands() {
  const t = useText();
  const host = useHost();
  const { connection } = useReadyState();
  const fail = (error: unknown) => ui.toast(errorText(t, error), { tone: 'failed' });
  useCommand(
    'outbox.retryAll',
    connection.refused > 0 ? () => void host.invoke('outbox_retry', { command_ids: null }).catch(fail) : null,
  );
  useCommand(
    'connection.retry',
    // A server that asked to be left alone for a time is not asked earlier.
    connection.state === 'offline' && connection.reason !== 'overloaded'
      ? () => void host.invoke('connection_retry', {}).catch(fail)
      : null,
  );
}

/** Tells the host what is on the screen, so that nothing is notified that the agent sees. */
function useFocusReport() {
  const host = useHost();
  const conversationId = useUi((state) => (state.page === 'inbox' && !state.left ? state.selectedId : null));
  useEffect(() => {
    const report = () => {
      host
        .invoke('focus_changed', { conversation_id: conversationId, window_focused: document.hasFocus() })
        .catch(() => undefined);
    };
    report();
    window.addEventListener('focus', report);
    window.addEventListener('blur', report);
    return () => {
      window.removeEventListener('focus', report);
      window.removeEventListener('blur', report);
    };
  }, [host, conversationId]);
}

function ProblemBanner({ text, retry }: { text: string; retry: boolean }) {
  const t = useText();
  const again = useStateCommand('problem_retry');
  return (
    <div className={styles.banner} role="alert" data-testid="problem-banner">
      <span>{text}</span>
      {retry ? (
        <Button busy={again.isPending} onPress={() => again.mutate({})}>
          {t('problem-retry')}
        </Button>
      ) : null}
    </div>
  );
}

/** What screen readers are told without being interrupted. */
function Announcer() {
  const announcement = useUi((state) => state.announcement);
  return (
    <p className="offscreen" role="status" aria-live="polite">
      {announcement}
    </p>
  );
}
