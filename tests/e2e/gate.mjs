// A TCP gate in front of a server: each connection through it gets a fault, drawn from a seed, on its way back.
import { createServer, connect } from 'node:net';

/// Numbers from a seed, the same in every run.
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let x = Math.imul(state ^ (state >>> 15), 1 | state);
    x = (x + Math.imul(x ^ (x >>> 7), 61 | x)) ^ x;
    return ((x ^ (x >>> 14)) >>> 0) / 2 ** 32;
  };
}

const kHeadEnd = Buffer.from('\r\n\r\n');

/// What happens to the server's bytes. Each gets (bytes, client, state) and may write, end or destroy.
const faults = {
  pass: (bytes, client) => client.write(bytes),
  stall: () => undefined, // accepted, and nothing ever comes
  close_after_head: (bytes, client, state) => {
    state.seen = Buffer.concat([state.seen, bytes]);
    const end = state.seen.indexOf(kHeadEnd);
    if (end >= 0) client.end(state.seen.subarray(0, end + 4));
  },
  close_in_head: (bytes, client) => client.end(bytes.subarray(0, 20)),
  close_mid_event: (bytes, client, state) => {
    const left = state.room - state.passed;
    client.write(bytes.subarray(0, left));
    state.passed += bytes.length;
    if (state.passed >= state.room) client.end();
  },
  reset: (bytes, client, state) => {
    client.write(bytes.subarray(0, Math.floor(bytes.length * state.draw())), () => client.resetAndDestroy());
  },
  delay: (bytes, client, state) => {
    state.queue = state.queue.then(() => new Promise((done) => setTimeout(done, 1 + state.draw() * 20))).then(() => { if (!client.destroyed) client.write(bytes); });
  },
  corrupt: (bytes, client, state) => {
    const copy = Buffer.from(bytes);
    for (let i = 0; i < 1 + copy.length / 100; ++i) copy[Math.floor(state.draw() * copy.length)] = Math.floor(state.draw() * 256);
    client.write(copy);
  },
  slice: (bytes, client, state) => {
    let at = 0;
    const next = () => {
      const size = 1 + Math.floor(state.draw() * 40);
      if (at >= bytes.length || client.destroyed) return undefined;
      client.write(bytes.subarray(at, at + size));
      at += size;
      return new Promise((done) => setImmediate(done)).then(next);
    };
    state.queue = state.queue.then(next);
  },
  flood: (bytes, client, state) => {
    client.write(bytes);
    if (state.flooding) return;
    state.flooding = true;
    const junk = Buffer.alloc(64 * 1024, ': flood\n\n');
    let left = 64; // 4 MiB behind the answer, or inside of it
    const pump = () => {
      while (left-- > 0) {
        if (client.destroyed) return;
        if (!client.write(junk)) { client.once('drain', pump); return; }
      }
      client.end();
    };
    pump();
  },
};
export const kinds = Object.keys(faults);

/// `weights`: kind of fault → its share; the rest passes. Gives back its port and how often each kind was drawn.
export async function startGate(port, weights, draw) {
  const drawn = Object.fromEntries(kinds.map((kind) => [kind, 0]));
  const kindOf = () => {
    let left = draw();
    for (const [kind, weight] of Object.entries(weights)) { left -= weight; if (left < 0) return kind; }
    return 'pass';
  };
  const sockets = new Set();
  const server = createServer((client) => {
    const kind = kindOf();
    drawn[kind] += 1;
    const state = { draw, seen: Buffer.alloc(0), passed: 0, room: 200 + Math.floor(draw() * 2000), queue: Promise.resolve() };
    const onward = connect(port, '127.0.0.1');
    for (const socket of [client, onward]) {
      sockets.add(socket);
      socket.on('error', () => undefined);
      socket.on('close', () => sockets.delete(socket));
    }
    client.pipe(onward);
    onward.on('data', (bytes) => { if (!client.destroyed && !client.writableEnded) faults[kind](bytes, client, state); });
    onward.on('end', () => { state.queue.then(() => { if (kind !== 'stall' && !state.flooding) client.end(); }); });
    client.on('close', () => onward.destroy());
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  return { port: server.address().port, drawn, stop: () => { server.close(); for (const socket of sockets) socket.destroy(); } };
}

/// A port on which nobody listens.
export async function deadPort() {
  const server = createServer();
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const { port } = server.address();
  await new Promise((done) => server.close(done));
  return port;
}
