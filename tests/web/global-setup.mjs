import { fill, start } from './seed.mjs';

export default async function setup() {
  const { router, stop } = await start();
  const { hostileReceipt } = await fill(router);
  process.env.BASE = router.url;
  process.env.HOSTILE = hostileReceipt;
  return stop;
}
