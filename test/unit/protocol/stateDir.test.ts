import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { cacheDir, getHome, stateDir } from '../../../src/protocol/stateDir.ts';

describe('the folders of the drive', () => {
  it('are in what stays on one computer, on Windows', () => {
    const env = { LOCALAPPDATA: 'C:\\Users\\Ada\\AppData\\Local', USERPROFILE: 'C:\\Users\\Ada', HOME: '/c/Users/Ada' };
    assert.equal(stateDir(env, 'win32'), 'C:\\Users\\Ada\\AppData\\Local\\Jottacloud Drive\\State');
    assert.equal(cacheDir(env, 'win32'), 'C:\\Users\\Ada\\AppData\\Local\\Jottacloud Drive\\Cache');
    assert.equal(getHome(env, 'win32'), 'C:\\Users\\Ada');
    assert.equal(stateDir({ USERPROFILE: 'D:\\Ada' }, 'win32'), 'D:\\Ada\\AppData\\Local\\Jottacloud Drive\\State');
    assert.equal(stateDir({ ...env, JOTTACLOUD_STATE_DIR: 'D:\\test' }, 'win32'), 'D:\\test');
  });

  it('are where each of the others has such folders', () => {
    const env = { HOME: '/home/ada' };
    assert.equal(stateDir(env, 'linux'), '/home/ada/.local/state/jottacloud');
    assert.equal(cacheDir({ ...env, XDG_CACHE_HOME: '/fast' }, 'linux'), '/fast/jottacloud');
    assert.equal(stateDir(env, 'darwin'), '/home/ada/Library/Application Support/Jottacloud Drive');
    assert.equal(cacheDir(env, 'darwin'), '/home/ada/Library/Caches/Jottacloud Drive');
  });

  it('are the same for each program: a relative one is refused, as the system writes paths', () => {
    const refuse = (name: string) => ({ code: 'folderNotAbsolute', args: { name } });
    assert.throws(() => stateDir({ LOCALAPPDATA: 'Local' }, 'win32'), refuse('LOCALAPPDATA'));
    assert.throws(
      () => stateDir({ HOME: '/home/ada', XDG_STATE_HOME: 'C:\\state' }, 'linux'),
      refuse('XDG_STATE_HOME'),
    );
  });
});
