import { mkdir, open, readFile, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createWorld, run, type World } from '../mount/support.ts';
import { NfsClient } from '../nfs/client.ts';
import { type ServedDrive, startServed } from '../nfs/served.ts';
import { type Machine, startMachine } from '../nfs/vm/machine.ts';

const small = { count: 1_000, bytes: 4_096 };
const listed = 10_000;
const mebibyte = 1024 * 1024;
const bigMebibytes = 256;
/** What a kernel's client has under way at a time. */
const inFlight = 8;

/** Ways to the same volume; each begins with an empty cache. */
interface Way {
  readonly name: string;
  save(): Promise<void>;
  list(): Promise<void>;
  writeBig(): Promise<void>;
  /** Ends the drive and starts it again: what was written is then read from the disk of this computer. */
  restart(): Promise<void>;
  readBig(): Promise<void>;
  stop(): Promise<void>;
}

/**
 * Prints what the volume takes by FUSE, by the calls that an NFS client sends (without a kernel between), and by the NFS
 * client of Linux in a virtual machine without KVM, where the client is what is slow.
 */
export async function compareWithNfs(): Promise<void> {
  const world = await createWorld();
  const columns: string[][] = [];
  try {
    for (let at = 0; at < listed; at += 1) await world.emulator.put(`/Jotta/Archive/many/file ${at}.txt`, `${at}`);
    for (const start of [startFuse, startCalls, startLinux]) {
      const way = await start(world);
      try {
        columns.push([way.name, ...(await measure(way))]);
      } finally {
        await way.stop();
      }
    }
  } finally {
    await world.close();
  }
  const rows = [
    '',
    `${small.count} files of 4 KiB in`,
    `ls -l of ${listed} files, once known`,
    `${bigMebibytes} MiB in, until durable`,
    `${bigMebibytes} MiB out, after a restart`,
  ];
  for (const [at, row] of rows.entries()) {
    console.log(`| ${row} | ${columns.map((cells) => cells[at]).join(' | ')} |`);
    if (at === 0) console.log(`|---|${columns.map(() => '---').join('|')}|`);
  }
}

async function measure(way: Way): Promise<string[]> {
  const timed = async (work: () => Promise<void>) => {
    const start = performance.now();
    await work();
    const cell = `${((performance.now() - start) / 1000).toFixed(2)} s`;
    process.stderr.write(`${way.name}: ${cell}\n`);
    return cell;
  };
  const saved = await timed(() => way.save());
  await way.list();
  const cells = [saved, await timed(() => way.list()), await timed(() => way.writeBig())];
  await way.restart();
  return [...cells, await timed(() => way.readBig())];
}

async function startFuse(world: World): Promise<Way> {
  const state = join(world.dir, 'fuse');
  let drive = await world.start({ state, loginToken: world.emulator.newLoginToken() });
  const at = (...names: string[]) => join(drive.mountPoint, ...names);
  return {
    name: 'FUSE',
    save: async () => {
      await mkdir(at('by FUSE'));
      for (let index = 0; index < small.count; index += 1) {
        await writeFile(at('by FUSE', `${index}`), Buffer.alloc(small.bytes, index));
      }
    },
    list: async () => void (await run('ls', ['-l', at('many')], { maxBuffer: 64 * mebibyte })),
    writeBig: async () => {
      await using file = await open(at('by FUSE.bin'), 'w');
      for (let index = 0; index < bigMebibytes; index += 1) await file.write(Buffer.alloc(mebibyte, index));
      await file.sync();
    },
    restart: async () => {
      await drive.stop();
      drive = await world.start({ state });
    },
    readBig: async () => void (await readFile(at('by FUSE.bin'))),
    stop: async () => void (await drive.stop()),
  };
}

async function startCalls(world: World): Promise<Way> {
  const { drive, again } = await serve(world, 'calls');
  let served = drive;
  let client = await NfsClient.connect(served.port);
  const asHandle = (answer: Buffer | number): Buffer => {
    if (typeof answer === 'number') throw new Error(`NFS status ${answer}`);
    return answer;
  };
  const root = asHandle(await client.mount(served.exportPath));
  const make = async (folder: Buffer, name: string) => {
    await client.lookup(folder, name);
    return asHandle(await client.create(folder, name));
  };
  const inParts = async (work: (position: number) => Promise<unknown>) => {
    const positions = Array.from({ length: bigMebibytes }, (_, index) => index * mebibyte).values();
    await Promise.all(
      Array.from({ length: inFlight }, async () => {
        for (const position of positions) await work(position);
      }),
    );
  };
  return {
    name: 'NFS calls',
    save: async () => {
      const folder = asHandle(await client.mkdir(root, 'by calls'));
      for (let index = 0; index < small.count; index += 1) {
        const file = await make(folder, `${index}`);
        await client.write(file, 0, Buffer.alloc(small.bytes, index));
        await client.commit(file);
      }
    },
    list: async () => void (await client.list(asHandle(await client.lookup(root, 'many')), 64 * 1024)),
    writeBig: async () => {
      const file = await make(root, 'by calls.bin');
      await inParts(async (at) => asHandle(await client.write(file, at, Buffer.alloc(mebibyte, at / mebibyte))));
      await client.commit(file);
    },
    restart: async () => {
      client.close();
      await served.stop();
      served = await again();
      client = await NfsClient.connect(served.port);
    },
    readBig: async () => {
      const file = asHandle(await client.lookup(root, 'by calls.bin'));
      await inParts(async (at) => asHandle(await client.read(file, at, mebibyte)));
    },
    stop: async () => {
      client.close();
      await served.stop();
    },
  };
}

async function startLinux(world: World): Promise<Way> {
  const { drive, again } = await serve(world, 'linux');
  let served = drive;
  const machine: Machine = await startMachine();
  const script = async (text: string) => void (await machine.run(text));
  await machine.mount(served, '/mnt/bench');
  await machine.run(`dd if=/dev/zero of=/tmp/small bs=${small.bytes} count=1`);
  return {
    name: 'NFS, Linux in a virtual machine',
    save: () =>
      script(`mkdir "/mnt/bench/by Linux" && cd "/mnt/bench/by Linux" &&
        i=0; while [ $i -lt ${small.count} ]; do cat /tmp/small > $i || exit 1; i=$((i + 1)); done`),
    list: () => script('ls -l /mnt/bench/many > /dev/null'),
    writeBig: () => script(`dd if=/dev/zero of=/mnt/bench/big.bin bs=1M count=${bigMebibytes} conv=fsync`),
    restart: async () => {
      await machine.unmount('/mnt/bench');
      await served.stop();
      served = await again();
      await machine.mount(served, '/mnt/bench');
    },
    readBig: () => script('cat /mnt/bench/big.bin > /dev/null'),
    stop: async () => {
      await machine.close();
      await served.stop();
    },
  };
}

async function serve(world: World, name: string): Promise<{ drive: ServedDrive; again: () => Promise<ServedDrive> }> {
  const options = { endpoint: world.emulator.url, state: join(world.dir, name) };
  const drive = await startServed({ ...options, loginToken: world.emulator.newLoginToken() });
  return { drive, again: () => startServed(options) };
}
