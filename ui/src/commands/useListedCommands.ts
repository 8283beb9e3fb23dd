import { useReadyState } from '../app/queries';
import { COMMANDS, type Command } from './registry';

/** The commands that somebody knows of: all but those that need more than they may. */
export function useListedCommands(): readonly Command[] {
  const { account } = useReadyState();
  return COMMANDS.filter(({ needs }) => !needs || account?.permissions.includes(needs));
}
