/** What the screen looks like, at the widths that terminals have. */
import { expect, test } from 'vitest';
import { Context, type Host, type Output } from '../../../client/cli/context.ts';
import type { Glance } from '../../../client/cli/home/glance.ts';
import { printGlance } from '../../../client/cli/home/screen.ts';
import { toWire, type WireProject } from '../../../src/domain/encoding.ts';
import { blankTraining, type Project } from '../../../src/domain/project.ts';
import { findMethod } from '../../../src/protocol/methods.ts';
import { VERSION } from '../../../src/version.ts';
import { HOSTILE, obeyed } from '../../support/hostile.ts';
import { project as projectOf } from '../../support/projects.ts';
import { rendered } from '../../support/rendered.ts';

const NOW = Date.parse('2026-03-01T12:00:00.000Z');
const ago = (minutes: number): string => new Date(NOW - minutes * 60_000).toISOString();

let count = 0;
function project(name: string, fields: Partial<Project> = {}): WireProject {
  count += 1;
  return toWire(projectOf(count, { name, source_path: `/home/ada/src/${name}`, ...fields }));
}

function training(name: string, minutes: number, left: number | null, said: object = {}): WireProject {
  const started_at = ago(minutes);
  const record = { ...blankTraining(), started_at, holder: { name: 'python3' }, progress: 0.64, ...said };
  const one = project(name, { training_status: 'training', training: record });
  return { ...one, training: { ...record, eta_s: left } };
}

function failed(name: string, minutes: number, error: string): WireProject {
  const record = { ...blankTraining(), updated_at: ago(minutes), error, outcome: 'failed' as const };
  return project(name, { training_status: 'failed', training: record });
}

const web = project('web');
const payments = project('payments', { retrain_requested: { at: ago(60), reason: 'new base model' } });
const fastidx = project('fastidx');
const newest = project('lora-trainer', { training_status: 'completed', last_trained: ago(3) });
const old = Array.from({ length: 13 }, (_, n) => project(`old${n}`, { training_status: 'completed' }));
const exampleOf = (method: string) => findMethod(method)?.example.result as object;

/** That of somebody for whom much is going on. */
const BUSY: Glance = {
  daemon: { ...exampleOf('daemon.status'), version: VERSION, build: undefined } as Glance['daemon'],
  registry: {
    ...(exampleOf('registry.info') as Glance['registry']),
    file: '/home/ada/.codebase-gardener/registry.json',
    project_count: 20,
  },
  place: null,
  active: payments,
  here: { project: web, resolved_by: 'cwd', unregistered: null, problem: null, remedy: null },
  training: [training('huge', 12, 400, { message: 'epoch 4, loss 0.21' })],
  waiting: [payments, project('mono-api'), fastidx],
  failed: [failed('engine', 130, 'exit code 1\nCUDA out of memory. Tried to allocate 20 GiB')],
  trained: [newest, ...old],
  stale: [],
  gone: [{ project: fastidx, moved_to: '/home/ada/src/moved/fastidx2' }],
  silent: false,
};

/** The same where nothing goes on. */
const QUIET: Glance = { ...BUSY, training: [], waiting: [], failed: [], trained: [], gone: [] };

async function seen(glance: Glance, columns: number): Promise<string[]> {
  return await rendered(printed(glance, columns), columns);
}

/** @param columns of the terminal; undefined for none */
function printed(glance: Glance, columns: number | undefined, env: NodeJS.ProcessEnv = {}): string {
  let written = '';
  const stdout: Output = { isTTY: columns !== undefined, columns, write: (text) => (written += text) };
  const host = { stdout, stderr: stdout, env, home: '/home/ada', now: () => NOW, cwd: () => '/home/ada/new' };
  printGlance(new Context(host as unknown as Host, [], { start: true }, (text) => text), glance);
  return written;
}

test('at 100 columns commands stand at the right, or below what leaves no room for them', async () => {
  expect(await seen(BUSY, 100)).toEqual([
    'here      web  (around the working directory)      active  payments',
    'training  huge     ███████░░░░░ 64%  epoch 4, loss 0.21  12 min, about 7 min left  python3',
    'waiting   3        payments (new base model), mono-api, fastidx  gardener train --claim -- <command>',
    'failed    engine   2 h ago  CUDA out of memory. Tried to allocate 20 GiB    gardener logs engine',
    'moved?    fastidx  ~/src/fastidx is gone; ~/src/moved/fastidx2 has the same history',
    '                   gardener mv fastidx ~/src/moved/fastidx2',
    'trained   14 of 20, newest lora-trainer 3 min ago',
    'daemon    running, no problems                                      gardener --help for all commands',
  ]);
});

