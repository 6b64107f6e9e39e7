/**
 * Loaded into the daemon with --import: how long its event loop was blocked at most, between the first SIGUSR2 and the
 * second, which writes it to the file named in BENCH_LOOP_FILE; milliseconds.
 */
import { renameSync, writeFileSync } from 'node:fs';
import { monitorEventLoopDelay } from 'node:perf_hooks';

const RESOLUTION_MS = 1;

const file = process.env['BENCH_LOOP_FILE'] ?? '';
const histogram = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let counting = false;

process.on('SIGUSR2', () => {
  if (counting) {
    // Whoever waits for the file sees a whole one.
    writeFileSync(`${file}.tmp`, String(histogram.max / 1e6 - RESOLUTION_MS));
    renameSync(`${file}.tmp`, file);
  } else {
    counting = true;
    histogram.enable();
  }
});
