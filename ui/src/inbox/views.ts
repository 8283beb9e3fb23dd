import type { View, ViewCount } from '../bindings/protocol';
import { type TextId, type Translate, textIds } from '../i18n/text';

const TITLES: Record<Exclude<View['type'], 'team'>, TextId> = textIds({
  mine: 'view-mine',
  unassigned: 'view-unassigned',
  all: 'view-all',
  snoozed: 'view-snoozed',
  closed: 'view-closed',
});

/** One text for a view, to compare by: `mine`, or the team's id. */
export const viewKey = (view: View): string => (view.type === 'team' ? view.team_id : view.type);

export const sameView = (a: View, b: View) => viewKey(a) === viewKey(b);

export function viewTitle(t: Translate, view: View, teamName: string | null | undefined): string {
  return view.type === 'team' ? (teamName ?? t('view-team')) : t(TITLES[view.type]);
}

export const countOf = (views: readonly ViewCount[], view: View): ViewCount | undefined =>
  views.find((entry) => sameView(entry.view, view));
