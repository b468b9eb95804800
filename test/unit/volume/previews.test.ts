import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseReaders } from '../../../src/volume/nfs/readers.ts';
import { isPreviewDaemon } from '../../../src/volume/previews.ts';

describe('programs that read files nobody has opened', () => {
  it('are known by name, by path, and by as much of a name as the kernel keeps', () => {
    for (const command of [
      'mds',
      'mdworker_shared',
      '/System/Library/Frameworks/CoreServices.framework/Frameworks/Metadata.framework/Versions/A/Support/mdworker_shared',
      '/System/Library/Frameworks/QuickLookThumbnailing.framework/Support/com.apple.quicklook.ThumbnailsAgent',
      'com.apple.quickl',
      'com.apple.quick',
    ]) {
      assert.ok(isPreviewDaemon(command), command);
    }
  });

  it('are none that a person uses', () => {
    for (const command of [
      ...['', 'cp', 'md', 'mdfind', 'mdls', 'quicklook', 'com.apple.qu', 'Finder', 'DesktopServicesHelper', 'Preview'],
      ...['QuickLookUIService', 'qlmanage', '/tmp/mds/cp', 'com.apple.quicklook.ui.helper'],
    ]) {
      assert.ok(!isPreviewDaemon(command), command);
    }
  });
});

describe('who has the files of a volume open', () => {
  it('is read from the fields of lsof, file by file', () => {
    const output = [
      ...['p401', 'cmdworker_shared', 'fcwd', 'i2', 'f7', 'i4711', 'f8', 'i4712'],
      ...['p402', 'cPreview', 'ftxt', 'i4712', 'f9', 'i'],
      '',
    ].join('\n');
    assert.deepEqual(
      [...parseReaders(output)].map(([ino, programs]) => [ino, [...programs]]),
      [
        [2, ['mdworker_shared']],
        [4711, ['mdworker_shared']],
        [4712, ['mdworker_shared', 'Preview']],
      ],
    );
  });
});
