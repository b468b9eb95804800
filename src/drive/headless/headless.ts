import '../lifecycle/threadPool.ts';
import { runHeadless } from './runHeadless.ts';

// The drive without VS Code, `npm run mount`.

void runHeadless(process.argv.slice(2));
