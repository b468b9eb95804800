import assert from 'node:assert/strict';
import { resolve } from 'node:path';
import { describe, it } from 'node:test';
import { parseHeadlessArgs } from '../../../src/drive/headless/headlessArgs.ts';

describe('the words of `npm run mount`', () => {
  it('are read with their units', () => {
    const words =
      '--mount-point m --source /Jotta/Archive --read-only --poll 5 --cache-size 1000 --settle-ms 20 --state s';
    const options = parseHeadlessArgs(words.split(' '));
    const { mountPoint, source, readOnly, pollMs, cacheMaxBytes, settleMs, cacheDir } = options ?? assert.fail();
    assert.deepEqual(
      { mountPoint, source, readOnly, pollMs, cacheMaxBytes, settleMs, cacheDir },
      {
        mountPoint: 'm',
        source: '/Jotta/Archive',
        readOnly: true,
        pollMs: 5_000,
        cacheMaxBytes: 1_000,
        settleMs: 20,
        cacheDir: resolve('s/cache'),
      },
    );
    assert.equal(parseHeadlessArgs(['--help']), undefined);
  });

  for (const [words, problem] of [
    [[], /--mount-point is needed/],
    [['--mount-point', 'm', '--poll', 'often'], /--poll wants a number, not often/],
    [['--mount-point', 'm', '--poll', '0'], /--poll is 1 to/],
    [['--mount-point', 'm', '--cache-size', '-5'], /cache-size/],
    [['--mount-point', 'm', '--cache-size', '1GB'], /--cache-size wants a number/],
    [['--mount-point', 'm', '--sign-in', 'toString'], /--sign-in wants a brand, not toString/],
    [['--mount-point', 'm', '--source', 'Jotta'], /--source is a path/],
    [['--mount-piont', 'm'], /mount-piont/],
  ] as const) {
    it(`are refused when wrong: ${words.join(' ') || 'none'}`, () => {
      assert.throws(() => parseHeadlessArgs(words), problem);
    });
  }
});
