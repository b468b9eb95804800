import type { Operation } from '../operations.ts';
import {
  close,
  list,
  listRest,
  listSome,
  mkdir,
  mknod,
  open,
  rename,
  rewind,
  rmdir,
  save,
  symlink,
  unlink,
} from '../steps.ts';
import { inKernel, onVolume, type PosixCase } from './case.ts';

const numbers = (count: number): number[] => Array.from({ length: count }, (_, index) => index);
const many = (count: number, name: (index: number) => string): Operation[] =>
  numbers(count).map((index) => mknod(name(index), 'file'));
/** What is below is local-only: thousands of names cost no upload. */
const d = '.TemporaryItems';
const folder = 'O_RDONLY|O_DIRECTORY';

export const listing: readonly PosixCase[] = [
  onVolume('a listing has every name once, with its kind', mkdir('d'), save('f', 'x'), symlink('f', 'l'), list('')),
  onVolume('an empty folder lists nothing', mkdir('d'), list('d')),
  onVolume('listing a file is ENOTDIR, what is absent ENOENT', save('f', 'x'), list('f'), list('g')),
  onVolume(
    'a new name is listed at once, a removed one no more',
    save('a', ''),
    list(''),
    save('b', ''),
    list(''),
    unlink('a'),
    list(''),
    rename('b', 'c'),
    list(''),
  ),
  onVolume(
    'of 5,500 names each is listed exactly once',
    mkdir(d),
    ...many(5500, (index) => `${d}/name ${index}`),
    open('h', d, folder),
    listSome('h', 1000),
    listRest('h'),
  ),
  onVolume(
    'names present throughout appear exactly once while others are created',
    mkdir(d),
    ...many(800, (index) => `${d}/kept ${index}`),
    open('h', d, folder),
    listSome('h', 2000),
    ...many(200, (index) => `${d}/a new one ${index}`),
    listSome('h', 2000),
    ...many(200, (index) => `${d}/zz ${index}`),
    listRest('h', 'kept'),
  ),
  onVolume(
    'names present throughout appear exactly once while others are removed',
    mkdir(d),
    ...many(800, (index) => `${d}/${index % 4 === 0 ? 'gone' : 'kept'} ${index}`),
    open('h', d, folder),
    listSome('h', 2000),
    ...numbers(200).map((index) => unlink(`${d}/gone ${index * 4}`)),
    listRest('h', 'kept'),
  ),
  onVolume(
    'names present throughout appear exactly once while others are renamed',
    mkdir(d),
    ...many(800, (index) => `${d}/${index % 4 === 0 ? 'moved' : 'kept'} ${index}`),
    open('h', d, folder),
    listSome('h', 2000),
    ...numbers(200).map((index) => rename(`${d}/moved ${index * 4}`, `${d}/another ${index * 4}`)),
    listRest('h', 'kept'),
  ),
  inKernel(
    'a listing that is rewound sees what came in between',
    mkdir('d'),
    save('d/a', ''),
    open('h', 'd', folder),
    listSome('h', 32768),
    save('d/b', ''),
    rewind('h'),
    listRest('h'),
  ),
  inKernel(
    'two handles list one folder independently',
    mkdir(d),
    ...many(300, (index) => `${d}/${index}`),
    open('a', d, folder),
    open('b', d, folder),
    listSome('a', 1000),
    listRest('b'),
    listSome('a', 1000),
    close('b'),
    listRest('a'),
  ),
  inKernel(
    'everything that is listed can be removed while it is listed',
    mkdir(d),
    ...many(300, (index) => `${d}/${index}`),
    open('h', d, folder),
    listSome('h', 1000),
    ...numbers(300).map((index) => unlink(`${d}/${index}`)),
    listRest('h', 'none'),
    rmdir(d),
  ),
];
