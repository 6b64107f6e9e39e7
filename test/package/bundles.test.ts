/** The library as a part of what somebody has bundled, with the bundler that is there; the slow test has another one. */
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { rolldown } from 'rolldown';
import { test } from 'vitest';
import { builtProgram } from '../support/cli.ts';
import { APP, assertFindsDaemon } from './bundled.ts';
import { emptyConsumer } from './packed.ts';

test('an app of CommonJS, with the library in it, finds the daemon or says how', async () => {
  const app = await emptyConsumer();
  await writeFile(join(app, 'app.js'), APP);
  const gardenerd = builtProgram('gardenerd.js');
  await mkdir(join(app, 'dist'));
  const build = await rolldown({
    input: join(app, 'app.js'),
    platform: 'node',
    // As other bundlers leave it in CommonJS.
    transform: { define: { 'import.meta.url': 'undefined' } },
    resolve: { alias: { 'codebase-gardener': join(gardenerd, '../index.js') } },
    onLog(_, { message }) {
      throw new Error(message);
    },
  });
  const bundle = join(app, 'dist', 'extension.cjs');
  await build.write({ file: bundle, format: 'cjs', codeSplitting: false });
  await build.close();
  await assertFindsDaemon(bundle, gardenerd);
});
