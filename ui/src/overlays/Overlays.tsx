import { lazy, Suspense, useEffect } from 'react';
import { useUi } from '../app/uiState';

// What lies over the inbox is no part of its first picture. It is read as soon as that stands, before anybody can ask
// for it.
const loadAll = () =>
  Promise.all([
    import('./Palette'),
    import('./Pickers'),
    import('./CheatSheet'),
    import('./SignOutDialog'),
    import('../settings/SettingsDialog'),
  ]);

const Palette = lazy(async () => ({ default: (await import('./Palette')).Palette }));
const CheatSheet = lazy(async () => ({ default: (await import('./CheatSheet')).CheatSheet }));
const SettingsDialog = lazy(async () => ({
  default: (await import('../settings/SettingsDialog')).SettingsDialog,
}));
const SignOutDialog = lazy(async () => ({ default: (await import('./SignOutDialog')).SignOutDialog }));
const JoinNotice = lazy(async () => ({ default: (await import('./SignOutDialog')).JoinNotice }));
const TeamViewPicker = lazy(async () => ({ default: (await import('./Pickers')).TeamViewPicker }));
const AssignPicker = lazy(async () => ({ default: (await import('./Pickers')).AssignPicker }));
const AssignTeamPicker = lazy(async () => ({ default: (await import('./Pickers')).AssignTeamPicker }));
const SnoozePicker = lazy(async () => ({ default: (await import('./Pickers')).SnoozePicker }));
const TagPicker = lazy(async () => ({ default: (await import('./Pickers')).TagPicker }));

/** Whatever lies over the inbox: one thing at a time. */
export function Overlays() {
  useEffect(() => {
    const timer = setTimeout(() => void loadAll());
    return () => clearTimeout(timer);
  }, []);
  return (
    <Suspense fallback={null}>
      <Overlay />
    </Suspense>
  );
}

function Overlay() {
  const overlay = useUi((state) => state.overlay);
  switch (overlay?.type) {
    case 'palette':
      return <Palette />;
    case 'keys':
      return <CheatSheet />;
    case 'settings':
      return <SettingsDialog opened={overlay} />;
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
