import { md5 } from '../support/md5.ts';
import { isPossible } from './content.ts';
import { describe } from './judge.ts';
import { type Entry, type FileState, getOriginals, type Model } from './model.ts';
import { getStable, getTorn } from './powerCut.ts';
import type { ServerState } from './serverState.ts';

/** Content of any revision the server ever finished; undefined when it is unknown. */
export type LoadContent = (md5: string) => Promise<Buffer | undefined>;

/** What the server has, and what the drive set aside (md5). */
export interface Kept {
  readonly server: ServerState;
  readonly setAside: readonly string[];
  readonly load: LoadContent;
}

/** Names that are ours and must not outlive a push (sync/push/push.ts). */
const temporaryName = /^\..*\.jottacloud-\d+$/;

/**
 * Everything acknowledged is on the server, and nothing else (SEMANTICS.md, tenets 2 and 3). Answers what is wrong.
 * Where someone else had a hand in it, no bytes may be lost; everywhere else the tree is exactly ours.
 */
export async function checkServer(model: Model, kept: Kept): Promise<string[]> {
  const { server, load } = kept;
  const findings: string[] = [];
  const unexplained = await findUnknown(model, server, load);
  for (const { path, md5: digest } of unexplained) {
    findings.push(`a content nobody wrote: ${digest} at ${path} on the server`);
  }
  for (const entry of model.getLive()) findings.push(...(await checkEntry(model, entry, kept)));
  findings.push(...checkNothingElse(model, server));
  for (const { path, uuid } of server.unfinished) {
    // One that another device took along with its folder is never finished, and stays there in the rounds to come.
    if (model.isContested(path)) model.leftBehind.add(uuid);
    if (!model.leftBehind.has(uuid)) findings.push(`an unfinished revision is left at ${path}`);
  }
  return findings;
}

async function checkEntry(model: Model, entry: Entry, kept: Kept): Promise<string[]> {
  const { server, load } = kept;
  const path = model.getPath(entry);
  const { file } = entry;
  if (entry.contested || model.isContested(path)) {
    if (file === undefined || (await isKept(file, kept))) return [];
    const held = getStable(file).map((content) => `${describe(content)} (${md5(content)})`);
    return [`LOST: ${path} held ${held.join(' or ')}; the server has it nowhere`];
  }
  if (file === undefined) return server.folders.has(path) ? [] : [`LOST: the folder ${path} is not on the server`];
  const found = server.files.get(path);
  const stable = getStable(file);
  const digests = stable.map(md5);
  if (found === undefined) return [`LOST: ${path} (${digests}) is not on the server${hint(server, digests)}`];
  if (!digests.includes(found.md5)) {
    const content = await load(found.md5);
    const fits = content !== undefined && isPossible(content, stable, file.changes);
    if (!fits) return [`LOST: ${path} holds ${found.md5} on the server, not ${digests}${hint(server, digests)}`];
  }
  if (file.mtimeSec !== undefined && found.mtimeSec !== file.mtimeSec) {
    return [`${path} has the time ${found.mtimeSec} on the server, not ${file.mtimeSec}`];
  }
  return [];
}

/** Is what was acknowledged last, or what a cut of the power left of it, anywhere: live, as an older revision, in the trash, or set aside? */
async function isKept(file: FileState, { server, setAside, load }: Kept): Promise<boolean> {
  const stable = getStable(file);
  for (const content of stable) {
    const digest = md5(content);
    if (content.length === 0 || server.revisions.some((revision) => revision.md5 === digest)) return true;
    if (setAside.includes(digest)) return true;
  }
  const torn = getTorn(file);
  if (torn.length === 0) return false;
  for (const other of new Set(server.revisions.map((revision) => revision.md5))) {
    const content = await load(other);
    if (content !== undefined && isPossible(content, [...stable, ...file.foreign], torn)) return true;
  }
  return false;
}

/** Contents on the server that neither an operation nor a crash in the middle of one explains. */
async function findUnknown(model: Model, server: ServerState, load: LoadContent) {
  const unknown = server.revisions.filter((revision) => !model.known.has(revision.md5));
  const findings = [];
  for (const revision of unknown) {
    const content = await load(revision.md5);
    const explained = model.getAll().some(({ file }) => {
      if (content === undefined || file === undefined) return false;
      const states = [{ stable: getStable(file), changes: file.changes }, ...file.doubted];
      return states.some(({ stable, changes }) => isPossible(content, [...stable, ...file.foreign], changes));
    });
    if (explained && content !== undefined) model.note(content, `left by a crash at ${revision.path}`);
    else findings.push(revision);
  }
  return findings;
}

function checkNothingElse(model: Model, server: ServerState): string[] {
  const findings: string[] = [];
  for (const path of [...server.folders, ...server.files.keys()]) {
    const name = path.slice(path.lastIndexOf('/') + 1);
    if (temporaryName.test(name)) findings.push(`a temporary name is left: ${path}`);
    if (model.isContested(path) || model.find(path) !== undefined) continue;
    // A folder removed here comes back for what was changed in it there (SEMANTICS.md).
    if (server.folders.has(path) && model.wasPlace(path) && model.isDisputed(path)) continue;
    const originals = getOriginals(path);
    const [original] = originals;
    if (original !== undefined) {
      if (!originals.some((each) => model.isDisputed(each)))
        findings.push(`a conflicted copy without a conflict: ${path}`);
      else if (server.files.has(path) && server.files.get(original)?.md5 === server.files.get(path)?.md5) {
        findings.push(`a conflicted copy of the same bytes: ${path}`);
      }
      continue;
    }
    const history = model.wasPlace(path) ? 'it was removed or renamed' : 'nobody put it there';
    findings.push(`on the server, but ${history}: ${path} (${server.files.get(path)?.md5 ?? 'folder'})`);
  }
  return findings;
}

function hint(server: ServerState, digests: readonly string[]): string {
  const places = server.revisions.filter((revision) => digests.includes(revision.md5));
  if (places.length === 0) return '; the server has these bytes nowhere';
  return `; these bytes are at ${places.map(({ path, isLive }) => `${path}${isLive ? '' : ' (trash)'}`).join(', ')}`;
}
