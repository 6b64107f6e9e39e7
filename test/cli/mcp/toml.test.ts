/** An entry in settings of TOML: a table of its own, of which alone anything is changed. */
import { expect, test } from 'vitest';
import { changed, type Entry } from '../../../client/cli/mcp/format.ts';
import { TOML } from '../../../client/cli/mcp/toml.ts';

const ENTRY: Entry = { command: '/node', args: ['g.js', 'mcp'] };
const TABLE = '[mcp_servers.gardener]\ncommand = "/node"\nargs = [ "g.js", "mcp" ]\n';
const put = (text: string): string => changed(TOML, text, 'mcp_servers', ENTRY);
const take = (text: string): string => changed(TOML, text, 'mcp_servers');

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
  const old = mine("command = '/node' # mine\n", "args = [\n  'old.js', # ]\n  'mcp',\n]\n");
  expect(put(old)).toBe(mine("command = '/node' # mine\n", 'args = [ "g.js", "mcp" ]\n'));
  expect(take(old)).toBe(`${MODEL}\n# about the other\n${OTHER}`);
});

test.each([
  ['mcp_servers = { gardener = { command = "x", args = ["mcp"] } }', /written in a way in which nothing/],
  ['[mcp_servers]\ngardener = { command = "x", args = ["mcp"] }', /written in a way in which nothing/],
  ['[mcp_servers.gardener]\nurl = "http://x"', /that is another one/],
  ['mcp_servers = 1', /is not what has servers by name/],
  ['a = 1\na = 2', /cannot be parsed: /],
  ['a = [1', /cannot be parsed: /],
])('%s is left alone', (text, why) => {
  expect(() => put(text)).toThrow(why);
});
