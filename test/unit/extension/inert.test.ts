import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { inert, inertLines } from '../../../src/extension/ui/inert.ts';

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
    assert.equal(inert('a\rb\tc\x1b\x7f\n'), 'a␍b␉c␛␡␊');
    assert.equal(inert('a\u2028b\u0085c'), 'a<U+2028>b<U+0085>c');
  });

  it('does not turn the text that follows it', () => {
    assert.equal(inert('photo\u202egpj.exe'), 'photo<U+202E>gpj.exe');
    assert.equal(inert('\u2066a](\u2069'), '<U+2066>a]\u2060(<U+2069>');
  });

  it('adds no line to a text of several', () => {
    assert.equal(inertLines(['one', inert('two\nthree'), '$(x)'].join('\n')), 'one\ntwo␊three\n$\u2060(x)');
  });

  it('stays as it is when it is an ordinary one', () => {
    for (const name of ['report (final) [2].txt', 'a_b*c`d', '100 $ (net).xls', 'æøå 日本語 👩‍👩‍👧']) {
      assert.equal(inert(name), name);
    }
  });
});
