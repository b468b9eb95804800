import '../../src/drive/lifecycle/threadPool.ts';
import { runHeadless } from '../../src/drive/headless/runHeadless.ts';

// The drive of `npm run mount` which dies at a step of a push as by kill -9: `KILL_AT=point`, with `:n` when it is reached for
// the n-th time.

const [wanted, times = '1'] = (process.env.KILL_AT ?? '').split(':');
let left = Number(times);
await runHeadless(process.argv.slice(2), (point) => {
  if (point !== wanted) return;
  left -= 1;
  if (left === 0) process.kill(process.pid, 'SIGKILL');
});
