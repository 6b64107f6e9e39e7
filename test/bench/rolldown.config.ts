/** The programs of the benchmark, so that they run on any Node; the packages stay outside, as in other programs. */
import { defineConfig } from 'rolldown';

const programs: Record<string, string> = {
  main: 'main.ts',
  load: 'load.ts',
  'loop-watch': 'loop-watch.ts',
  floor: 'servers/floor.ts',
  jayson: 'servers/jayson.ts',
  'vscode-jsonrpc': 'servers/vscode-jsonrpc.ts',
  'cold-registry': 'cold/registry.ts',
  'cold-floor': 'cold/floor.ts',
  'cold-redis': 'cold/redis.ts',
  'cold-sqlite': 'cold/sqlite.ts',
};

// One by one, so that none loads what another one needs.
export default defineConfig(
  Object.entries(programs).map(([name, entry]) => ({
    input: { [name]: `${import.meta.dirname}/${entry}` },
    platform: 'node' as const,
    external: (id: string) => !/^[./]/.test(id),
    transform: { target: 'node20' },
    output: { dir: `${import.meta.dirname}/dist`, format: 'esm' as const, codeSplitting: false },
  })),
);
