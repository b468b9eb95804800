import { type ChildProcess, spawn } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import type { Duplex } from 'node:stream';
import { text } from 'node:stream/consumers';
import { makeInitramfs } from './initramfs.ts';
import { ensureKernel } from './kernel.ts';

/** A computer of its own with Linux: its NFS client is the one that people have, and nothing of it can hang this one. */
export interface Machine {
  /** Starts a program: its input and output. `as`: 'root', or the user of this computer who runs the tests. */
  start(argv: readonly string[], as?: 'root' | 'user'): Promise<Duplex>;
  /** Runs a shell script to its end and resolves with its output; rejects with it when the script fails. */
  run(script: string, as?: 'root' | 'user'): Promise<string>;
  /** Mounts what a server on this computer exports. `options`: of mount(8), more than the usual ones. */
  mount(served: Served, folder: string, options?: readonly string[]): Promise<void>;
  unmount(folder: string): Promise<void>;
  /** What the kernel and the programs said on the console so far. */
  console(): string;
  close(): Promise<void>;
}

export interface Served {
  readonly port: number;
  readonly exportPath: string;
}

/** A slow computer without KVM that has other things to do; 12 s are usual on a fast one. */
const bootMs = 170_000;
const consoleBytes = 64 * 1024;

/** Every instruction is emulated: one without what costs more to emulate than it helps (wide vectors, fast strings, SMAP). */
const cpu = 'Nehalem,+rdrand';
/** Nobody attacks this machine: without what protects a kernel at every system call and allocation. */
const fast = ['mitigations=off', 'init_on_alloc=0', 'hardened_usercopy=off', 'lsm='];

export async function startMachine(): Promise<Machine> {
  const kernel = await ensureKernel();
  const initramfs = await makeInitramfs(await kernel.loadModules(['virtio_pci', 'virtio_net', 'nfsv3']));
  const dir = await mkdtemp(path.join(tmpdir(), 'jottacloud-vm-'));
  const initrd = path.join(dir, 'initrd');
  await writeFile(initrd, initramfs);
  const agent = await listenForAgent();
  const qemu = startQemu(kernel.image, initrd, agent.variables);
  let said = '';
  const keep = (chunk: Buffer) => {
    said = (said + chunk.toString('utf8')).slice(-consoleBytes);
  };
  qemu.stdout?.on('data', keep);
  qemu.stderr?.on('data', keep);
  const ended = once(qemu, 'exit').then(() => agent.fail(new Error(`the virtual machine ended\n${said}`)));
  const booted = setTimeout(() => agent.fail(new Error(`the virtual machine did not start\n${said}`)), bootMs);
  const close = async () => {
    qemu.kill('SIGKILL');
    await ended;
    await agent.close();
    await rm(dir, { recursive: true, force: true });
  };
  try {
    await agent.ready;
  } catch (error) {
    await close();
    throw error;
  } finally {
    clearTimeout(booted);
  }
  return createMachine(agent, () => said, close);
}

function createMachine(agent: Agent, getConsole: () => string, close: () => Promise<void>): Machine {
  const self = { root: 0, user: process.getuid?.() ?? 0 };
  const machine: Machine = {
    start: (argv, as = 'user') => agent.start(argv, self[as]),
    run: async (script, as = 'user') => {
      const stream = await agent.start(['sh', '-c', `(${script}\n) 2>&1; echo "exit $?"`], self[as]);
      const output = await text(stream);
      const success = 'exit 0\n';
      if (!output.endsWith(success)) throw new Error(`${script}\n${output}\n${getConsole().slice(-2_000)}`);
      return output.slice(0, -success.length);
    },
    mount: async ({ port, exportPath }, folder, more = []) => {
      const ports = [`port=${port}`, `mountport=${port}`, 'proto=tcp', 'mountproto=tcp'];
      const addresses = ['addr=10.0.2.2', 'mountaddr=10.0.2.2'];
      const options = ['vers=3', 'hard', 'nolock', 'local_lock=all', 'actimeo=1', ...ports, ...addresses, ...more];
      const mount = `mount -i -t nfs -o ${options} 10.0.2.2:${exportPath} ${folder}`;
      await machine.run(`mkdir -p ${folder} && ${mount}`, 'root');
    },
    unmount: async (folder) => void (await machine.run(`umount ${folder}`, 'root')),
    console: getConsole,
    close,
  };
  return machine;
}

function startQemu(image: string, initrd: string, variables: Readonly<Record<string, string | number>>): ChildProcess {
  const words = Object.entries(variables).map(([name, value]) => `${name}=${value}`);
  const command = ['console=ttyS0', 'loglevel=4', 'panic=-1', 'random.trust_cpu=on', ...fast, ...words];
  const args = ['-machine', 'q35,accel=tcg', '-cpu', cpu, '-m', '1024', '-smp', '1'];
  args.push('-nodefaults', '-no-reboot', '-display', 'none', '-serial', 'stdio');
  args.push('-netdev', 'user,id=net', '-device', 'virtio-net-pci,netdev=net,romfile=');
  args.push('-kernel', image, '-initrd', initrd, '-append', command.join(' '));
  return spawn('qemu-system-x86_64', args, { stdio: ['ignore', 'pipe', 'pipe'] });
}

interface Agent {
  /** What the agent's environment tells it. */
  readonly variables: Readonly<Record<string, string | number>>;
  /** The agent waits for work. */
  readonly ready: Promise<void>;
  start(argv: readonly string[], uid: number): Promise<Duplex>;
  /** Rejects whatever waits for the machine. */
  fail(error: Error): void;
  close(): Promise<void>;
}

/** The test's end of agent.py. */
async function listenForAgent(): Promise<Agent> {
  const key = randomBytes(16).toString('hex');
  const control = Promise.withResolvers<net.Socket>();
  const waiting = new Map<string, PromiseWithResolvers<Duplex>>();
  const sockets = new Set<net.Socket>();
  let count = 0;
  const server = net.createServer(async (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    socket.on('error', () => {});
    const [given, name = ''] = (await readLine(socket)).split(' ');
    if (given !== key) socket.destroy();
    else if (name === 'agent') control.resolve(socket);
    else waiting.get(name)?.resolve(socket);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const fail = (error: Error) => {
    control.reject(error);
    for (const { reject } of waiting.values()) reject(error);
  };
  control.promise.catch(() => {});
  return {
    variables: { agent_port: (server.address() as net.AddressInfo).port, agent_key: key },
    ready: control.promise.then(() => {}),
    start: async (argv, uid) => {
      count += 1;
      const id = String(count);
      const started = Promise.withResolvers<Duplex>();
      waiting.set(id, started);
      (await control.promise).write(`${JSON.stringify({ id, argv, uid })}\n`);
      return started.promise.finally(() => waiting.delete(id));
    },
    fail,
    close: async () => {
      fail(new Error('the virtual machine was closed'));
      for (const socket of sockets) socket.destroy();
      server.close();
      await once(server, 'close');
    },
  };
}

/** The first line, byte by byte: what follows is somebody else's. */
async function readLine(socket: net.Socket): Promise<string> {
  let line = '';
  for (;;) {
    const byte: Buffer | null = socket.read(1);
    if (byte === null) {
      if (socket.readableEnded || socket.destroyed) return line;
      await Promise.race([once(socket, 'readable'), once(socket, 'close')]);
      continue;
    }
    if (byte[0] === 10) return line;
    line += byte.toString();
  }
}
