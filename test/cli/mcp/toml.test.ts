/** An entry in settings of TOML: a table of its own, of which alone anything is changed. */
import { expect, test } from 'vitest';
import { changed } from '../../../client/cli/mcp/changed.ts';
import type { Entry } from '../../../client/cli/mcp/format.ts';
import { TOML } from '../../../client/cli/mcp/toml.ts';

const ENTRY: Entry = { command: '/node', args: ['gardener.js', 'mcp'] };
const TABLE = '[mcp_servers.gardener]\ncommand = "/node"\nargs = [ "gardener.js", "mcp" ]\n';
const put = (text: string): string => changed(TOML, text, 'mcp_servers', ENTRY).text;
const take = (text: string): string => changed(TOML, text, 'mcp_servers').text;

const MODEL = '# mine\nmodel = "o" # the best\n';
const OTHER = '[mcp_servers.other]\ncommand = "x"\nargs = [\n  "[mcp_servers.gardener]", # no table\n]\n';
const PROMPT = '\n[profile]\nprompt = """\n[mcp_servers.gardener]\ncommand = "/old"\n"""\n';

test.each([
  ['nothing', '', TABLE],
  ['other settings', MODEL, `${MODEL}\n${TABLE}`],
  ['a last line without an end', 'model = "o"', `model = "o"\n\n${TABLE}`],
  [
    'other servers, and texts that look like ours',
    MODEL + OTHER + PROMPT,
    `${MODEL}${OTHER}${PROMPT}\n${TABLE}`,
  ],
  ['line ends of Windows', 'a = 1\r\n', `a = 1\r\n\r\n${TABLE.replaceAll('\n', '\r\n')}`],
])('goes behind %s', (_, before, after) => {
  expect(put(before)).toBe(after);
  expect(put(after)).toBe(after);
  expect(take(after).trimEnd()).toBe(before.trimEnd());
});

const mine = (command: string, args: string): string =>
  `${MODEL}\n[ mcp_servers . "gardener" ] # ours\n${args}startup_timeout_sec = 20\n${command}\n[mcp_servers.gardener.env]\nA = "1"\n\n# about the other\n${OTHER}`;

test('of one that is there only what differs is changed, and all of it goes', () => {
  const old = mine("command = '/node' # mine\n", "args = [\n  '/old/gardener.js', # ]\n  'mcp',\n]\n");
  expect(put(old)).toBe(mine("command = '/node' # mine\n", 'args = [ "gardener.js", "mcp" ]\n'));
  expect(take(old)).toBe(`${MODEL}\n# about the other\n${OTHER}`);
});

test.each([
  [
    'mcp_servers = { gardener = { command = "gardener", args = ["mcp"] } }',
    /written in a way in which nothing/,
  ],
  ['[mcp_servers]\ngardener = { command = "gardener", args = ["mcp"] }', /written in a way in which nothing/],
  ['[mcp_servers.gardener]\nurl = "http://x"', /that is another one/],
  ['mcp_servers = 1', /is not what has servers by name/],
  ['a = 1\na = 2', /cannot be parsed: /],
  ['a = [1', /cannot be parsed: /],
])('%s is left alone', (text, why) => {
  expect(() => put(text)).toThrow(why);
});

test('a comment behind a value that is replaced stays', () => {
  const old = "[mcp_servers.gardener]\n  command = '/old/gardener' # \"mine\"\nargs = ['mcp']\t# all # of it";
  expect(put(old)).toBe(
    '[mcp_servers.gardener]\n  command = "/node" # "mine"\nargs = [ "gardener.js", "mcp" ]\t# all # of it',
  );
});

test('numbers of 64 bits stay, and long texts take no time to speak of', () => {
  const long = 'n = 9223372036854775807\nprompt = """\n' + 'it is "so" # [\n'.repeat(12_000) + '"""""\n';
  expect(put(long)).toBe(`${long}\n${TABLE}`);
  expect(take(`${long}\n${TABLE}`)).toBe(long);
});
