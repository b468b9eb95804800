import { close, flock, lock, open, otherProcess, save, unlink } from '../steps.ts';
import { inKernel, type PosixCase } from './case.ts';

const both = [save('f', 'a file'), open('h', 'f', 'O_RDWR'), otherProcess(open('h', 'f', 'O_RDWR'))];

export const locks: readonly PosixCase[] = [
  inKernel(
    'an exclusive flock keeps another process out until it is given back',
    ...both,
    flock('h', 'exclusive'),
    otherProcess(flock('h', 'exclusive')),
    otherProcess(flock('h', 'shared')),
    flock('h', 'unlock'),
    otherProcess(flock('h', 'exclusive')),
  ),
  inKernel(
    'shared flocks go together',
    ...both,
    flock('h', 'shared'),
    otherProcess(flock('h', 'shared')),
    otherProcess(flock('h', 'exclusive')),
  ),
  inKernel(
    'closing gives a flock back',
    ...both,
    flock('h', 'exclusive'),
    close('h'),
    otherProcess(flock('h', 'exclusive')),
  ),
  inKernel(
    'two handles of one process exclude each other by flock',
    save('f', 'x'),
    open('a', 'f', 'O_RDWR'),
    open('b', 'f', 'O_RDWR'),
    flock('a', 'exclusive'),
    flock('b', 'exclusive'),
    flock('a', 'unlock'),
    flock('b', 'exclusive'),
  ),
  inKernel(
    'a write lock on a range keeps another process out of it, not of the rest',
    ...both,
    lock('h', 'write', 0, 10),
    otherProcess(lock('h', 'write', 5, 10)),
    otherProcess(lock('h', 'read', 9, 1)),
    otherProcess(lock('h', 'write', 10, 10)),
    lock('h', 'unlock', 0, 10),
    otherProcess(lock('h', 'write', 5, 5)),
  ),
  inKernel(
    'read locks of two processes overlap',
    ...both,
    lock('h', 'read', 0, 0),
    otherProcess(lock('h', 'read', 0, 0)),
    otherProcess(lock('h', 'write', 0, 0)),
  ),
  inKernel(
    'closing any handle of the file gives its range locks back',
    ...both,
    open('i', 'f', 'O_RDWR'),
    lock('h', 'write', 0, 0),
    otherProcess(lock('h', 'write', 0, 0)),
    close('i'),
    otherProcess(lock('h', 'write', 0, 0)),
  ),
  inKernel(
    'locks hold on an unlinked file',
    ...both,
    unlink('f'),
    flock('h', 'exclusive'),
    otherProcess(flock('h', 'exclusive')),
    lock('h', 'write', 0, 0),
    otherProcess(lock('h', 'read', 0, 0)),
  ),
  inKernel(
    'a read-only handle takes read locks and any flock, but no write lock',
    save('f', 'x'),
    open('h', 'f', 'O_RDONLY'),
    lock('h', 'read', 0, 0),
    lock('h', 'write', 0, 0),
    flock('h', 'exclusive'),
  ),
];
