// Tests the clients of this folder against the reference servers of the same packages, so that a red
// end-to-end test points at Posthouse and not at its harness. Run: npm test.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import http from 'node:http';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { GraphQLObjectType, GraphQLNonNull, GraphQLSchema, GraphQLString, GraphQLError } from 'graphql';
import { createHandler as httpHandler } from 'graphql-http/lib/use/http';
import { createHandler as sseHandler } from 'graphql-sse/lib/use/http';
import { makeServer } from 'graphql-ws';
import { WebSocketServer } from 'ws';

const here = fileURLToPath(new URL('.', import.meta.url));
const query = 'subscription($after: String) { letters(after: $after) { cursor } }';
const letters = ['a', 'b', 'c', 'd'];

// feed answers two letters, drops the connection when more are left (the client must ask for those by
// cursor), and otherwise stays silent, like a feed without news.
async function* feed(rest, context) {
  yield* rest.slice(0, 2);
  if (rest.length > 2) context.drop();
  await new Promise(() => {});
}

const Letter = new GraphQLObjectType({ name: 'Letter', fields: { cursor: { type: GraphQLString } } });
const schema = new GraphQLSchema({
  query: new GraphQLObjectType({ name: 'Query', fields: { one: { type: GraphQLString } } }),
  subscription: new GraphQLObjectType({
    name: 'Subscription',
    fields: {
      letters: {
        type: new GraphQLNonNull(Letter),
        args: { after: { type: GraphQLString } },
        resolve: (cursor) => ({ cursor }),
        subscribe: async (_, { after }, context) => {
          if (after === 'refuse') throw new GraphQLError('refused', { extensions: { reason: 'test.refused' } });
          return feed(letters.slice(letters.indexOf(after ?? '') + 1), context);
        },
      },
    },
  }),
});

async function serve(t) {
  const sockets = new Set();
  const seen = { authorization: [], protocols: [] };
  const onHTTP = httpHandler({ schema });
  const server = http.createServer(async (req, res) => {
    seen.authorization.push(req.headers.authorization);
    if (!(req.headers.accept ?? '').includes('text/event-stream')) return onHTTP(req, res);
    return sseHandler({ schema, context: { drop: () => setTimeout(() => req.socket.destroy(), 50) } })(req, res);
  });
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  const wss = new WebSocketServer({ server });
  wss.on('connection', (socket, req) => {
    seen.authorization.push(req.headers.authorization);
    seen.protocols.push(socket.protocol);
    const context = { drop: () => setTimeout(() => socket.terminate(), 50) };
    const { opened } = makeServer({
      schema,
      context,
      onConnect: (ctx) => void seen.authorization.push(ctx.connectionParams?.authorization),
    });
    const closed = opened(
      {
        protocol: 'graphql-transport-ws',
        send: (data) => new Promise((resolve) => socket.send(data, resolve)),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (cb) => socket.on('message', (data) => cb(data.toString())),
      },
      {},
    );
    socket.on('close', (code, reason) => closed(code, reason.toString()));
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => {
    for (const socket of sockets) socket.destroy();
    server.close();
  });
  return { port: server.address().port, seen };
}

function run(script, ...args) {
  const child = spawn(process.execPath, [here + script, ...args]);
  const out = { child, stdout: '', stderr: '' };
  child.stdout.on('data', (data) => {
    out.stdout += data;
    out.onLine?.();
  });
  child.stderr.on('data', (data) => (out.stderr += data));
  out.exit = once(child, 'close').then(([code]) => code);
  out.lines = () => out.stdout.split('\n').filter(Boolean).map((line) => JSON.parse(line));
  out.until = (count) =>
    new Promise((resolve) => {
      out.onLine = () => out.lines().length >= count && resolve();
      out.onLine();
    });
  return out;
}

test('the audit passes the reference implementation', async (t) => {
  const { port } = await serve(t);
  const out = run('audit.mjs', `http://127.0.0.1:${port}/`);
  assert.equal(await out.exit, 0, out.stdout);
  assert.match(out.stdout, /\n(\d+) checks: \1 ok, 0 notices, 0 warnings, 0 errors\n$/);
});

test('the audit fails a server that speaks no GraphQL', async (t) => {
  const server = http.createServer((_, res) => res.end('hello')).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.after(() => server.close());
  const out = run('audit.mjs', `http://127.0.0.1:${server.address().port}/`);
  assert.equal(await out.exit, 1);
  assert.match(out.stdout, /^(warn|error|notice) /m);
});

const clients = [
  { name: 'graphql-ws', script: 'ws-subscribe.mjs', scheme: 'ws', options: [] },
  { name: 'bare socket', script: 'ws-subscribe.mjs', scheme: 'ws', options: ['--protocol', 'none'] },
  { name: 'graphql-sse', script: 'sse-subscribe.mjs', scheme: 'http', options: [] },
];

for (const { name, script, scheme, options } of clients) {
  test(`${name} resumes by cursor without gap or duplicate and ends on SIGTERM`, async (t) => {
    const { port, seen } = await serve(t);
    const out = run(script, `${scheme}://127.0.0.1:${port}/`, 'secret', query, '{}', '--resume', ...options);
    await out.until(4);
    out.child.kill('SIGTERM');
    assert.equal(await out.exit, 0, out.stderr);
    assert.deepEqual(out.lines().map((line) => line.data.letters.cursor), letters);
    assert.ok(seen.authorization.includes('Bearer secret'));
    if (options.length > 0) assert.equal(seen.protocols[0], '');
  });

  test(`${name} stops after the results asked for`, async (t) => {
    const { port } = await serve(t);
    const out = run(script, `${scheme}://127.0.0.1:${port}/`, '', query, '', '--count', '1', ...options);
    assert.equal(await out.exit, 0, out.stderr);
    assert.equal(out.lines().length, 1);
  });

  test(`${name} reports a refused operation`, async (t) => {
    const { port } = await serve(t);
    const out = run(script, `${scheme}://127.0.0.1:${port}/`, '', query, '{"after":"refuse"}', ...options);
    assert.equal(await out.exit, 1, out.stderr);
    assert.equal(out.lines()[0].errors[0].extensions.reason, 'test.refused');
  });

  test(`${name} gives up when nobody listens`, async () => {
    const out = run(script, `${scheme}://127.0.0.1:1/`, '', query, '', ...options);
    assert.equal(await out.exit, 3);
    assert.equal(out.stdout, '');
  });
}
