/** What is published: the client library and the two programs, each with all that it needs. */
import { chmodSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, resolve } from 'node:path';
import { defineConfig, type OutputOptions, type Plugin, type RolldownOptions } from 'rolldown';
import { declarationsText } from './build/declarations/declarations.ts';
import { documents } from './build/documents.ts';
import { buildTime, sourcesId } from './build/id.mjs';
import { fileSchemaText } from './src/store/format/file-schema.ts';

/** Where it is put together; `npm run build` moves it to `dist/` when it is complete. */
const DIST = 'dist.new';
type Splitting = NonNullable<OutputOptions['codeSplitting']>;
const SHEBANG = '#!/usr/bin/env node';

const BUILT_AT = buildTime();
const BUILD_ID = sourcesId('.');
const BUILD = JSON.stringify({ id: BUILD_ID, built_at: BUILT_AT });
const DEFINED = {
  // write-file-atomic names its temporary files after it, and an ES module does not have it.
  __filename: 'import.meta.filename',
  BUNDLED_BUILD: BUILD,
  BUNDLED_SCHEMA: JSON.stringify(fileSchemaText()),
};

/**
 * What is in one file though not all commands need it: to open a file takes a millisecond of the start, which a bundler
 * does not know. What each command loads, what the screen of `gardener` alone does, and what serves an agent, with the
 * protocol's packages, which nobody else may need.
 *
 * Without the entry: what is loaded later would wait for it, which waits for that.
 */
