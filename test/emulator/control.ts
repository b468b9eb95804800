import type { IncomingMessage, ServerResponse } from 'node:http';
import { text } from 'node:stream/consumers';
import { expireTokens, newLoginToken, revokeTokens } from './auth.ts';
import type { Context } from './context.ts';
import { parseFaultPlan } from './faults.ts';
import type { Shape } from './shape.ts';
import { listTree } from './treeReport.ts';

type Controller = (context: Context, body: Record<string, unknown>) => unknown;

/** What a test or a person may do to the emulator itself. None of it is counted, delayed or hit by faults. */
const controllers: Record<string, Controller> = {
  'GET tree': ({ account }) => listTree(account),
  'GET stats': ({ stats }) => stats.report(),
  'POST reset-stats': ({ stats }) => stats.reset(),
  'POST login-token': (context) => ({ loginToken: newLoginToken(context, context.origin) }),
  'POST revoke': (context, { all, access }) => revokeTokens(context, { all: all === true, access: access === true }),
  'POST expire': (context, { all }) => expireTokens(context, { all: all === true }),
  'POST shape': ({ shape }, body) => Object.assign(shape, parseShape(body)),
  'POST quota': (context, body) => {
    const { capacity = null, writeLocked = false } = body ?? {};
    context.account.capacity = typeof capacity === 'number' ? capacity : -1;
    context.account.writeLocked = writeLocked === true;
    context.changed();
  },
  'GET faults': ({ faults }) => faults.report(),
  'POST faults': ({ faults }, plan) => faults.replace(parseFaultPlan(plan)),
};

export async function handleControl(
  context: Context,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const name = (request.url ?? '').slice('/_emulator/'.length).replace(/\?.*$/, '');
  const controller = controllers[`${request.method} ${name}`];
  if (!controller) return answer(response, 404, { error: `no such control: ${request.method} ${name}` });
  try {
    const sent = await text(request);
    answer(response, 200, controller(context, sent.trim() === '' ? {} : JSON.parse(sent)) ?? { ok: true });
  } catch (error) {
    answer(response, 400, { error: String(error) });
  }
}

function answer(response: ServerResponse, status: number, value: unknown): void {
  response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
}

function parseShape({ latency, bandwidth }: Record<string, unknown>): Partial<Shape> {
  const shape: Partial<Shape> = {};
  if (latency !== undefined) shape.latency = Number(latency) || 0;
  if (bandwidth !== undefined) shape.bandwidth = Number(bandwidth) > 0 ? Number(bandwidth) : undefined;
  return shape;
}
