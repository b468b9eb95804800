import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inert } from '../../../src/extension/ui/inert.ts';

/** What VS Code takes for a link in messages, prompts and titles (src/vs/base/common/linkedText.ts). */
const link = /\[([^\]]+)\]\(((?:https?:\/\/|command:|file:)[^)\s]+)(?: (["'])(.+?)(\3))?\)/gi;
/** And for an icon in labels (src/vs/base/common/iconLabels.ts). */
const icon = /\$\([A-Za-z0-9-]+(?:~[A-Za-z]+)?\)/g;

describe('a name that is shown', () => {
  it('is no link, no icon, and one line, and looks as before', () => {
    for (const name of [
      '[report](command:workbench.action.terminal.new)',
      '[[x](command:a)](command:b "title")',
      'a [b](https://example.com) [c](file:///etc/passwd).txt',
      '$(trash) $(sync~spin)',
    ]) {
      const shown = inert(name);
      assert.deepEqual([...shown.matchAll(link), ...shown.matchAll(icon)], [], name);
      assert.equal(shown.replaceAll('\u2060', ''), name);
    }
    assert.equal(inert('a\rb\tc\x1b\x7f'), 'a␍b␉c␛␡');
  });

  it('stays as it is when it is an ordinary one', () => {
    for (const name of ['report (final) [2].txt', 'a_b*c`d', '100 $ (net).xls', 'æøå 日本語 👩‍👩‍👧']) {
      assert.equal(inert(name), name);
    }
  });
});
