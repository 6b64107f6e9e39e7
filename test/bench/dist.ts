/** Where the programs under test are; `GARDENER_DIST` names another build to compare with. */
import { fileURLToPath } from 'node:url';

export const dist = process.env['GARDENER_DIST'] ?? fileURLToPath(new URL('../../../dist/', import.meta.url));

/** A program of the benchmark itself, as built. */
export function benchProgram(name: string): string {
  return fileURLToPath(new URL(`./${name}.js`, import.meta.url));
}
