import { type QueryClient, useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useCallback, useMemo } from 'react';
import type {
  AppState,
  ConversationId,
  Directory,
  ListedRequest,
  Settings,
  Sidebar,
  TeamId,
  TeammateId,
} from '../bindings/protocol';
import { useHost } from './host';

/** What each answer of the host is kept under. */
export const KEYS = {
  state: ['app_state'] as const,
  sidebar: ['sidebar'] as const,
  directory: ['directory'] as const,
  outbox: ['outbox'] as const,
  outboxPart: (part: ListedRequest) => ['outbox', part] as const,
  drafts: ['drafts'] as const,
  draftsPart: (part: ListedRequest) => ['drafts', part] as const,
  about: ['about'] as const,
  security: ['account_security'] as const,
  checkup: ['checkup'] as const,
  personalLinks: ['personal_links'] as const,
  sessions: (whose: TeammateId | null) => ['sessions', whose] as const,
  conversations: ['conversation'] as const,
  conversation: (id: ConversationId) => ['conversation', id] as const,
};

const timesToldState = (client: QueryClient) => client.getQueryState(KEYS.state)?.dataUpdateCount ?? 0;

/** Asks something whose answer is the state of the program. The host tells of every change, so what it told while
 * the answer was on its way is newer than the answer, and is kept instead. Where it told of the connection alone, the
 * rest of the answer counts. */
export async function newestState(client: QueryClient, ask: () => Promise<AppState>): Promise<AppState> {
  const before = timesToldState(client);
  const shown = client.getQueryData<AppState>(KEYS.state);
  const answer = await ask();
  const told = client.getQueryData<AppState>(KEYS.state);
  if (!told || timesToldState(client) === before) return answer;
  return shown && differsInConnectionAlone(told, shown) ? { ...answer, connection: told.connection } : told;
}

function differsInConnectionAlone(told: AppState, shown: AppState): boolean {
  const names = Object.keys(told) as (keyof AppState)[];
  return names.every((name) => name === 'connection' || told[name] === shown[name]);
}

export function useAppState() {
  const host = useHost();
  const client = useQueryClient();
  return useQuery<AppState>({
    queryKey: KEYS.state,
    queryFn: () => newestState(client, () => host.invoke('app_state', {})),
  });
}

/** The state of the program, where a screen is only shown once it is known. */
export function useReadyState(): AppState {
  const { data } = useAppState();
  if (!data) throw new Error('The state is known before any screen is shown.');
  return data;
}

export function useSettings(): Settings {
  return useReadyState().settings;
}

/** Names the storing of settings. */
export const SAVING = ['settings_save'] as const;

/** A state that the host told, with the settings that were chosen since and are not stored yet: what is told of one
 * choice must not take back the next. */
export function withChosenSettings(client: QueryClient, told: AppState): AppState {
  const shown = client.getQueryData<AppState>(KEYS.state);
  const saving = client.isMutating({ mutationKey: SAVING }) > 0;
  return shown && saving ? { ...told, settings: shown.settings } : told;
}

/** Stores changed settings. They show at once; a refusal brings the stored ones back. */
export function useSaveSettings(): (change: Partial<Settings>) => void {
  const host = useHost();
  const client = useQueryClient();
  const { mutate } = useMutation({
    mutationFn: (settings: Settings) => newestState(client, () => host.invoke('settings_save', settings)),
    onSuccess: (state) => client.setQueryData(KEYS.state, state),
    onError: () => client.invalidateQueries({ queryKey: KEYS.state }),
    mutationKey: SAVING,
    scope: { id: 'settings' },
  });
  return useCallback(
    (change) => {
      const state = client.getQueryData<AppState>(KEYS.state);
      if (!state) return;
      const settings = { ...state.settings, ...change };
      client.setQueryData<AppState>(KEYS.state, { ...state, settings });
      mutate(settings);
    },
    [client, mutate],
  );
}

export function useSidebar() {
  const host = useHost();
  return useQuery<Sidebar>({ queryKey: KEYS.sidebar, queryFn: () => host.invoke('sidebar', {}) });
}

const NOBODY: Directory = { teammates: [], teams: [], tags: [] };

export interface Names {
  directory: Directory;
  teammateName: (id: TeammateId) => string | undefined;
  teamName: (id: TeamId) => string | undefined;
}

/** Teammates, teams and tags, with their names by id. */
export function useDirectory(): Names {
  const host = useHost();
  const { data = NOBODY } = useQuery<Directory>({
    queryKey: KEYS.directory,
    queryFn: () => host.invoke('directory', {}),
  });
  return useMemo(() => {
    const teammates = new Map(data.teammates.map((teammate) => [teammate.id, teammate.name]));
    const teams = new Map(data.teams.map((team) => [team.id, team.name]));
    return {
      directory: data,
      teammateName: (id) => teammates.get(id),
      teamName: (id) => teams.get(id),
    };
  }, [data]);
}
