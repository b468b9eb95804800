import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { getFacts } from '../../../src/base/platform.ts';
import { createLocalNames } from '../../../src/drive/files/localNames.ts';

describe('the name of what is saved on this computer', () => {
  const nameOn = (platform: NodeJS.Platform, name: string) => createLocalNames(getFacts(platform))(name);

  it('leads neither out of its folder nor to a device, an attribute or another file, on Windows', () => {
    const names: Readonly<Record<string, string>> = {
      'notes.txt': 'notes.txt',
      '..\\..\\start.bat': '.._.._start.bat',
      'report.txt:hidden': 'report.txt_hidden',
      'what? <now> "this"|*': 'what_ _now_ _this___',
      'tab\tand line\n': 'tab_and line_',
      CON: '_CON',
      'nul.tar.gz': '_nul.tar.gz',
      'com1 .log': '_com1 .log',
      'LPT²': '_LPT²',
      'console.log': 'console.log',
      com10: 'com10',
      'ends with dots...': '_ends with dots',
      'ends with space ': '_ends with space',
      '..': '_',
      '': '_',
    };
    for (const [name, expected] of Object.entries(names))
      assert.equal(nameOn('win32', name), expected, JSON.stringify(name));
  });

  it('is its own wherever that is a file name', () => {
    for (const name of ['a:b?.txt', 'con', 'trailing. ', '...']) assert.equal(nameOn('linux', name), name);
    for (const name of ['..', '.', '']) assert.equal(nameOn('linux', name), '_');
    assert.equal(nameOn('darwin', '../../.profile'), '.._.._.profile');
  });

  it('is nobody else’s in that folder, also where two become one', () => {
    const toLocalName = createLocalNames(getFacts('win32'));
    assert.deepEqual(['a:b', 'a?b', 'A*B'].map(toLocalName), ['a_b', 'a_b (2)', 'A_B (3)']);
  });
});
