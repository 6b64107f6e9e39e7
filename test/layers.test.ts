/** Imports point one way. Who may import whom, and why, is the table; the rest sees to it that the table is meant. */
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, test } from 'vitest';
import { allImports, cycles, type Rule, violations } from './support/imports.ts';

/** Shared by both sides of the socket; each is small and brings nothing with it. */
const COMMON = [
  'src/system/',
  'src/claim/beside.ts',
  'src/claim/for-root.ts',
  'src/claim/killed-process.ts',
  'src/claim/private-directory.ts',
  'src/claim/process-ids.ts',
  'src/flags.ts',
  'src/paths.ts',
  'src/version.ts',
];
/** What the library and the command line may take from the daemon's side into their bundles. */
const THIN = [
  ...COMMON,
  'src/domain/backup-names.ts',
  'src/domain/errors.ts',
  'src/domain/limits.ts',
  'src/domain/project.ts',
  'src/domain/training/output.ts',
  'src/domain/training/record.ts',
  'src/domain/training/waiting.ts',
  'src/domain/values/json.ts',
  'src/domain/values/names.ts',
  'src/domain/values/refusal.ts',
  'src/domain/values/text.ts',
  'src/domain/values/trash-names.ts',
  'src/protocol/errors.ts',
  'src/protocol/limits.ts',
  'src/protocol/version.ts',
  'client/service/ask.ts',
  'client/service/installed.ts',
  'client/service/version.ts',
];

interface Layer extends Rule {
  /** A file that the rule refuses: a rule that cannot be broken says nothing. */
  readonly offence: readonly [file: string, source: string];
}

const RULES: Record<string, Layer> = {
  'the ground floor carries everything and knows nothing': {
    files: ['src/system/'],
    own: [],
    packages: ['node:'],
    reason: 'it is what Node leaves out, on both sides of the socket, and must not bring a package to either',
    offence: ['src/system/small-file.ts', "import { resolvePaths } from '../paths.ts';"],
  },
  'the domain knows nobody': {
    files: ['src/domain/'],
    own: [],
    packages: ['node:crypto', 'zod', 'fastest-levenshtein'],
    reason:
      'pure rules are tested as tables and hold wherever they run; time, ids and paths come in as arguments',
    offence: ['src/domain/project.ts', "import { readFile } from 'node:fs/promises';"],
  },
  'the protocol knows the domain': {
    files: ['src/protocol/'],
    own: ['src/domain/', ...COMMON],
    types: ['src/log.ts'],
    reason: 'what both sides agree on must not depend on how one of them stores or serves',
    offence: ['src/protocol/wire.ts', "import { Store } from '../store/store.ts';"],
  },
  'a claim knows paths only': {
    files: ['src/claim/'],
    own: COMMON,
    types: ['src/log.ts'],
    reason:
      'who may serve a directory is settled before anything in it is read, and by whoever is told of it',
    offence: ['src/claim/claim.ts', "import { replaceFile } from '../store/file/atomic-file.ts';"],
  },
  'the store knows the domain': {
    files: ['src/store/'],
    own: ['src/domain/', ...COMMON],
    types: ['src/log.ts'],
    reason: 'the file is kept safe whatever protocol its changes arrive by, and a log is given, not opened',
    offence: ['src/store/store.ts', "import { openLog } from '../log.ts';"],
  },
  'a store keeps its parts to itself': {
    files: ['src/'],
    except: ['src/store/'],
    never: ['file/', 'find.ts', 'outside.ts', 'parts.ts', 'start.ts', 'unusable-file.ts', 'writer.ts'].map(
      (part) => `src/store/${part}`,
    ),
    reason: 'whoever held one could look at the file, or write it, past the queue',
    offence: ['src/daemon.ts', "import { FileWatch } from './store/file/watch.ts';"],
  },
  'the services know domain, protocol and store': {
    files: ['src/services/'],
    own: ['src/domain/', 'src/protocol/', 'src/store/', ...COMMON],
    types: ['src/log.ts'],
    reason:
      'what the daemon does for a caller must not depend on how the call came in or the answer goes out',
    offence: ['src/services/training/leases.ts', "import { Connection } from '../../server/connection.ts';"],
  },
  'the handlers stand on the services': {
    files: ['src/services/'],
    except: ['src/services/handlers/'],
    never: ['src/services/handlers/'],
    reason: 'a service is to be had without the methods that call it',
    offence: ['src/services/training/trainings.ts', "import type { Handler } from '../handlers/types.ts';"],
  },
  'one object has the trainings': {
    files: ['src/'],
    except: ['src/services/training/'],
    never: [
      'src/services/training/changes.ts',
      'src/services/training/errors.ts',
      'src/services/training/leases.ts',
      'src/services/training/waiting.ts',
    ],
    reason: 'who begins or ends a lease beside it would wake nobody, and leave reserved what is not taken',
    offence: ['src/services/handlers/training.ts', "import { Leases } from '../training/leases.ts';"],
  },
  'the server knows what is called, not what it is done with': {
    files: ['src/server/'],
    own: ['src/domain/', 'src/protocol/', ...COMMON],
    types: ['src/services/', 'src/log.ts'],
    reason: 'bytes in and bytes out: handlers are given to it, and the daemon wires it up',
    offence: ['src/server/listener.ts', "import type { Daemon } from '../daemon.ts';"],
  },
  'the service knows paths only': {
    files: ['client/service/'],
    own: COMMON,
    reason:
      'a daemon is installed and removed whether it runs or not, and what it serves is no concern of launchd',
    offence: ['client/service/launchd/launchd.ts', "import { Store } from '../../../src/store/store.ts';"],
  },
  'the client library is thin': {
    files: ['client/'],
    except: ['client/cli/', 'client/mcp/', 'client/service/'],
    own: THIN,
    types: ['src/protocol/', 'src/domain/'],
    packages: ['ignore', 'json-rpc-2.0', 'node:'],
    reason:
      'it is loaded by editors and on every prompt, so it must never bring zod, pino or the store with it',
    offence: ['client/client.ts', "import { methods } from '../src/protocol/methods.ts';"],
  },
  'what serves agents is a client': {
    files: ['client/mcp/'],
    own: ['client/', 'src/domain/', 'src/protocol/', ...COMMON],
    packages: ['@modelcontextprotocol/', 'node:', 'zod'],
    reason:
      'what an agent can do, the socket can do; schemas it may take from the catalogue, as the protocol of agents brings their package with it',
    offence: ['client/mcp/server.ts', "import { Store } from '../../src/store/store.ts';"],
  },
  'the command line is a client': {
    files: ['client/cli/'],
    own: ['client/', ...THIN],
    types: ['src/protocol/', 'src/domain/'],
    reason: 'whatever it can do, any other client can do: it sees the registry through the socket',
    offence: ['client/cli/doctor/doctor.ts', "import { Store } from '../../../src/store/store.ts';"],
  },
  'of the command line, only the doctor and completion read what the registry is kept in': {
    files: ['client/cli/'],
    except: ['client/cli/doctor/', 'client/cli/completion/complete.ts'],
    never: ['client/cli/doctor/stored-registry.ts', 'client/cli/completion/stored.ts'],
    reason:
      'what the files say is the daemon’s to say, which may be on another machine; the doctor is for when none can start, and the tabulator key wakes none',
    offence: [
      'client/cli/backups/restore.ts',
      "import { readStoredRegistry } from '../doctor/stored-registry.ts';",
    ],
  },
  'others that know its files by name only list them': {
    files: ['client/cli/'],
    except: ['client/cli/doctor/', 'client/cli/completion/complete.ts', 'client/cli/daemon/left-content.ts'],
    never: ['src/domain/backup-names.ts'],
    reason:
      'the tabulator key wakes no daemon, and one that has ended can tell no more of what it left; whoever else wants a file asks',
    offence: [
      'client/cli/backups/import.ts',
      "import { LAST_GOOD } from '../../../src/domain/backup-names.ts';",
    ],
  },
  'nobody imports the command line': {
    files: ['src/', 'client/'],
    except: ['client/cli/'],
    never: ['client/cli/'],
    reason: 'programs stand at the edge: what others need of one belongs in the library',
    offence: ['client/reach/connect.ts', "import { layTable } from '../cli/terminal/table.ts';"],
  },
  'the daemon does not import its clients': {
    files: ['src/'],
    never: ['client/'],
    reason: 'it would answer itself, and each change of the library would be a change of the daemon',
    offence: ['src/daemon.ts', "import type { Client } from '../client/client.ts';"],
  },
  'nobody imports the tests': {
    files: ['src/', 'client/'],
    never: ['test/'],
    reason: 'tests are not published',
    offence: ['src/main.ts', "import { until } from '../test/support/until.ts';"],
  },
};

