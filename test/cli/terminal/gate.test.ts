import { spawnSync } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { chmod, mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import type { Project, WatchEvent } from '../../../client/index.ts';
import { painter } from '../../../client/cli/terminal/colour.ts';
import { shown, shownJson, shownLine, shownText, tame } from '../../../client/cli/terminal/gate.ts';
import { eventLine } from '../../../client/cli/watch/lines.ts';
import { WatchState } from '../../../client/cli/watch/state.ts';
import { staleAfter, watchTable } from '../../../client/cli/watch/pages/table.ts';
import { textWidth } from '../../../client/cli/terminal/width.ts';
import { EXAMPLE_PROJECT } from '../../../src/protocol/method.ts';
import { builtProgram, commandLine } from '../../support/cli.ts';
import { startDaemon } from '../../support/daemon.ts';
import { environment, temporaryDirectory } from '../../support/home.ts';
import { HOSTILE, hostile, hostileDaemon, obeyed } from '../../support/hostile.ts';
import { terminal } from '../../support/terminal.ts';
import { gettingThrough, hostileHome, LINE } from './every-way.ts';

describe('the gate', () => {
  const paint = painter({ isTTY: true }, {});

  test('lets colours of a painter through and none from outside', () => {
    const line = `${paint('red', 'no')} \x1b[31mred\x1b[39m`;
    expect(shown(line)).toBe('\x1b[31mno\x1b[39m \\x1b[31mred\\x1b[39m');
    expect(shown(paint('dim', `a${paint('bold', 'b')}`))).toBe('\x1b[2ma\x1b[1mb\x1b[22m\x1b[22m');
  });

  test('keeps a line one, and our own text in its lines', () => {
    expect(shownLine('a\r\nb\u2028c')).toBe('a\\r\\nb\\u2028c\n');
    expect(shownText('a\nb\x1b[2J\n')).toBe('a\nb\\x1b[2J\n');
  });

  test('may be passed twice', () => {
    const text = `${paint('green', HOSTILE)} ${HOSTILE} 🌱`;
    expect(tame(tame(text))).toBe(tame(text));
    expect(obeyed(shown(text), { colours: true })).toBeUndefined();
  });

  test('leaves what a terminal only shows as it is', () => {
    const text = '日本語 👩‍💻 é ﷽ naïve — “quoted”';
    expect(shown(text)).toBe(text);
  });

  test('escapes in JSON what JSON does not, so that the values stay', () => {
    const documentOf = (text: string) => ({ [text]: [text, '\x00\t\n'], emoji: '👩‍💻' });
    const json = shownJson(documentOf(HOSTILE), 2);
    // But for the half of a character at its end, which no program could read.
    expect(JSON.parse(json)).toEqual(documentOf(HOSTILE.toWellFormed()));
    expect(obeyed(json, { colours: false })).toBeUndefined();
    expect(json).toContain('👩‍💻');
  });
});

describe('nothing that a terminal obeys gets through, whatever is typed, when', () => {
  test.each([
    ['training', 'training'],
    ['failed', 'failed'],
    ['unknown', HOSTILE],
  ])('all that the daemon says is hostile, and the status is %s', async (_what, status) => {
    const home = await hostileHome();
    await hostileDaemon(home, { status });
    expect(await gettingThrough(home, [], true)).toEqual([]);
    expect(await gettingThrough(home, [], false)).toEqual([]);
    expect(await gettingThrough(home, ['--json'], true)).toEqual([]);
  });

  test('there is no daemon, and the path of the registry is hostile', async () => {
    const cli = await commandLine();
    // Short, for a socket has to have room below it.
    const dataDir = join(cli.home, '\x1b[2J\nerror: try: x\u202e');
    await mkdir(dataDir);
    await chmod(dataDir, 0o777);
    await writeFile(join(dataDir, 'registry.json'), '{');
    for (const command of ['ls', 'status', 'doctor', 'daemon logs', 'daemon status']) {
      const { stdout, stderr } = await cli.run([...command.split(' '), '--no-start'], {
        env: { CODEBASE_GARDENER_DATA_DIR: dataDir },
      });
      expect(stdout + stderr).toContain(command === 'daemon status' ? '' : '\\x1b[2J\\nerror: try: x\\u202e');
      expect(obeyed(stdout + stderr, { colours: false })).toBeUndefined();
    }
  });
});

test('what the daemon says of a file goes through as well', async () => {
  const dataDir = await temporaryDirectory();
  const name = '\x9b31m\u202e';
  await writeFile(
    join(dataDir, 'registry.json'),
    JSON.stringify({ version: '1.2', projects: { [name]: {} } }),
  );
  const words = [builtProgram('gardenerd.js'), '--check', '--data-dir', dataDir];
  const { stdout } = spawnSync(process.execPath, words, { encoding: 'utf8', env: environment(dataDir) });
  expect(JSON.parse(stdout)).toMatchObject({ fault: { message: expect.stringContaining(name) } });
  expect(obeyed(stdout, { colours: false })).toBeUndefined();
});

test('a program reads from --json what the daemon said, to the letter', async () => {
  const home = await hostileHome();
  await hostileDaemon(home);
  const { run } = terminal({ home });
  const { stdout } = await run(['show', 'x', '--json']);
  const said = JSON.stringify(hostile(EXAMPLE_PROJECT));
  // But for the half of a character at the end of each text, which no program could read.
  const whole = JSON.parse(said.replaceAll(String.raw`\ud83c`, '\ufffd')) as object;
  // And what the command line adds of its own.
  expect(JSON.parse(stdout)).toEqual({ ...whole, ahead: null });
});

test('candidates for completing are only such as can be typed, and their descriptions are tame', async () => {
  const home = await temporaryDirectory();
  const { connect, codebase } = await startDaemon({ dataDir: home });
  const source_path = await codebase(`api${HOSTILE.toWellFormed()}`);
  await (await connect()).call('projects.register', { name: 'api', source_path });
  await mkdir(join(home, 'backups'), { recursive: true });
  const good = '20260101T000000.000Z-edit';
  for (const name of [good, LINE]) await writeFile(join(home, `backups/registry-${name}.json`), '{}');
  const { run, env } = terminal({ home });
  env['CODEBASE_GARDENER_DATA_DIR'] = home;
  const projects = (await run(['__complete', '--line', 'gardener show '])).stdout;
  expect(projects).toMatch(/^api\t.*\\x1b\[2J\\r\\nerror: try: rm -rf/);
  expect(obeyed(projects.replace('\t', ''), { colours: false })).toBeUndefined();
  expect((await run(['__complete', '--line', 'gardener restore '])).stdout).toBe(`${good}\n`);
});

describe('what is watched', () => {
  const at = '2026-01-05T12:00:00.000Z';
  const project = hostile(EXAMPLE_PROJECT) as Project;

  test.each([
    { type: 'resync', projects: [project], active_project: null },
    { type: 'registered', project_id: 'x', project },
    { type: 'updated', project_id: 'x', project, previous: { ...project, [HOSTILE]: 1 } },
    { type: 'removed', project_id: 'x', previous: project },
    { type: 'activated', project_id: 'x', project, previous: null },
    { type: 'training', project_id: 'x', project },
    { type: 'training', project_id: 'x', project: { ...project, training_status: 'failed' } },
    { type: 'progress', project_id: 'x', project },
    { type: 'problem', problem: { kind: 'x', message: HOSTILE, line: 1, column: 1, since: HOSTILE } },
  ])('a line of $type is one line', (event) => {
    const whole = { origin: 'file', at, cursor: 'e:1', ...event } as unknown as WatchEvent;
    const line = shownLine(eventLine(whole, false, { shortPath: (path) => path, tildes: (text) => text }));
    expect(obeyed(line, { colours: false })).toBeUndefined();
    expect(line.match(/\n/g)).toHaveLength(1);
  });

  test.each(['training', 'completed', 'failed', 'not_started'] as const)(
    'the table is tame and as wide as the terminal with a project that is %s and has no dates',
    (training_status) => {
      const state = new WatchState();
      const projects = [{ ...project, training_status }];
      state.apply({
        type: 'resync',
        projects,
        active_project: null,
        problem: null,
        read_only: false,
        origin: 'rpc',
        at,
        cursor: 'e:1',
      });
      state.problem = { kind: 'invalid_file', message: HOSTILE, since: HOSTILE };
      for (const columns of [20, 80, 200]) {
        const lines = watchTable(state, { columns, rows: 20, now: 0, paint: (_style, text) => text });
        expect(lines.map((line) => obeyed(line, { colours: false })).filter(Boolean)).toEqual([]);
        expect(lines.filter((line) => textWidth(line) > columns)).toEqual([]);
      }
      // A timer with no number fires at once, and again.
      expect(staleAfter(state.inOrder(), 0)).toBeUndefined();
    },
  );

  test('is drawn anew for the sake of a date beside one that is none', () => {
    const state = new WatchState();
    const dated = { ...EXAMPLE_PROJECT, project_id: 'dated', last_updated: at };
    state.apply({
      type: 'resync',
      projects: [project, dated],
      active_project: null,
      problem: null,
      read_only: false,
      origin: 'rpc',
      at,
      cursor: 'e:1',
    });
    expect(staleAfter(state.inOrder(), Date.parse(at))).toBe(60_000);
  });
});

test('text gets to the terminal through the gate only', () => {
  // The compiler refuses other text on the streams of the host; these have the process's own.
  const allowed = new Map([
    ['main.ts', 'gives them to the host'],
    ['mcp/mcp.ts', 'keeps standard output for the protocol'],
    ['terminal/screen.ts', 'moves the cursor, around lines that it passes through the gate'],
    ['train/process/passage.ts', 'puts what is told between the lines that a trainer prints'],
    ['train/process/process.ts', 'passes on the bytes of a trainer, whose terminal it is too'],
    ['train/progress-line.ts', 'asks whether the end of a line is still to be written'],
    ['watch/watch.ts', 'waits until there is room'],
  ]);
  const directory = fileURLToPath(new URL('../../../client/cli', import.meta.url));
  const files = readdirSync(directory, { recursive: true, encoding: 'utf8' }).filter((file) =>
    file.endsWith('.ts'),
  );
  const direct = files.filter((file) =>
    /\bprocess\.std(out|err)\b|\bstd(out|err) } = process\b|\bconsole\./.test(
      readFileSync(join(directory, file), 'utf8'),
    ),
  );
  expect(direct.toSorted()).toEqual([...allowed.keys()]);
  const makers = files.filter((file) => /as Shown\b/.test(readFileSync(join(directory, file), 'utf8')));
  expect(makers).toEqual(['terminal/gate.ts']);
});
