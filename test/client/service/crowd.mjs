/**
 * Clients that call without pause until standard input ends; prints what they saw.
 *
 *   node crowd.mjs LIBRARY DATA_DIR NAME CLIENTS
 *
 * Each changes its own project and reads it back: an answer that is not the change just made is an error.
 */
import { pathToFileURL } from 'node:url';

const [library, dataDir, name, clients] = process.argv.slice(2);
const { connect } = await import(pathToFileURL(library).href);
const told = { toEnd: false };
process.stdin.on('end', () => (told.toEnd = true)).resume();

const seen = { calls: 0, slowest: 0, errors: [], versions: [], warnings: [] };

async function timed(call) {
  const started = performance.now();
  const result = await call;
  seen.calls += 1;
  seen.slowest = Math.max(seen.slowest, performance.now() - started);
  return result;
}

async function work(number) {
  const client = await connect({ dataDir, onWarning: (text) => seen.warnings.push(text) });
  const project = await client.projects.register({ name: `${name}-${number}`, source_path: '/' });
  const reference = { project: project.project_id };
  process.stdout.write('ready\n');
  for (let round = 1; !told.toEnd; round += 1) {
    try {
      await timed(client.projects.update({ ...reference, metadata: { round } }));
      const { metadata } = await timed(client.projects.get(reference));
      if (metadata.round !== round)
        throw new Error(`round ${round} was acknowledged, ${metadata.round} is there`);
    } catch (error) {
      seen.errors.push(`${error.name}: ${error.message}`);
    }
    const { version, pid } = client.hello;
    const tag = `${version} ${pid}`;
    if (!seen.versions.includes(tag)) seen.versions.push(tag);
  }
  await client.close();
}

await Promise.all(Array.from({ length: Number(clients) }, (_, number) => work(number)));
process.stdout.write(`${JSON.stringify(seen)}\n`);
