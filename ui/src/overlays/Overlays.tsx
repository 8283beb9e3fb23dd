import { useUi } from '../app/uiState';
import { SettingsDialog } from '../settings/SettingsDialog';
import { CheatSheet } from './CheatSheet';
import { Palette } from './Palette';
import { AssignPicker, AssignTeamPicker, SnoozePicker, TagPicker, TeamViewPicker } from './Pickers';
import { JoinNotice, SignOutDialog } from './SignOutDialog';

/** Whatever lies over the inbox: one thing at a time. */
export function Overlays() {
  const overlay = useUi((state) => state.overlay);
  switch (overlay?.type) {
    case 'palette':
      return <Palette />;
    case 'keys':
      return <CheatSheet />;
    case 'settings':
      return <SettingsDialog />;
    case 'sign_out':
      return <SignOutDialog />;
    case 'join':
      return <JoinNotice />;
    case 'team':
      return <TeamViewPicker />;
    case 'assign':
      return <AssignPicker conversationId={overlay.conversationId} />;
    case 'assign_team':
      return <AssignTeamPicker conversationId={overlay.conversationId} />;
    case 'snooze':
      return <SnoozePicker conversationId={overlay.conversationId} />;
    case 'tag':
      return <TagPicker conversationId={overlay.conversationId} />;
    case undefined:
      return null;
  }
}