test('at 80 columns lines lose what matters least', async () => {
  expect(await seen(BUSY, 80)).toEqual([
    'here      web  (around the working directory)      active  payments',
    'training  huge     █████░░░ 64%  epoch 4, loss 0.21  12 min, about 7 min left',
    'waiting   3        payments (new base model), mono-api, fastidx',
    '                   gardener train --claim -- <command>',
    'failed    engine   2 h ago  CUDA out of memory. Tried to allocate 20 GiB',
    '                   gardener logs engine',
    'moved?    fastidx  ~/src/moved/fastidx2 has the same history',
    '                   gardener mv fastidx ~/src/moved/fastidx2',
    'trained   14 of 20, newest lora-trainer 3 min ago',
    'daemon    running, no problems    gardener --help for all commands',
  ]);
});

test('at 40 columns what is left is whole', async () => {
  expect(await seen(BUSY, 40)).toEqual([
    'here      web      active  payments',
    'training  huge  64%  about 7 min left',
    'waiting   3  payments, mono-api, fastidx',
    '  gardener train --claim -- <command>',
    'failed    engine  2 h ago',
    '  gardener logs engine',
    'moved?    fastidx',
    // A command that is wider is never cut: the terminal breaks it, and gives it back whole where it is copied.
    '  gardener mv fastidx ~/src/moved/fastid',
    'x2',
    'trained   14 of 20, newest lora-trainer',
    'daemon    running, no problems',
    '  gardener --help for all commands',
  ]);
});

test('at 20 columns names and numbers are left', async () => {
  const lines = (await seen(BUSY, 20)).filter((line) => /^\S{3,} {2,}/.test(line));
  expect(lines).toEqual([
    'here      web',
    'active    payments',
    'training  huge  64%',
    'waiting   3',
    'failed    engine',
    'moved?    fastidx',
    'trained   14 of 20',
    'daemon    running',
  ]);
});

test('a terminal that does not tell its width is taken for one of 80 columns', async () => {
  expect(printed(BUSY, 0)).toBe(printed(BUSY, 80));
  expect(printed(BUSY, 0, { TERM: 'dumb' })).toBe(printed(BUSY, 80, { NO_COLOR: '1' }));
});

test('piped, each fact has a line of its own, however long, with the path of the active project', async () => {
  expect(printed(BUSY, undefined).split('\n')).toEqual([
    'here      web  (around the working directory)',
    'active    payments  ~/src/payments',
    'training  huge     ███████░░░░░ 64%  epoch 4, loss 0.21  12 min, about 7 min left  python3',
    'waiting   3        payments (new base model), mono-api, fastidx    gardener train --claim -- <command>',
    'failed    engine   2 h ago  CUDA out of memory. Tried to allocate 20 GiB    gardener logs engine',
    'moved?    fastidx  ~/src/fastidx is gone; ~/src/moved/fastidx2 has the same history    gardener mv fastidx ~/src/moved/fastidx2',
    'trained   14 of 20, newest lora-trainer 3 min ago',
    'daemon    running, no problems    gardener --help for all commands',
    '',
  ]);
});

test('of many things some are shown, with the command for the rest', async () => {
  const names = Array.from({ length: 6 }, (_, n) => `p${n}`);
  const many: Glance = {
    ...QUIET,
    training: names.map((name) => training(name, 2, null, { progress: null, message: null })),
    waiting: Array.from({ length: 10_000 }, (_, n) => project(`w${n}`)),
    failed: names.map((name) => failed(name, 5, 'first words\nlast words')),
    gone: names.map((name) => ({ project: project(name), moved_to: null })),
  };
  expect((await seen(many, 80)).slice(1, -2)).toEqual([
    'training  p0      2 min  python3',
    'training  p1      2 min  python3',
    'training  p2      2 min  python3',
    '          and 3 more                                   gardener watch',
    'waiting   10,000  w0, w1, w2, w3, w4 and 9,995 more',
    '                  gardener train --claim -- <command>',
    'failed    p0      5 min ago  last words  and 5 more    gardener logs p0',
    'gone      p0      ~/src/p0                            gardener mv p0 <directory>',
    'gone      p1      ~/src/p1                            gardener mv p1 <directory>',
    'gone      p2      ~/src/p2                            gardener mv p2 <directory>',
    '          and 3 more                                   gardener doctor',
  ]);
});

