import assert from 'node:assert/strict';
import { it } from 'node:test';
import { toDriveErrorData } from '../../../src/drive/windows/rpcErrors.ts';
import { toErrno } from '../../../src/vfs/errors.ts';

for (const code of ['EMFILE', 'ENFILE']) {
  it(`${code} is told as what it is, to programs and to windows`, () => {
    const error = Object.assign(new Error(`${code}: too many open files`), { code, path: '/somewhere' });
    assert.equal(toErrno(error).code, 'ENFILE');
    assert.equal(toDriveErrorData(error).code, 'tooManyOpenFiles');
    assert.equal(toDriveErrorData(toErrno(error)).code, 'tooManyOpenFiles');
  });
}
