/**
 * Where an installed service is written down, and which command it starts. Small, because the client library looks
 * here before it starts a daemon.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { ServiceManagerName } from '../../src/flags.ts';
import { homeDirectory } from '../../src/paths.ts';
import { isNowhere } from '../../src/system/errors.ts';

/** Label of the LaunchAgent. */
export const LABEL = 'dev.codebase-gardener.registry';
export const SERVICE_UNIT = 'codebase-gardener-registry.service';
export const SOCKET_UNIT = 'codebase-gardener-registry.socket';

/** The file that says what to start. */
export function serviceFile(manager: ServiceManagerName, home: string = homeDirectory()): string {
  return manager === 'launchd'
    ? join(home, 'Library', 'LaunchAgents', `${LABEL}.plist`)
    : join(systemdDirectory(home), SERVICE_UNIT);
}

/** The socket unit of systemd; launchd has its socket in the same file. */
export function socketUnitFile(home: string = homeDirectory()): string {
  return join(systemdDirectory(home), SOCKET_UNIT);
}

function systemdDirectory(home: string): string {
  return join(home, '.config', 'systemd', 'user');
}

/** What an installed service starts. */
export interface InstalledService {
  readonly manager: ServiceManagerName;
  readonly file: string;
  /** As it stands in the file. */
  readonly text: string;
  /** Launcher, Node, gardenerd.js, and the flags of the daemon; empty when the file is spoilt. */
  readonly command: readonly string[];
  readonly dataDir: string | undefined;
  readonly socket: string | undefined;
  /** The manager listens, and starts the daemon with the first connection. */
  readonly onDemand: boolean;
}

/** Reads what is installed; undefined when nothing is. */
export function readInstalled(
  manager: ServiceManagerName,
  home: string = homeDirectory(),
): InstalledService | undefined {
  const file = serviceFile(manager, home);
  const text = readIfThere(file);
  if (text === undefined) return undefined;
  const command = manager === 'launchd' ? programArguments(text) : execStart(text);
  const flag = (name: string): string | undefined => {
    const at = command.indexOf(name);
    return at < 0 ? undefined : command[at + 1];
  };
  return {
    manager,
    file,
    text,
    command,
    dataDir: flag('--data-dir'),
    socket: flag('--socket'),
    onDemand: manager === 'systemd' || text.includes('<key>inetdCompatibility</key>'),
  };
}

/** The text of a file; undefined when it, or a directory on the way to it, is not there. */
export function readIfThere(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch (error) {
    if (isNowhere(error)) return undefined;
    throw error;
  }
}

/** The strings of `ProgramArguments`. No parser for property lists, which the library would have to bring. */
function programArguments(plist: string): string[] {
  const array = /<key>ProgramArguments<\/key>\s*<array>([^]*?)<\/array>/.exec(plist)?.[1] ?? '';
  return [...array.matchAll(/<string>([^<]*)<\/string>/g)].map(([, text = '']) => unescapeXml(text));
}

function unescapeXml(text: string): string {
  return text.replace(
    /&(?:#x([0-9a-f]+)|#(\d+)|(\w+));/gi,
    (whole, hex?: string, digits?: string, name: string = '') => {
      if (hex !== undefined) return String.fromCodePoint(Number.parseInt(hex, 16));
      if (digits !== undefined) return String.fromCodePoint(Number(digits));
      return ENTITIES[name] ?? whole;
    },
  );
}

const ENTITIES: Readonly<Record<string, string>> = { amp: '&', lt: '<', gt: '>', quot: '"', apos: "'" };

/** The words of `ExecStart`, as the service unit is written, without the shell in front. */
function execStart(unit: string): string[] {
  const line = /^ExecStart=\/bin\/sh (.*)$/m.exec(unit)?.[1] ?? '';
  return [...line.matchAll(/"((?:[^"\\]|\\.)*)"/g)].map(([, quoted = '']) =>
    quoted
      .replace(/\\(.)/g, '$1')
      .replaceAll('%%', '%')
      .replaceAll('$$', () => '$'),
  );
}
