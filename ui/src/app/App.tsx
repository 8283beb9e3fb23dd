import { useQueryClient } from '@tanstack/react-query';
import { lazy, Suspense, useEffect, useMemo, useRef, useState, useSyncExternalStore } from 'react';
import { I18nProvider } from 'react-aria-components/I18nProvider';
import type { AppState, Phase, Settings } from '../bindings/protocol';
import { CommandsProvider } from '../commands/Commands';
import { buildKeymap } from '../commands/keymap';
import { type Language, LocalizationProvider, languageFor } from '../i18n/text';
import { InboxScreen } from '../inbox/InboxScreen';
import { isPersonal } from '../signin/joinLink';
import { OpeningScreen, ProblemScreen } from '../signin/ProblemScreen';
import { AppLock } from './AppLock';
import { HostEvents } from './events';
import { KEYS, useAppState } from './queries';
import { StartFailed } from './StartFailed';
import { ui, useUi } from './uiState';

// Who is signed in, as nearly always, never sees these.
const JoinScreen = lazy(async () => ({ default: (await import('../signin/JoinScreen')).JoinScreen }));
const LinkScreen = lazy(async () => ({ default: (await import('../signin/JoinScreen')).LinkScreen }));
const SignInScreen = lazy(async () => ({ default: (await import('../signin/SignInScreen')).SignInScreen }));
const LockScreen = lazy(async () => ({ default: (await import('../signin/LockScreen')).LockScreen }));
const BrowserScreen = lazy(async () => ({
  default: (await import('../signin/BrowserScreen')).BrowserScreen,
}));
const EnrolScreen = lazy(async () => ({ default: (await import('../signin/EnrolScreen')).EnrolScreen }));
const CodeScreen = lazy(async () => ({ default: (await import('../signin/CodeScreen')).CodeScreen }));

/** The whole program: the phase decides the screen, the settings language, theme and keys. */
export function App() {
  const { data: state, error, refetch } = useAppState();
  const language = useLanguage(state?.settings);
  useTheme(state?.settings);
  const { keys, single_letter_keys } = state?.settings ?? { keys: {}, single_letter_keys: true };
  const keymap = useMemo(
    () => buildKeymap({ overrides: keys, singleKeys: single_letter_keys }),
    [keys, single_letter_keys],
  );
  return (
    <LocalizationProvider language={language}>
      <I18nProvider locale={language}>
        <CommandsProvider keymap={keymap} onBlocked={(reason) => ui.toast(reason, { tone: 'failed' })}>
          <HostEvents>
            {state ? (
              <Suspense fallback={null}>
                <Screen state={state} />
              </Suspense>
            ) : error ? (
              <StartFailed error={error} onRetry={refetch} />
            ) : null}
          </HostEvents>
        </CommandsProvider>
      </I18nProvider>
    </LocalizationProvider>
  );
}

function Screen({ state }: { state: AppState }) {
  const { phase, workspace, enrolment } = state;
  useEffect(() => {
    document.title = workspace ? `${workspace.name} · Recado` : 'Recado';
  }, [workspace]);
  const client = useQueryClient();
  const before = useRef<Phase>('opening');
  // Nothing of one account may be on the screen of the next, nor stay in memory behind a lock.
  useEffect(() => {
    if (phase === 'ready') {
      before.current = phase;
      return;
    }
    ui.reset(askedFromOutside(phase, before.current));
    before.current = phase;
    client.removeQueries({ predicate: ({ queryKey }) => queryKey[0] !== KEYS.state[0] });
  }, [client, phase]);
  const personal = useUi(({ overlay }) => overlay?.type === 'join' && isPersonal(overlay.link));
  // A newer link takes the place of one that is being gone through, as long as nothing has begun by it.
  const isReplaceable =
    phase === 'enrol' && enrolment?.kind !== 'own_authenticator' && enrolment?.stage !== 'recovery_codes';
  if (personal && (SIGNING_IN.has(phase) || isReplaceable)) return <LinkScreen onBack={ui.close} />;
  switch (phase) {
    case 'join':
      return <JoinScreen />;
    case 'sign_in':
      return <SignInScreen />;
    case 'code':
      return <CodeScreen />;
    case 'browser':
      return <BrowserScreen />;
    case 'enrol':
      return <EnrolScreen />;
    case 'opening':
      return <OpeningScreen />;
    case 'locked':
      return <LockScreen />;
    case 'blocked':
      return <ProblemScreen />;
    case 'ready':
      return (
        <>
          <AppLock />
          <InboxScreen />
        </>
      );
  }
}

/** Where a personal link that comes from outside is offered to be opened. */
const SIGNING_IN: ReadonlySet<Phase> = new Set<Phase>(['sign_in', 'code', 'browser']);

/** What a link from outside asked for while the program was starting outlives the start. */
function askedFromOutside(phase: Phase, before: Phase) {
  const { overlay, selectedId } = useUi.getState();
  const link = overlay?.type === 'join' ? { overlay } : {};
  if (phase === 'opening') return { ...link, selectedId };
  // One that was used is not offered again.
  return phase === 'join' || (SIGNING_IN.has(phase) && before === 'opening') ? link : {};
}

function useLanguage(settings: Settings | undefined): Language {
  const chosen = settings?.language ?? 'system';
  const language = chosen === 'system' ? languageFor(navigator.languages) : chosen;
  useEffect(() => {
    document.documentElement.lang = language;
  }, [language]);
  return language;
}

const systemDark = () => window.matchMedia('(prefers-color-scheme: dark)');

function subscribeToSystem(listener: () => void) {
  const query = systemDark();
  query.addEventListener('change', listener);
  return () => query.removeEventListener('change', listener);
}

function useTheme(settings: Settings | undefined) {
  const systemIsDark = useSyncExternalStore(subscribeToSystem, () => systemDark().matches);
  const [root] = useState(() => document.documentElement);
  const chosen = settings?.theme ?? 'system';
  const theme = chosen === 'system' ? (systemIsDark ? 'dark' : 'light') : chosen;
  // Before anything is painted, so that no screen flashes in the other theme.
  if (root.dataset.theme !== theme) root.dataset.theme = theme;
}
