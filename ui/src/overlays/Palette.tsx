import { Users } from 'lucide-react';
import { useSidebar } from '../app/queries';
import { ui } from '../app/uiState';
import { useAvailableCommands, useRunCommand } from '../commands/Commands';
import { COMMANDS, type CommandName, SECTION_TITLES } from '../commands/registry';
import { Keys } from '../design/Keys';
import { Picker, type PickerOption } from '../design/Picker';
import { useText } from '../i18n/text';
import { viewTitle } from '../inbox/views';

/** What concerns the open conversation stands first: that is what one mostly came for. */
const SECTION_ORDER = ['conversation', 'navigation', 'general', 'list', 'writing'] as const;

const TEAM = 'team:';

/** Every action that can be taken now, by its name, each with its key. */
export function Palette() {
  const t = useText();
  const available = useAvailableCommands();
  const run = useRunCommand();
  const { data: sidebar } = useSidebar();

  const commands: PickerOption[] = SECTION_ORDER.flatMap((section) =>
    COMMANDS.filter(
      (command) =>
        command.section === section &&
        command.inPalette !== false &&
        command.id !== 'palette.open' &&
        available.has(command.id),
    ).map((command) => ({
      id: command.id,
      label: t(command.title),
      section: t(SECTION_TITLES[section]),
      blocked: available.get(command.id)?.blocked ?? null,
      hint: <Keys command={command.id} />,
    })),
  );
  const teams: PickerOption[] = (sidebar?.views ?? []).flatMap((entry) =>
    entry.view.type === 'team'
      ? [
          {
            id: TEAM + entry.view.team_id,
            label: viewTitle(t, entry.view, entry.team_name),
            section: t('sidebar-teams'),
            icon: <Users size={15} strokeWidth={1.75} aria-hidden="true" />,
          },
        ]
      : [],
  );

  return (
    <Picker
      title={t('command-palette-open')}
      placeholder={t('palette-placeholder')}
      options={[...commands, ...teams]}
      testId="palette-input"
      onClose={ui.close}
      onChoose={(id) => {
        ui.close();
        if (id.startsWith(TEAM)) ui.showView({ type: 'team', team_id: id.slice(TEAM.length) });
        // The dialog gives the focus back first; a command may then move it on.
        else setTimeout(() => run(id as CommandName));
      }}
    />
  );
}
