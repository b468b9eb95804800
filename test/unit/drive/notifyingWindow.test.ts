import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NotifyingWindow } from '../../../src/drive/windows/notifyingWindow.ts';

function createNotifyingWindow() {
  const told: string[] = [];
  const notifyingWindow = new NotifyingWindow<string>((window, is) => told.push(`${window} ${is}`));
  return { told, notifyingWindow };
}

describe('the window that speaks to the person', () => {
  it('is the first one, whether it is looked at or not', () => {
    const { told, notifyingWindow } = createNotifyingWindow();
    notifyingWindow.add('a', false);
    notifyingWindow.add('b', false);
    assert.equal(notifyingWindow.current, 'a');
    assert.deepEqual(told, ['a true']);
  });

  it('is the one looked at last, and the one before hears of it', () => {
    const { told, notifyingWindow } = createNotifyingWindow();
    notifyingWindow.add('a', true);
    notifyingWindow.add('b', true);
    notifyingWindow.focus('a');
    notifyingWindow.focus('a');
    assert.deepEqual(told, ['a true', 'a false', 'b true', 'b false', 'a true']);
  });

  it('is handed to the one looked at before when it closes', () => {
    const { told, notifyingWindow } = createNotifyingWindow();
    for (const window of ['a', 'b', 'c']) notifyingWindow.add(window, true);
    notifyingWindow.focus('a');
    told.length = 0;
    notifyingWindow.remove('a');
    notifyingWindow.remove('b');
    assert.deepEqual(told, ['c true']);
    notifyingWindow.remove('c');
    assert.equal(notifyingWindow.current, undefined);
  });

  it('is never one that has not greeted or has left', () => {
    const { told, notifyingWindow } = createNotifyingWindow();
    notifyingWindow.focus('stranger');
    assert.equal(notifyingWindow.current, undefined);
    assert.deepEqual(told, []);
  });
});
