import { formatRfc3339 } from '../../../src/jottacloud/times.ts';
import { at, fresh, storeFresh } from '../../contract/client/acts.ts';
import { md5 as md5Of } from '../../support/md5.ts';
import { describe, jfs, type PartOfQuirks, type ProbeWorld, statusOf, succeeded } from '../probe.ts';

type Documents =
  | 'viewsOnDevice'
  | 'deviceModified'
  | 'timeZone'
  | 'xmlLayout'
  | 'mstyle'
  | 'md5Case'
  | 'liststream'
  | 'liststreamFolders'
  | 'thumbnails'
  | 'plusInPath'
  | 'sharedPaths'
  | 'percentInName'
  | 'backslashInName'
  | 'semicolonInName'
  | 'reservedCharacters'
  | 'nameLimit';

/** Instead of an answer, where the question has no meaning. */
export const noTreeListing = 'whole trees are not listed';

/** A picture of one pixel. */
const png = Buffer.from(
  'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mP8z8BQDwAEhQGAhKmMIQAAAABJRU5ErkJggg==',
  'base64',
);

/** Allocates by hand, so that path and md5 go out exactly as given, and sends what is wanted. */
async function putRaw(world: ProbeWorld, path: readonly string[], bytes: Buffer, md5 = md5Of(bytes)) {
  const now = formatRfc3339(Math.floor(Date.now() / 1000));
  const times = { created: now, modified: now };
  const body = JSON.stringify({ path: `/jfs/${path.join('/')}`, bytes: bytes.length, md5, ...times });
  const headers = { 'content-type': 'application/json' };
  const allocated = await world.send('POST', `${world.endpoints.api}/files/v1/allocate`, { headers, body });
  if (!succeeded(allocated)) return allocated;
  const { state, upload_url: url } = JSON.parse(allocated.text) as { state: string; upload_url: string };
  if (state === 'COMPLETED') return allocated;
  return world.send('POST', url, { headers: { 'content-type': 'application/octet-stream' }, body: bytes });
}

async function fetchRaw(world: ProbeWorld, ...names: string[]) {
  return world.send('GET', jfs(world, at(world, ...names)));
}

/** Uploads under a name, and asks for it by that name. */
async function askName(world: ProbeWorld, name: string): Promise<string> {
  const stored = await putRaw(world, at(world, name), fresh());
  if (!succeeded(stored)) return stored.status === 400 ? 'refused' : `refused at upload: ${describe(stored)}`;
  const answer = await fetchRaw(world, name);
  if (succeeded(answer)) return 'allowed';
  return answer.status === 400 ? '400' : describe(answer);
}

async function modifiedOfMountpoint({ client, folder, signal }: ProbeWorld): Promise<number> {
  const { mountpoints } = await client.fetchDevice(folder[0] ?? '', signal);
  return mountpoints.find(({ name }) => name === folder[1])?.modified ?? 0;
}

