/** A directory for one measurement, with a registry of a given size in it. */
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Place } from './contenders/contender.ts';
import { makeProjects, registryText } from './projects.ts';

const contents = new Map<number, string>();

export async function withPlace<T>(projects: number, run: (place: Place) => Promise<T>): Promise<T> {
  const dataDir = mkdtempSync(join(tmpdir(), 'bench-'));
  try {
    mkdirSync(join(dataDir, 'run'), { mode: 0o700 });
    const place = { dataDir, file: join(dataDir, 'registry.json'), socket: join(dataDir, 'run', 's') };
    const text =
      contents.get(projects) ?? registryText(makeProjects(projects, '/home/ada/.codebase-gardener'));
    contents.set(projects, text);
    writeFileSync(place.file, text, { mode: 0o600 });
    return await run(place);
  } finally {
    rmSync(dataDir, { recursive: true, force: true });
  }
}
