import { CalendarClock, CircleDashed, Plus, Tag, Users } from 'lucide-react';
import { useDirectory, useReadyState, useSidebar } from '../app/queries';
import { ui, useUi } from '../app/uiState';
import type { Action, ConversationId } from '../bindings/protocol';
import { useConversation } from '../conversation/useConversation';
import { useSubmit } from '../conversation/useSubmit';
import { Avatar } from '../design/Avatar';
import { Picker, type PickerOption } from '../design/Picker';
import { useNow } from '../i18n/now';
import { useLocalization, useText } from '../i18n/text';
import { nearTime } from '../i18n/time';
import { viewTitle } from '../inbox/views';
import pickerStyles from './Pickers.module.css';
import { snoozeTimes } from './snoozeTimes';

const ICON = { size: 15, strokeWidth: 1.75, 'aria-hidden': true as const };
const NOBODY = 'nobody';
const NEW_TAG = 'new-tag:';
const MAX_TAG_CHARS = 64;

interface PickerFor {
  conversationId: ConversationId;
}

/** Submits the choice and closes the picker. */
function useChoose(conversationId: ConversationId) {
  const submit = useSubmit();
  return (action: Action, said: string) => {
    ui.close();
    void submit(conversationId, action, said);
  };
}

export function AssignPicker({ conversationId }: PickerFor) {
  const t = useText();
  const choose = useChoose(conversationId);
  const { data: view } = useConversation(conversationId);
  const { directory, teammateName } = useDirectory();
  const { account } = useReadyState();
  const me = account?.teammate_id;
  const current = view?.head.admin_assignee_id ?? null;
  const others = directory.teammates.filter((teammate) => teammate.id !== me);
  const own = directory.teammates.filter((teammate) => teammate.id === me);
  const options: PickerOption[] = [
    ...[...own, ...others].map((teammate) => ({
      id: teammate.id,
      label: teammate.id === me ? t('assign-me', { name: teammate.name }) : teammate.name,
      keywords: teammate.email,
      icon: <Avatar id={teammate.id} name={teammate.name} size={20} />,
      checked: teammate.id === current,
    })),
    { id: NOBODY, label: t('nobody'), icon: <CircleDashed {...ICON} />, checked: current === null },
  ];
  return (
    <Picker
      title={t('command-conversation-assign')}
      placeholder={t('assign-placeholder')}
      options={options}
      testId="picker-input"
      onClose={ui.close}
      onChoose={(id) => {
        const admin_assignee_id = id === NOBODY ? null : id;
        const name = admin_assignee_id ? (teammateName(admin_assignee_id) ?? '') : '';
        const said =
          admin_assignee_id === null
            ? t('done-unassigned')
            : admin_assignee_id === me
              ? t('done-assigned-me')
              : t('done-assigned', { name });
        choose({ type: 'conversation_assign', admin_assignee_id }, said);
      }}
    />
  );
}

export function AssignTeamPicker({ conversationId }: PickerFor) {
  const t = useText();
  const choose = useChoose(conversationId);
  const { data: view } = useConversation(conversationId);
  const { directory, teamName } = useDirectory();
  const current = view?.head.team_assignee_id ?? null;
  const options: PickerOption[] = [
    ...directory.teams.map((team) => ({
      id: team.id,
      label: team.name,
      icon: <Users {...ICON} />,
      checked: team.id === current,
    })),
    { id: NOBODY, label: t('no-team'), icon: <CircleDashed {...ICON} />, checked: current === null },
  ];
  return (
    <Picker
      title={t('command-conversation-assign-team')}
      placeholder={t('assign-team-placeholder')}
      options={options}
      testId="picker-input"
      onClose={ui.close}
      onChoose={(id) => {
        const team_assignee_id = id === NOBODY ? null : id;
        const name = team_assignee_id ? (teamName(team_assignee_id) ?? '') : '';
        choose(
          { type: 'conversation_assign_team', team_assignee_id },
          team_assignee_id ? t('done-assigned-team', { name }) : t('done-unassigned-team'),
        );
      }}
    />
  );
}

export function SnoozePicker({ conversationId }: PickerFor) {
  const { t, locale } = useLocalization();
  const nowMs = useNow();
  const choose = useChoose(conversationId);
  const times = snoozeTimes(nowMs);
  return (
    <Picker
      title={t('command-conversation-snooze')}
      placeholder={t('snooze-placeholder')}
      testId="picker-input"
      onClose={ui.close}
      options={times.map((time) => ({
        id: time.id,
        label: t(time.title),
        icon: <CalendarClock {...ICON} />,
        hint: <span className={pickerStyles.time}>{nearTime(locale, time.atMs * 1000, nowMs)}</span>,
      }))}
      onChoose={(id) => {
        const time = times.find((entry) => entry.id === id);
        if (!time) return;
        const snoozed_until = time.atMs * 1000;
        choose(
          { type: 'conversation_snooze', snoozed_until },
          t('done-snoozed', { until: nearTime(locale, snoozed_until, nowMs) }),
        );
      }}
    />
  );
}

export function TagPicker({ conversationId }: PickerFor) {
  const t = useText();
  const choose = useChoose(conversationId);
  const { data: view } = useConversation(conversationId);
  const { directory } = useDirectory();
  const own = view?.head.tags ?? [];
  const known = [...new Set([...own, ...directory.tags])];
  const option = (tag: string): PickerOption => ({
    id: tag,
    label: tag,
    icon: <Tag {...ICON} />,
    checked: own.includes(tag),
  });
  return (
    <Picker
      title={t('command-conversation-tag')}
      placeholder={t('tag-placeholder')}
      testId="picker-input"
      options={known.map(option)}
      optionsFor={(query) =>
        query === '' || known.includes(query)
          ? []
          : [{ id: NEW_TAG, label: t('tag-new', { tag: query }), icon: <Plus {...ICON} /> }]
      }
      onClose={ui.close}
      onChoose={(id, query) => {
        const tag = id === NEW_TAG ? query.slice(0, MAX_TAG_CHARS) : id;
        if (own.includes(tag)) choose({ type: 'conversation_tag_remove', tag }, t('done-untagged', { tag }));
        else choose({ type: 'conversation_tag_add', tag }, t('done-tagged', { tag }));
      }}
    />
  );
}

/** Goes to a team's view. */
export function TeamViewPicker() {
  const t = useText();
  const { data } = useSidebar();
  const view = useUi((state) => state.view);
  const teams = (data?.views ?? []).flatMap((entry) =>
    entry.view.type === 'team' ? [{ view: entry.view, name: viewTitle(t, entry.view, entry.team_name) }] : [],
  );
  return (
    <Picker
      title={t('command-go-team')}
      placeholder={t('assign-team-placeholder')}
      testId="picker-input"
      options={teams.map((team) => ({
        id: team.view.team_id,
        label: team.name,
        icon: <Users {...ICON} />,
        checked: view.type === 'team' && view.team_id === team.view.team_id,
      }))}
      onClose={ui.close}
      onChoose={(id) => {
        ui.close();
        ui.showView({ type: 'team', team_id: id });
      }}
    />
  );
}