const root = fileURLToPath(new URL('..', import.meta.url));
const files = ['src', 'client'].flatMap((folder) =>
  readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' })
    .filter((file) => file.endsWith('.ts'))
    .map((file) => `${folder}/${file}`),
);
const imports = allImports(new Map(files.map((file) => [file, readFileSync(join(root, file), 'utf8')])));

describe.each(Object.entries(RULES))('%s', (_, rule) => {
  test(`because ${rule.reason}`, () => {
    expect(violations(imports, rule)).toEqual([]);
  });

  test(`which refuses an offender such as ${rule.offence[0]}`, () => {
    expect(violations(allImports(new Map([rule.offence])), rule)).toHaveLength(1);
  });
});

test('no imports go round, because of two files that need each other neither is ready first', () => {
  // Types may: they are gone when the files run.
  expect(cycles(imports.filter(({ kind }) => kind === 'value'))).toEqual([]);
});

test('of the command line, only the doctor and completion know where the registry and its backups are kept', () => {
  const others = files.filter((file) => /^client\/cli\/(?!doctor\/)/.test(file));
  const knowing = others.filter((file) =>
    /registryFile|backupsDir/.test(readFileSync(join(root, file), 'utf8')),
  );
  expect(knowing).toEqual(['client/cli/completion/complete.ts']);
});

test('each rule is about files that exist', () => {
  for (const place of Object.values(RULES).flatMap((rule) => rule.files)) {
    expect(files.filter((file) => file.startsWith(place))).not.toEqual([]);
  }
  for (const { offence } of Object.values(RULES)) {
    const offered = allImports(new Map([offence])).map(({ to }) => to);
    expect(offered.filter((to) => /^(src|client)\//.test(to) && !files.includes(to))).toEqual([]);
  }
});

/** Whoever looks for something looks through one folder, and reads one file, at a time. */
const MAX_FILES = 14;
const MAX_LINES = 300;

test(`no folder has more than ${MAX_FILES} files, and no file more than ${MAX_LINES} lines: split it along an idea`, () => {
  const inside = new Map<string, number>();
  for (const file of files) inside.set(dirname(file), (inside.get(dirname(file)) ?? 0) + 1);
  const crowded = [...inside].filter(([, count]) => count > MAX_FILES).map(([folder]) => folder);
  const long = files.filter(
    (file) => readFileSync(join(root, file), 'utf8').split('\n').length > MAX_LINES + 1,
  );
  expect([...crowded, ...long]).toEqual([]);
});