const TOGETHER: Splitting = {
  groups: [
    { name: 'always', tags: ['$initial'], test: (id) => !id.endsWith('/client/cli/main.ts'), priority: 3 },
    { name: 'home', test: /\/client\/cli\/home\/(?!moved)/, priority: 2 },
    // What serves an agent needs it, too, and must not be loaded for it.
    { name: 'library', test: /\/client\/(codebase|training)\//, minShareCount: 2, priority: 1 },
    { name: 'mcp-server', test: /\/client\/mcp\/|\/node_modules\/(@modelcontextprotocol|zod)\// },
  ],
};

/** What few programs need of the library: what is loaded there. */
const LATE = Array.from(
  readFileSync('client/late.ts', 'utf8').matchAll(/import\('(.*)'\)/g),
  ([, path = '']) => join('client', path),
);
/** Of another name in each build: a program that was upgraded below must not take that of another one for its own. */
const LATE_FILE = `index-${BUILD_ID}`;
/** What there must be only once, as `instanceof` asks for it: all that is imported of these the library exports. */
const ERRORS = ['client/errors.ts', 'src/domain/errors.ts'];

/** The packages whose code is in what was built so far, by directory. */
const bundled = new Set<string>();

export default defineConfig([
  // In two files, each by itself: what both need is in both, as a third one to open costs more of a start than it saves.
  bundle('index', 'client/index.ts', {
    alias: clientsOnly(),
    codeSplitting: false,
    plugins: [inFile(`./${LATE_FILE}.js`, LATE, 'dynamic-import'), declarations()],
  }),
  bundle(LATE_FILE, 'late', {
    codeSplitting: false,
    plugins: [together('late', LATE), inFile('./index.js', ERRORS)],
  }),
  bundle('gardener', 'client/cli/main.ts', {
    alias: { ...clientsOnly(), '@modelcontextprotocol/server/_shims': resolve('build/agents-shims.ts') },
    banner: SHEBANG,
    codeSplitting: TOGETHER,
  }),
  bundle('gardenerd', 'src/gardenerd.ts', { banner: SHEBANG, plugins: [papers()] }),
]);

/**
 * One file for what an entry always needs, and one beside it for each part that it loads when it is asked for: most
 * of the command line is for other commands than the one that was given.
 *
 * All files are in one directory, because the client starts the daemon that lies beside it. They are not minified: a
 * start would be shorter by a twentieth at most, and the log's stack traces would name nothing.
 */
function bundle(
  name: string,
  entry: string,
  {
    alias = {},
    banner = '',
    codeSplitting = true,
    plugins = [],
  }: { alias?: Record<string, string>; banner?: string; codeSplitting?: Splitting; plugins?: Plugin[] },
): RolldownOptions {
  return {
    input: { [name]: entry },
    platform: 'node',
    // The main file of jsonc-parser is UMD, whose requires no bundler sees.
    resolve: { mainFields: ['module', 'main'], alias },
    transform: { target: 'node20', define: DEFINED },
    output: {
      dir: DIST,
      format: 'esm',
      codeSplitting,
      // What is told of the library stands in its types; comments would be a quarter of what is read at a start.
      comments: { jsdoc: false },
      chunkFileNames: `${name}-[name].js`,
      postBanner: ({ isEntry }) => (isEntry ? banner : ''),
    },
    plugins: [notices(), banner !== '' && executable(), ...plugins],
    // What one command loads when it is asked for may be a fixed part of another; and a machine may be slow.
    checks: { ineffectiveDynamicImport: false, bundlerTimings: false },
    onLog(level, log, handle) {
      // A build that complains has not succeeded.
      handle(level === 'warn' ? 'error' : level, log);
    },
  };
}

/** A client needs a third of json-rpc-2.0, and from CommonJS a bundler leaves nothing out. */
function clientsOnly(): Record<string, string> {
  return { 'json-rpc-2.0': 'json-rpc-2.0/dist/client.js' };
}

/** Takes these modules from another file of the build. */
function inFile(file: string, modules: readonly string[], kind?: 'dynamic-import'): Plugin {
  const ids = new Set(modules.map((module) => resolve(module)));
  return {
    name: 'in-file',
    async resolveId(source, importer, options) {
      if (importer === undefined || (kind && options.kind !== kind)) return undefined;
      const found = await this.resolve(source, importer, { skipSelf: true });
      return found && ids.has(found.id) ? { id: file, external: true } : undefined;
    },
  };
}

/** An entry that has all that these modules export. */
function together(entry: string, modules: readonly string[]): Plugin {
  return {
    name: 'together',
    resolveId: (source) => (source === entry ? source : undefined),
    load: (id) =>
      id === entry
        ? modules.map((module) => `export * from ${JSON.stringify(resolve(module))};`).join('\n')
        : undefined,
  };
}

/** npm makes a program executable when it installs the package, but not after a build in the work tree. */
function executable(): Plugin {
  return {
    name: 'executable',
    writeBundle({ dir = DIST }, files) {
      for (const file of Object.values(files)) {
        if (file.type === 'chunk' && file.isEntry) chmodSync(join(dir, file.fileName), 0o755);
      }
    },
  };
}

/** Writes what TypeScript and editors are told of the library. */
function declarations(): Plugin {
  return {
    name: 'declarations',
    writeBundle({ dir = DIST }) {
      writeFileSync(join(dir, 'index.d.ts'), declarationsText());
    },
  };
}

/** Writes what is made of the declarations: schemas and manual pages. */
function papers(): Plugin {
  return {
    name: 'papers',
    async writeBundle({ dir = DIST }) {
      for (const [name, text] of Object.entries(await documents(BUILT_AT.toISOString())))
        writeFileSync(join(dir, name), text);
    },
  };
}

/** Writes down which build it is, and the licences of the packages that really are in it, as those licences ask. */
function notices(): Plugin {
  return {
    name: 'notices',
    writeBundle({ dir = DIST }, files) {
      for (const file of Object.values(files)) {
        for (const [id, module] of Object.entries(file.type === 'chunk' ? file.modules : {})) {
          const owner = module.renderedLength > 0 ? packageOf(id) : undefined;
          if (owner) bundled.add(owner);
        }
      }
      writeFileSync(join(dir, 'build.json'), `${BUILD}\n`);
      const parts = [...bundled].toSorted().map(notice);
      const head = 'The programs and the library in this directory contain the code of these packages.\n';
      writeFileSync(join(dir, 'THIRD-PARTY-NOTICES.txt'), [head, ...parts].join(`\n${'-'.repeat(80)}\n\n`));
    },
  };
}

/** The directory of the package that a module came from; undefined for our own. */
function packageOf(id: string): string | undefined {
  return /^.*\/node_modules\/(?:@[^/]+\/)?[^/]+/.exec(id)?.[0];
}

function notice(directory: string): string {
  const text = readFileSync(join(directory, 'package.json'), 'utf8');
  const { name, version, license } = JSON.parse(text) as { name: string; version: string; license: string };
  const files = readdirSync(directory).filter((file) => /^(licen[cs]e|copying|notice)\b/i.test(file));
  if (files.length === 0) throw new Error(`cannot bundle ${name}: no licence file in ${dirname(directory)}`);
  const texts = files.map((file) => readFileSync(join(directory, file), 'utf8').trim());
  return `${name} ${version} (${license})\n\n${texts.join('\n\n')}\n`;
}
