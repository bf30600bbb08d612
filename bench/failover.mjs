// What failing over costs beyond the failed attempt: from the moment the first provider has sent its refusal (or broken a
// stream before its first content) to the moment the next one has the request. And what an open circuit costs.
//   KAIROSROUTE=$PWD/build/release/kairosroute node bench/failover.mjs
import { answer, ask, chunk, head, startScripted, twoPlaces } from '../tests/e2e/scripted.mjs';

const kRounds = Number(process.env.ROUNDS ?? 600);
const percentile = (list, q) => list.toSorted((a, b) => a - b)[Math.min(list.length - 1, Math.floor(q * list.length))];
const line = (what, list) => console.log(`${what.padEnd(44)} p50 ${percentile(list, 0.5).toFixed(2)} ms  p99 ${percentile(list, 0.99).toFixed(2)} ms  max ${Math.max(...list).toFixed(2)} ms  (${list.length})`);

const ways = {
  'a refusal (503)': (call, done) => { call.response.writeHead(503, { 'content-type': 'application/json' }); call.response.end('{"error":{"message":"overloaded"}}', done); },
  'a connection that is closed': (call, done) => { call.request.socket.destroy(); done(); },
  'a stream that ends after its role': (call, done) => { head(call); call.response.end(chunk({ role: 'assistant', content: '' }), done); },
};
for (const [what, fail] of Object.entries(ways)) {
  let failed = 0;
  const gaps = [];
  const near = await startScripted();
  const far = await startScripted((call) => { gaps.push(performance.now() - failed); answer(call, 'from far'); });
  const router = await twoPlaces(near, far);
  for (let i = 0; i < kRounds; ++i) {
    const fails = i % 3 === 0; // fewer than half, so that the circuit stays closed
    near.script = (call) => (fails ? fail(call, () => { failed = performance.now(); }) : answer(call, 'from near'));
    await (await ask(router, { stream: true })).text();
  }
  line(`failing over after ${what}`, gaps);
  await router.stop();
  near.stop();
  far.stop();
}

const near = await startScripted((call) => { call.response.writeHead(500, {}); call.response.end('{}'); });
const far = await startScripted((call) => answer(call, 'from far'));
const router = await twoPlaces(near, far);
const took = async (body) => { const began = performance.now(); await (await ask(router, body)).text(); return performance.now() - began; };
for (let i = 0; i < 30; ++i) await took({});
const asked = near.calls.length;
const open = [];
const plain = [];
for (let i = 0; i < kRounds / 2; ++i) { open.push(await took({})); plain.push(await took({ model: 'dear' })); }
line('a request past an open circuit', open);
line('the same, sent to the other one by name', plain);
console.log(`requests that reached the broken provider meanwhile: ${near.calls.length - asked} (probes)`);
await router.stop();
near.stop();
far.stop();