/** Documents, names and escapings (PROTOCOL.md §2.1, §2.2, §2.4, §2.5, §2.8, §5). */
export const documentProbes: PartOfQuirks<Documents> = {
  viewsOnDevice: {
    question: 'Trash and Links in the listing of the device Jotta',
    async ask(world) {
      const { text } = await world.send('GET', jfs(world, ['Jotta']));
      const views = ['Trash', 'Links'].filter((view) => new RegExp(`<name[^>]*>${view}</name>`).test(text));
      return views.length === 2 ? 'all' : views.length === 0 ? 'without-trash-and-links' : `only ${views[0]}`;
    },
  },
  deviceModified: {
    question: '`modified` of a mountpoint after several changes within a second',
    async ask(world) {
      const before = await modifiedOfMountpoint(world);
      const startedAt = Date.now();
      const seen: number[] = [];
      // Until it is told from what was there before, whatever the second.
      while (seen.length < 6 || ((seen.at(-1) ?? 0) <= before && Date.now() - startedAt < 5_000)) {
        await storeFresh(world, at(world, 'F', `change ${seen.length}`));
        seen.push(await modifiedOfMountpoint(world));
      }
      const latest = seen.at(-1) ?? 0;
      const seconds = Math.ceil((Date.now() - startedAt) / 1000) + 1;
      await world.client.trashFolder(at(world, 'F'), world.signal);
      if ((await modifiedOfMountpoint(world)) < latest) return 'newest-file';
      const distinct = new Set(seen).size;
      if (latest <= before) return 'never told';
      if (distinct === seen.length && seconds < seen.length) return 'every-change';
      return distinct <= seconds ? 'clock-second' : `${distinct} values for ${seen.length} changes in ${seconds} s`;
    },
  },
  timeZone: {
    question: 'zone of times in XML',
    async ask(world) {
      const { text } = await fetchRaw(world);
      const zone = /\stime="[\d-]+T[\d:]+([^"]*)"/.exec(text)?.[1] ?? 'no time';
      return zone;
    },
  },
  xmlLayout: {
    question: 'white space between elements',
    async ask(world) {
      await storeFresh(world, at(world, 'a'));
      const { text } = await fetchRaw(world);
      return /<\/\w+>\s+<\w/.test(text) ? 'lines' : 'compact';
    },
  },
  mstyle: {
    question: '<mstyle> of a file',
    async ask(world) {
      await storeFresh(world, at(world, 'a.txt'));
      return (await fetchRaw(world, 'a.txt')).text.includes('<mstyle>') ? 'given' : 'absent';
    },
  },
  md5Case: {
    question: 'case of md5 in replies',
    async ask(world) {
      const shown: string[] = [];
      for (const spell of ['toUpperCase', 'toLowerCase'] as const) {
        const bytes = fresh();
        await putRaw(world, at(world, spell), bytes, md5Of(bytes)[spell]());
        const { text } = await fetchRaw(world, spell);
        const md5 = /<md5>([0-9a-fA-F]{32})<\/md5>/.exec(text)?.[1] ?? '';
        shown.push(md5 === md5.toLowerCase() ? 'lower' : 'upper');
      }
      return shown[0] === shown[1] ? `${shown[0]}` : 'as-sent';
    },
  },
  liststream: {
    question: 'a listing of a whole tree',
    async ask(world) {
      await storeFresh(world, at(world, 'F', 'x'));
      const answer = await world.send('GET', jfs(world, world.folder, '?mode=liststream'));
      if (!succeeded(answer)) return statusOf(answer, ['400', '404']);
      return answer.text.includes('<liststream') ? 'given' : 'listing';
    },
  },
  liststreamFolders: {
    question: '<folder> elements of liststream for folders that hold nothing but files',
    async ask(world) {
      await storeFresh(world, at(world, 'F', 'x'));
      const { text } = await world.send('GET', jfs(world, world.folder, '?mode=liststream'));
      if (!text.includes('<liststream')) return noTreeListing;
      return /<folder>\s*<path[^>]*>[^<]*\/F<\/path>/.test(text) ? 'all' : 'without-files-only';
    },
  },
  thumbnails: {
    question: 'thumbnail of a picture',
    async ask(world) {
      await putRaw(world, at(world, 'pixel.png'), png);
      const answer = await world.send('GET', jfs(world, at(world, 'pixel.png'), '?mode=thumb&ts=WM'));
      if (succeeded(answer)) return answer.header('content-type')?.startsWith('image/') ? 'image' : 'no image';
      return answer.status === 404 ? '404' : describe(answer);
    },
  },
  plusInPath: {
    question: 'a raw + in a path',
    async ask(world) {
      await storeFresh(world, at(world, 'a+b'));
      await storeFresh(world, at(world, 'a b'));
      const { text } = await world.send('GET', `${jfs(world, world.folder)}/a+b`);
      if (text.includes('name="a b"')) return 'space';
      return text.includes('name="a+b"') ? 'plus' : 'neither';
    },
  },
  sharedPaths: {
    question: '`abspath` of what others share',
    because: 'it needs something that others share with the account',
  },
  percentInName: {
    question: 'GET of a name that holds a raw %',
    ask: (world) => askName(world, '5%25'),
  },
  backslashInName: { question: 'a name with a backslash', ask: (world) => askName(world, 'back\\slash') },
  semicolonInName: { question: 'a name with a semicolon', ask: (world) => askName(world, 'semi;colon') },
  reservedCharacters: {
    question: '" * : < > ? | in a new name',
    async ask(world) {
      const answer = await putRaw(world, at(world, 'a"b*c:d<e>f?g|h'), fresh());
      if (succeeded(answer)) return 'allowed';
      return answer.status === 400 ? '400' : describe(answer);
    },
  },
  nameLimit: {
    question: 'a name of 255 characters of two bytes each',
    async ask(world) {
      const answer = await putRaw(world, at(world, 'æ'.repeat(255)), fresh());
      if (succeeded(answer)) return 'characters';
      return answer.status === 400 ? 'bytes' : describe(answer);
    },
  },
};
