/** The programs that start servers for their agents: where each keeps them, in which shape, and its own command for that. */
import { existsSync } from 'node:fs';
import { isAbsolute, join } from 'node:path';
import { type Entry, type Format, NAME } from './format.ts';
import { JSON_ALONE, JSON_WITH_COMMENTS, JSONC } from './jsonc.ts';
import { TOML } from './toml.ts';

/** Of whoever the settings are. */
export interface Person {
  readonly home: string;
  readonly env: NodeJS.ProcessEnv;
  readonly platform: NodeJS.Platform;
}

export interface AgentProgram {
  readonly title: string;
  /**
   * The file of the person's own settings, whether or not it is there; a relative one is in the working directory. No
   * program takes a `~` in the environment for the home directory.
   */
  readonly file: (person: Person) => string;
  readonly format: Format;
  /** Key of the object in it that has the servers by name. */
  readonly servers: string;
  /** The program wants to be told that a server is started, and not called. */
  readonly typed?: true;
  /** Its own command that has it start a server, as words. */
  readonly add?: (entry: Entry) => readonly string[];
  /** That command refuses where there is one. */
  readonly addsOnce?: true;
  /** The same for the opposite. */
  readonly remove?: readonly string[];
}

export const PROGRAMS = {
  claude: {
    title: 'Claude Code',
    file({ home, env: { CLAUDE_CONFIG_DIR: given } }) {
      // Of an early version; it is taken where it is still there.
      const early = join(given || join(home, '.claude'), '.config.json');
      return existsSync(early) ? early : join(given || home, '.claude.json');
    },
    // It puts a file aside that has comments, and begins anew.
    format: JSON_ALONE,
    servers: 'mcpServers',
    typed: true,
    add: ({ command, args }) => ['claude', 'mcp', 'add', '--scope', 'user', NAME, '--', command, ...args],
    addsOnce: true,
    remove: ['claude', 'mcp', 'remove', '--scope', 'user', NAME],
  },
  cursor: {
    title: 'Cursor',
    file: ({ home }) => join(home, '.cursor', 'mcp.json'),
    format: JSONC,
    servers: 'mcpServers',
  },
  vscode: {
    title: 'VS Code',
    file: (person) => join(userData(person), 'User', 'mcp.json'),
    format: JSONC,
    servers: 'servers',
    typed: true,
    add: (entry) => ['code', '--add-mcp', JSON.stringify({ name: NAME, ...entry })],
  },
  codex: {
    title: 'Codex',
    file: ({ home, env }) => join(env['CODEX_HOME'] || join(home, '.codex'), 'config.toml'),
    format: TOML,
    servers: 'mcp_servers',
    add: ({ command, args }) => ['codex', 'mcp', 'add', NAME, '--', command, ...args],
    remove: ['codex', 'mcp', 'remove', NAME],
  },
  gemini: {
    title: 'Gemini CLI',
    file: ({ home, env }) => join(env['GEMINI_CLI_HOME'] || home, '.gemini', 'settings.json'),
    format: JSON_WITH_COMMENTS,
    servers: 'mcpServers',
    add: ({ command, args }) => ['gemini', 'mcp', 'add', '--scope', 'user', NAME, command, '--', ...args],
    remove: ['gemini', 'mcp', 'remove', '--scope', 'user', NAME],
  },
  zed: {
    title: 'Zed',
    // On macOS, too, it is not where the system has such files.
    file: (person) =>
      join(
        person.platform === 'darwin' ? join(person.home, '.config') : xdgConfig(person),
        'zed',
        'settings.json',
      ),
    format: JSONC,
    servers: 'context_servers',
  },
  windsurf: {
    title: 'Windsurf',
    file: ({ home }) => join(home, '.codeium', 'windsurf', 'mcp_config.json'),
    format: JSONC,
    servers: 'mcpServers',
  },
} as const satisfies Record<string, AgentProgram>;

export type ProgramName = keyof typeof PROGRAMS;
export const PROGRAM_NAMES = Object.keys(PROGRAMS) as ProgramName[];

/** Where VS Code has what is the person's; of its own variables the first that is set counts. */
function userData({ home, env, platform }: Person): string {
  const { VSCODE_PORTABLE: portable, VSCODE_APPDATA: given, XDG_CONFIG_HOME: config } = env;
  if (portable) return join(portable, 'user-data');
  const system =
    platform === 'darwin' ? join(home, 'Library', 'Application Support') : config || join(home, '.config');
  return join(given || system, 'Code');
}

/** A relative one counts for none, as the XDG specification asks; VS Code takes it all the same. */
function xdgConfig({ home, env }: Person): string {
  const { XDG_CONFIG_HOME: given = '' } = env;
  return isAbsolute(given) ? given : join(home, '.config');
}
