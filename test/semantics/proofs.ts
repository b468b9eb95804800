/** By operation, the beginning of each entry of SEMANTICS.md, and the titles of the tests that fail when it is not so. */
export type Proofs = Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;

/** The sentences of which a test is not among those that passed, in a line for each such test. */
export function findUnproven(proofs: Proofs, passedTitles: ReadonlySet<string>): string[] {
  const wanted = Object.entries(proofs).flatMap(([operation, entries]) =>
    Object.entries(entries).flatMap(([entry, titles]) => titles.map((title) => ({ operation, entry, title }))),
  );
  return wanted
    .filter(({ title }) => !passedTitles.has(title))
    .map(({ operation, entry, title }) => `${operation}: “${entry} …”: no test passed that is named “${title}”`);
}

/** For the chapter "Operations". A full `npm test` fails when one of these tests did not pass in it. */
export const proofs: Proofs = {
  lookup: {
    'Any spelling that differs only in case or normalisation': [
      'any spelling that differs only in case finds the node',
      'any spelling that differs only in normalisation finds the node',
    ],
    'A known name is answered from the database': ['answers what is known and asks the server nothing'],
    'An unknown name in a folder never listed': [
      'waits for the listing of a folder that was never listed, and no longer',
    ],
    'A folder that was listed before this start': [
      'of 1,000 in folders nobody opened is nothing but the listing that shows them',
    ],
    'Looking for a local-only name': [
      'looks around, keeps its view settings and its daemons’ folders, and the server hears nothing of it',
    ],
    'A path through a file is ENOTDIR': ['a path through a file is ENOTDIR'],
    'A program whose working directory is in the volume keeps it': [
      'stays valid when it is the first that is looked at, while what is around it becomes known',
      'stays valid when its name is given another case elsewhere, whatever it is then looked up by',
      'stays valid while something in it is made and removed in two cases, and it is looked up meanwhile',
      'has its new path when a window renames it, to another case too, and is valid once watchers are told',
      'is known by its new path, once that is looked at, when it was moved through another volume',
    ],
  },
  getattr: {
    'Answered from memory or the database': ['lists 5,000 entries with ls -la for one request, and again for none'],
    'Bytes written are seen in size and mtime at once': [
      'bytes written are seen in size and time at once, before any flush',
    ],
    'Writing moves mtime and ctime together': [
      'a write moves mtime and ctime',
      'fsync and close without a write move nothing',
    ],
    "Inode numbers are the node's": ['an inode number stays over a remount', 'have one inode number, device and size'],
    'An open file that was removed or replaced has': [
      'and fstat of a file removed by its other spelling goes on',
      'the attributes of an unlinked open file are known when its folder is gone too',
      'the bytes of an unlinked open file can be written when its folder is gone too',
    ],
    'A folder that is removed while it is open': ['a removed folder that is open lists nothing and takes nothing'],
    '`nlink` is 1 for files and links': ['nlink of a file is 1', 'nlink of an empty folder is 2'],
    'Owner and group are those of the mounting user': ['everything belongs to the mounting user', 'atime is kept'],
    "A folder's mtime moves when a name in it": ['a new name moves the times of its folder'],
    'The kernel keeps attributes, names': [
      'appear in the mount within one poll: new, changed, renamed and deleted by rclone',
      'reads a file again without a word to the drive',
      'are seen at once through another volume of the same tree',
    ],
  },
  readdir: {
    'A folder never listed waits for its listing': [
      'waits for the listing of a folder that was never listed, and no longer',
    ],
    'What a directory stream shows is fixed': ['names present throughout appear exactly once while others are created'],
    'A name of more than 255 bytes, and all but the first of names': [
      'that differ only in case or normalisation on the server are all there, and stay when one goes',
      'of more than 255 bytes are shown under a stand-in, and are read, moved and removed by it',
    ],
    'What the server lists without a usable name': [
      'of folders that hold something which cannot be shown stay, and tell so',
      'stays as it was, and follows once it can: whose size is no number',
      'listings in which nothing has a name take nothing away, of devices and mountpoints neither',
    ],
  },
  open: {
    'O_RDONLY, O_WRONLY, O_RDWR': [
      'open(2) of what is absent with every combination of flags',
      'open(2) of a file with every combination of flags',
      'open(2) of a folder with every combination of flags',
      'open(2) of a symlink to a file with every combination of flags',
      'open(2) of a dangling symlink with every combination of flags',
    ],
    'Opening needs no network': [
      'leave the mount usable while the server is gone: known names and cached bytes, and saves that queue',
      'opening a folder as a file is EISDIR',
    ],
    'O_TRUNC empties the file at once': ['O_TRUNC empties the file at once, for handles opened before too'],
    'O_APPEND writes at the end': [
      'O_APPEND writes at the end as it is when the write arrives',
      'a store into the map of an appending handle goes where it was stored',
    ],
    'O_TMPFILE is EOPNOTSUPP': ['O_TMPFILE leaves no name behind'],
    'On a read-only volume': [
      'open(2) of what is absent with every combination of flags, read-only',
      'open(2) of a file with every combination of flags, read-only',
      'open(2) of a folder with every combination of flags, read-only',
      'open(2) of a symlink to a file with every combination of flags, read-only',
      'open(2) of a dangling symlink with every combination of flags, read-only',
    ],
  },
  create: {
    'The name is free in every spelling': ['the name is free in every spelling, or O_EXCL gives EEXIST'],
    'The parent must have been listed': ['waits for the listing of a folder that was never listed, and no longer'],
    'Root and devices take no files': [
      'takes neither files nor folders where devices and mountpoints are, and none of these is removed',
    ],
    'A name longer than 255 characters': [
      'a name of 255 bytes works, one of 256 is ENAMETOOLONG',
      'names are stored in NFC',
    ],
    'Characters the server refuses are allowed': [
      'come up as rclone would have brought them: it finds no difference to a local mirror',
    ],
    '`\\` and `;` travel as they are': [
      '\\ (400) travels as its look-alike, and is shown here as it was given',
      '\\ (refused) travels as its look-alike, and is shown here as it was given',
      '; (400) travels as its look-alike, and is shown here as it was given',
      '; (refused) travels as its look-alike, and is shown here as it was given',
      'is no reason to send another name where the service takes it',
    ],
    'A name with U+201B': [
      'with a percent sign are another name for rclone 1.60.1: it shows the look-alike',
      'the quote U+201B of ours, which rclone doubles; it reads the content and cannot even read such a local name',
    ],
    'A name, the target of a link or the name of an attribute': [
      'a name that is not UTF-8',
      'takes U+FFFD in a name, a target and the name of an attribute, and follows no target that is not UTF-8',
    ],
    'The name `NAME.rclonelink` is EEXIST': [
      'a file and a symlink whose server name it would have are two things',
      'a file with a server extension is a file',
    ],
  },
  read: {
    'Bytes come from the staging file': [
      'treats a damaged or missing block as a miss, once',
      'never by a damaged cache: it is fetched anew; when that cannot be had either, the read is logged',
    ],
    'A file of at most 1 MiB is fetched whole': [
      'refuses a small file with wrong bytes, read from 0, and asks again next time',
      'refuses a small file with wrong bytes, read from 600000, and asks again next time',
      'refuses wrong bytes of a small file that is partly in the cache, and still reads what is there',
    ],
    'A larger file is fetched in blocks of 256 KiB': ['reads ahead of a sequential reader, within its window'],
    'A far seek resets the window': [
      'fetches little more than is asked for, and that once, when a program jumps about in a large file',
      'answers callers of one block from one request',
    ],
    'A cached block whose checksum is wrong': [
      'treats a damaged or missing block as a miss, once',
      'treats an uploaded file that has a flipped bit as a miss',
      'treats an uploaded file that is full of zeros as a miss',
      'treats an uploaded file that is cut short as a miss',
      'a small cached file that is not what its md5 says is downloaded again after a start, its checksums right or not',
    ],
    'Where all of a larger file is brought here': [
      'is repeated when what came in parts is not what the server promised, and fails when it never is',
      'keeps nothing of a whole file of which a part was wrong, and asks again next time',
    ],
    'A handle reads one revision': [
      'by as many bytes: is read to its end as it was opened, and is the new one at the next open',
      'by fewer bytes: is read to its end as it was opened, and is the new one at the next open',
      'by more bytes: is read to its end as it was opened, and is the new one at the next open',
      'goes on with the revision it opened when another comes',
    ],
    'If that revision is replaced or removed on the server': [
      'goes on reading what was removed elsewhere',
      'is ESTALE when its revision is nowhere any more',
    ],
    'A file or folder that others stored under a name': [
      'is shown with %, says why it cannot be opened, and does not keep the others from being read',
      'is shown with ;, says why it cannot be opened, and does not keep the others from being read',
    ],
    'A download whose connection is cut': [
      'goes on from where it stopped when the connection breaks',
      'is given up when the connection breaks again and again, as a server that is away is',
      'a read waits for it, and gets its bytes',
      'a folder that was never looked into waits for it, and is listed',
      'is not tried again once the network has been gone for long, whenever the read began',
    ],
    'A read that waits longer than 45 s': [
      'that waits longer than 45 s is ETIMEDOUT',
      'a read ends within 45 s, also where the kernel asks for it in parts',
    ],
    'What is here is read': ['a file is saved and read back at once', 'a known folder is listed at once'],
  },
  write: {
    'Six files are sent side by side': [
      'bound how many files are sent side by side, from the next one on; of small ones more',
      'leaves room for others while large files wait, and keeps the order within each',
      'goes back to the transfers when answers become slow, and grows by one a round from then on',
      'halves with every round in which the server fails, down to one',
      'of a hole are had without reading it',
      'is no work any more once it is removed',
      'is no work any more once it is cut',
      'does not keep the drive from ending',
    ],
    'Writes go to a staging file': [
      'leave the mount usable while the server is gone: known names and cached bytes, and saves that queue',
    ],
    'A partly written file fetches its missing ranges': [
      'patches the middle of a remote file without losing the rest, and truncates both ways',
    ],
    'A write aborts a running upload': ['uploads the newest bytes when a file is written to during its upload'],
    'A write that would leave less free disk': [
      'takes as much of 2 GB as leaves the floor free, refuses the write after it, and goes on',
      'ends at the floor of the settings, but not where a save could not be recorded any more',
      'is not made where all of the cache would not be enough',
      'is not made by a cache on another disk',
    ],
    'Beyond 16 TiB it is EFBIG': ['an offset or size beyond what a file can have is EFBIG'],
  },
  truncate: {
    'Cutting and growing are local': ['growing adds zeros', 'cut-off bytes do not come back when the file grows again'],
    'Truncating to the size a file has': [
      'truncate to the present size keeps the content',
      'truncating a folder is EISDIR',
    ],
  },
  'flush, fsync, release': {
    'flush (each close of a handle opened for writing)': [
      'keeps a save that was acknowledged an instant before',
      'is on the disk within a second, in one sync with all that came meanwhile',
      'leaves each file whole, as it was or as it is, when the disk has nothing and the last synced log',
      'leaves each file whole, as it was or as it is, when the disk has nothing and the newest log',
      'leaves each file whole, as it was or as it is, when the disk has an empty file and the newest log',
      'leaves each file whole, as it was or as it is, when the disk has zeros and the newest log',
      'leaves each file whole, as it was or as it is, when the disk has the first half and the newest log',
      'leaves each file whole, as it was or as it is, when the disk has all of them and the newest log',
    ],
    'While a group commit takes longer': [
      'is waited for once the disk takes longer than changes are to wait',
      'is told to who comes next where the disk refuses it, and tried again by itself',
    ],
    'A flush fdatasyncs the staging file itself': ['syncs at its close what no checksum could tell of'],
    'fsync, fdatasync and a write with O_SYNC': ['asks the disk for nothing at a close, and waits for it at an fsync'],
    'A flush of a handle opened read-only': ['fsync and fdatasync answer on every handle'],
    'A flush that fails says so': [
      'by a folder of unsent changes that cannot be used: what writes is logged, and works again when it is back',
    ],
    'fsync of a folder': ['fsync of a folder and syncfs succeed'],
    'release (last close) flushes what is left': ['keeps the bytes of an unlinked file until the last close'],
    'A file is pushed when no handle has it open for writing': ['waits for the settle time, and says how long'],
    'While many file operations come': [
      'goes on at once while little is asked of the volume, such as the lines of a log',
      'takes turns in order with rests between while many operations come, and is never kept from them',
      'begins one change in a turn while somebody is busy with files, and sends all of them in the end',
    ],
    'A file that is held open for writing': [
      'pushes what is held open for writing once it is flushed and was quiet for a minute',
    ],
    'A new file or folder with a temporary name': [
      'holds a temporary name back for ten minutes, and not its next name',
      'holds a file with a temporary name back, and sends it when the volume is unmounted',
    ],
    'The same holds for a file that Finder marks': [
      'does not send a file while Finder marks it as a copy in progress, and sends it when the mark goes',
    ],
  },
  rename: {
    'A folder that the server knows is moved there': [
      'moves a folder that the server knows sooner than a file, which may be on its way to another name',
    ],
    'Atomic and local': ['costs no request and is there after a restart: mkdir, rename'],
    'Onto a file: the new bytes are on the disk': [
      'has the new bytes on the disk before a rename gives them the name of another file',
    ],
    'Onto an existing file': [
      'onto an existing file: the target is replaced',
      'keeps the history of a file through an editor’s save by rename',
    ],
    'Rename to a backup and write anew': [
      'keeps the history through rename-to-backup and write anew, and the backup too',
    ],
    'Onto an open file': ['onto an open file: readers of the target keep their bytes until they close'],
    'A folder replaces an empty folder only': [
      'a folder replaces an empty folder',
      'a target with children that are not local-only is ENOTEMPTY',
    ],
    'Folder onto file is ENOTDIR': [
      'folder onto file is ENOTDIR, file onto folder is EISDIR',
      'a folder into itself is EINVAL',
    ],
    'Changing only the case of a name': ['changing only the case of a name is a rename'],
    'RENAME_NOREPLACE is honoured': [
      'RENAME_NOREPLACE is honoured',
      'RENAME_EXCHANGE swaps a file and a folder, and a symlink and a file',
      'of two files sends both contents onto the other name',
      'an unknown rename flag is EINVAL',
    ],
    'Devices and mountpoints are not renamed': [
      'takes neither files nor folders where devices and mountpoints are, and none of these is removed',
      'of . and .. is EBUSY',
    ],
    'A rename that only changes case': [
      'goes by way of another name',
      'cut after its first step is finished by the next listing, files and folders',
    ],
    'Something moved onto a name in the trash': ['onto a trashed name ends up alive, whatever the server makes of it'],
    'Changes that wait for each other on the server': [
      'are all sent when the answer to the move to a temporary name was lost',
    ],
    'A file never uploaded costs no request': ['sends a renamed, never uploaded file once, under its last name'],
    'From a local-only name to an ordinary one': [
      'takes what leaves a litter folder up to the server',
      'is never made by a rename of one whose bytes only the server has',
      'is never made by a rename of one that is just being sent',
    ],
    'A rename to another spelling of the same name': ['and a rename to the other spelling is one'],
  },
  unlink: {
    'The name is gone at once': [
      'the name is gone at once',
      'go to the trash one by one, or a folder with all it holds',
    ],
    'A file that is open keeps its bytes': [
      'a file that is open keeps its bytes for its handles',
      'a name beginning with .fuse_hidden is not listed when an open file is removed',
      'names beginning with .fuse_hidden are names like any other',
      'waits while the file is open',
    ],
    'A file created and removed before it was pushed': ['forgets a file created and deleted before its push'],
    'Unlinking a folder is EISDIR': ['unlinking a folder is EISDIR'],
  },
  mkdir: {
    'EEXIST in any spelling': [
      'mkdir on a taken name is EEXIST, whatever has it',
      'takes neither files nor folders where devices and mountpoints are, and none of these is removed',
    ],
    '`.Trash` and `.Trash-<number>` are EPERM': [
      'takes no trash of a desktop: removed files go to the trash of the account',
    ],
    'A new folder counts as listed': ['costs no request and is there after a restart: mkdir, rename'],
  },
  rmdir: {
    'A folder never listed is listed first': [
      'is not removed as empty before it was ever listed',
      'rmdir of a folder that is not empty is ENOTEMPTY',
    ],
    'A folder in which the server holds something that is not shown': [
      'whose size is no number is not removed and says why, over a restart too, and is once that can be used',
    ],
    'A folder with only litter in it': ['a folder with litter alone is removed'],
    'A file is ENOTDIR': [
      'rmdir of a file is ENOTDIR',
      'takes neither files nor folders where devices and mountpoints are, and none of these is removed',
    ],
    'A removed tree goes to the trash with one request': [
      'of a tree is one call',
      'costs one request: rm -rf "$TREE"',
      'costs one request: find "$TREE" -delete',
      'leaves what was removed to the removal of its folder, which may still come',
      'does not wait for the end of removals that go on and on',
    ],
  },
  utimens: {
    'mtime is kept to the nanosecond': [
      'keeps a time that was set, to the nanosecond here and to the second on the server',
      'UTIME_NOW and UTIME_OMIT are honoured',
    ],
    'A time that was set survives a later close': [
      'a time that was set survives a later close without new writes',
      'sends a time alone when only the time differs',
    ],
    "A folder's time is kept here only": ['asks nothing of a tree both sides agree on'],
    'Setting times never brings older content back': ['never bring older content back over what came meanwhile'],
  },
  'chmod, chown': {
    'Mode bits are kept with the node': ['mode bits survive upload, rename and rewriting'],
    'The kernel checks them': ['the kernel checks them: a file of 0444 is not opened for writing'],
    'chown to the mounting user or group': [
      'chown to the mounting user or group, or to -1, succeeds and changes nothing; anything else is EPERM',
    ],
  },
  statfs: {
    "Total and free space are the account's": [
      "tells the account's total and free space",
      'is what the account said last, over a restart',
    ],
    'An unlimited account shows 1 PiB': [
      'tells 1 PiB where the account has no limit, and no less than nothing where it is over it',
      'statfs tells free space and the longest name',
    ],
  },
  'symlink, readlink': {
    'A link `NAME` is a file `NAME.rclonelink`': [
      'clones a history with branches, tags, renames, a symbolic link and a script; the clone is sound and clean',
    ],
    'Links made by either are seen by both': [
      'that was made here stays one wherever it leads, until the server has another target for it',
      'a dangling symlink is there, its target is not',
    ],
    'A link made elsewhere is one only where it stays in the volume': [
      'that rclone made is shown where it stays in the volume, and as the file it is where it leads out',
      'leads no program out of the mount',
    ],
    'The targets of links made elsewhere are read': [
      'whose target does not come is the file it is, and a link once it has come',
    ],
    'A `.rclonelink` file that is empty or larger': [
      'is shown as a file when it is empty or larger than a path can be',
      'is shown as a file when its bare name is taken',
    ],
    "A link's name is at most 244 bytes": [
      'takes names up to 244 bytes, so that the name on the server fits',
      'a symlink with a long target',
    ],
  },
  'link, mknod': {
    'Hard links are EPERM': [
      'a hard link is EPERM, and leaves nothing',
      'a pipe is EPERM',
      'mknod of a regular file is a create',
    ],
  },
  xattr: {
    'Kept on this computer, with the node': [
      'they survive rename, upload, rewriting and remount',
      'they die with the file',
      'copies a file in, with its attributes: the file arrives, the attributes stay here, and no ._ file is made',
    ],
    'XATTR_CREATE and XATTR_REPLACE are honoured': [
      'XATTR_CREATE wants it absent, XATTR_REPLACE present',
      'an attribute that is absent is ENODATA',
    ],
    'A value takes up to 64 KiB': ['a value of 64 KiB is kept', 'a value of more than 64 KiB is E2BIG'],
    '`system.*`, `security.*` and `trusted.*`': [
      'security and system attributes say no, or that there are none, but never EIO',
    ],
  },
  fallocate: {
    'Growing and KEEP_SIZE succeed': ['fallocate grows the file with zeros', 'fallocate with KEEP_SIZE keeps the size'],
    'PUNCH_HOLE and ZERO_RANGE': [
      'fallocate punches holes that read as zeros',
      'asks room for what zeroing writes, not for holes nor beyond the end',
      'a punched hole is found',
      'other fallocate modes are EOPNOTSUPP',
    ],
  },
  copy_file_range: {
    'From the start of a clean file into an empty one': [
      'of a file the server has shares its content: nothing is sent',
    ],
    'Otherwise bytes are copied': ['copy_file_range copies a part to another place'],
  },
  lseek: {
    'SEEK_DATA and SEEK_HOLE know the holes': ['SEEK_DATA and SEEK_HOLE find the holes of a file being written'],
  },
  'Locks, memory maps, ioctl': {
    "Locks are the kernel's own": [
      'an exclusive flock keeps another process out until it is given back',
      'a shared writable map works: what is stored is read through other handles',
    ],
    'ioctl is not implemented': ['answers ENOTTY to an ioctl'],
  },
};
