/** What a system calls itself, and what people call it. */
const SYSTEMS: Record<string, string> = { linux: 'Linux', windows: 'Windows', macos: 'macOS' };

/** The name of an operating system as people know it. */
export const systemName = (system: string) => SYSTEMS[system] ?? system;