test('where no project is meant, or its codebase is in none, the line says what to do', async () => {
  const first = async (here: Partial<Glance['here']>, more: Partial<Glance> = {}): Promise<string[]> =>
    (await seen({ ...QUIET, here: { ...QUIET.here, ...here }, ...more }, 80)).slice(0, 2);
  expect(await first({ resolved_by: 'active', unregistered: '/home/ada/new' })).toEqual([
    'here      not registered  (web is meant)    gardener add .',
    'active    payments',
  ]);
  expect(await first({ resolved_by: 'active', unregistered: "/home/ada/it's" })).toEqual([
    `here      not registered  (web is meant)    gardener add ~/'it'\\''s'`,
    'active    payments',
  ]);
  expect(await first({ project: null, resolved_by: null }, { active: null })).toEqual([
    'here      no project',
    'active    none                    gardener use <project>',
  ]);
  expect(await first({ project: null, resolved_by: null, problem: 'no project is called "nope"' })).toEqual([
    'here      no project is called "nope"      active  payments',
    'trained   none of 20',
  ]);
});

test('what is wrong is told to its end, with what helps', async () => {
  const problem = {
    kind: 'invalid_file' as const,
    message: 'cannot use ~/.codebase-gardener/registry.json: projects.x.name: is missing',
    line: 3,
    column: 7,
    since: ago(5),
    remedy: 'mend it, or gardener restore last-good',
  };
  const wrong: Glance = {
    ...QUIET,
    registry: { ...QUIET.registry, file: '/data/registry.json', read_only: true, problem },
    daemon: { ...QUIET.daemon, version: '9.9.9' },
    place: { where: 'on another machine, build7', directory: null },
    stale: [{ ...web, ahead: 12 }],
    silent: true,
  };
  expect(await seen(wrong, 80)).toEqual([
    'here      web  (around the working directory)      active  payments',
    'gone      cannot be told: a disk does not answer    gardener doctor',
    'stale     web  12 commits since it was trained      gardener retrain web',
    'trained   none of 20',
    'problem   cannot use ~/.codebase-gardener/registry.json: projects.x.name: is',
    '          missing (line 3, column 7), noticed 5 min ago',
    'changes   refused until that is over: mend it, or gardener restore last-good',
    'file      /data/registry.json',
    'which is  on another machine, build7',
    'build     version 9.9.9',
    'daemon    running, but see the problem          gardener --help for all commands',
  ]);
  const writable = { ...wrong, registry: { ...wrong.registry, read_only: false } };
  expect(await seen(writable, 80)).toContain('try       mend it, or gardener restore last-good');
  const { remedy: _remedy, ...bare } = wrong.registry.problem ?? {};
  const broken = { ...wrong, registry: { ...BUSY.registry, read_only: true, problem: bare } } as Glance;
  expect(await seen(broken, 80)).toEqual(
    expect.arrayContaining([
      'changes   refused until you mend the file, or restore a backup',
      'try       gardener backups, which lists the earlier contents that are kept',
      'file      ~/.codebase-gardener/registry.json',
    ]),
  );
  const empty = { ...broken, active: null, registry: { ...broken.registry, project_count: 0 } };
  expect(await seen(empty, 80)).toContain('projects  none');
});

test.each([undefined, 0, 20, 80])('nothing that somebody else wrote is obeyed at %s columns', (columns) => {
  const name = `-${HOSTILE}`;
  const bad: Glance = {
    ...BUSY,
    active: project(name),
    here: {
      project: project(name),
      resolved_by: 'active',
      unregistered: `/home/ada/${HOSTILE}`,
      problem: null,
      remedy: null,
    },
    training: [training(name, 1, 60, { phase: HOSTILE, message: HOSTILE, holder: { name: HOSTILE } })],
    waiting: [project(name, { retrain_requested: { at: 'no date', reason: HOSTILE } })],
    failed: [failed(name, 1, `${HOSTILE}\n${HOSTILE}`)],
    gone: [{ project: project(name), moved_to: `/home/ada/${HOSTILE}` }],
    trained: [project(name, { last_trained: HOSTILE })],
    stale: [{ ...project(name), ahead: 1 }],
  };
  const text = printed(bad, columns);
  expect(obeyed(text, { colours: true })).toBeUndefined();
  // Neither run where it is copied.
  expect(text).toContain("gardener logs -- $'-\\x1b]0;x");
  expect(
    obeyed(printed({ ...bad, here: { ...bad.here, problem: HOSTILE } }, columns), { colours: true }),
  ).toBeUndefined();
});
