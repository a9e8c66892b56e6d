import type { Redis } from "ioredis";
import type { Dice } from "../support/seeded_dice.ts";

/** A value that nobody meant; bytes, as Redis takes them. */
function strangeValue(dice: Dice): Buffer {
  return dice.pick<() => Buffer>([
    () => Buffer.alloc(0),
    () => Buffer.from(Array.from({ length: dice.between(1, 200) }, () => dice.below(256))),
    () => Buffer.alloc(dice.pick([70_000, 2_000_000]), "x"),
    () => Buffer.from(dice.pick(["-1", "0", "1", "9007199254740993", "1e309", "nan", "inf", "007", "ten", "10", "11", "\u0000", "\n", "null", "[]", "{}"])),
    () => Buffer.from(dice.pick(["beta1", "nowhere", "beta1/$uri", "http://x", "0:beta1", "1:", ":", "99999:beta1", "ab:test:policies:0:divdata", "ab:test:revision"])),
    () => Buffer.from(dice.pick(["os", "abtesting.diversion.", "abtesting.diversion.uidrange", "abtesting.userinfo.ipParser", "ip", "header:X", "moon:phase"])),
  ])();
}

type Corruption = (dice: Dice, redis: Redis, key: string) => Promise<unknown>;

const several = (dice: Dice): Buffer[] => Array.from({ length: dice.between(1, 5) * 2 }, () => strangeValue(dice));

async function replaced(redis: Redis, key: string, write: (key: string) => Promise<unknown>): Promise<void> {
  await redis.del(key);
  await write(key);
}

/** Ways to break a key of any type. */
const anywhere: readonly Corruption[] = [
  (_dice, redis, key) => redis.del(key),
  (dice, redis, key) => redis.set(key, strangeValue(dice)),
  (dice, redis, key) => replaced(redis, key, (name) => redis.hset(name, ...several(dice))),
  (dice, redis, key) => replaced(redis, key, (name) => redis.rpush(name, ...several(dice))),
  (dice, redis, key) => replaced(redis, key, (name) => redis.sadd(name, ...several(dice))),
  (dice, redis, key) => replaced(redis, key, (name) => redis.zadd(name, ...several(dice).flatMap((member) => [dice.pick(["-1", "0", "0.7", "5", "1e300", "inf", "-inf"]), member]))),
  (dice, redis, key) => replaced(redis, key, (name) => redis.xadd(name, "*", strangeValue(dice), strangeValue(dice))),
  (_dice, redis, key) => replaced(redis, key, (name) => redis.setbit(name, 8_000_000, 1)),
];

/** Ways to break what is in a key and leave its type. */
const inside: Readonly<Record<string, readonly Corruption[]>> = {
  string: [
    (dice, redis, key) => redis.append(key, strangeValue(dice)),
    (dice, redis, key) => redis.setrange(key, dice.below(5), strangeValue(dice)),
  ],
  hash: [
    (dice, redis, key) => redis.hset(key, strangeValue(dice), strangeValue(dice)),
    async (dice, redis, key) => {
      const fields = await redis.hkeys(key);
      await redis.hset(key, dice.pick(fields), strangeValue(dice));
    },
    async (dice, redis, key) => redis.hdel(key, dice.pick(await redis.hkeys(key))),
  ],
  zset: [
    (dice, redis, key) => redis.zadd(key, dice.pick(["-5", "0", "3", "3.3", "1e18", "inf", "-inf"]), strangeValue(dice)),
    async (dice, redis, key) => redis.zrem(key, dice.pick(await redis.zrange(key, "0", "-1"))),
    async (dice, redis, key) => redis.zincrby(key, dice.pick([-1e6, 0.5, 1e6, 1e300]), dice.pick(await redis.zrange(key, "0", "-1"))),
  ],
  list: [
    (dice, redis, key) => redis.lset(key, 0, strangeValue(dice)),
    (dice, redis, key) => redis.rpush(key, strangeValue(dice)),
    (_dice, redis, key) => redis.rpop(key),
  ],
  stream: [
    // A key that an earlier round made a stream has ids of today: there the time takes the number's place.
    async (dice, redis, key) => {
      const id = key.endsWith(":audit") ? "9000000000-0" : "*";
      await redis.xadd(key, id, "nonce", strangeValue(dice), "hostnames", strangeValue(dice));
    },
    (_dice, redis, key) => redis.xtrim(key, "MAXLEN", 1),
  ],
};

/** Breaks one key. @returns the type that it had. */
export async function corrupt(dice: Dice, redis: Redis, key: string): Promise<string> {
  const type = await redis.type(key);
  const choices = dice.chance(50) ? (inside[type] ?? anywhere) : anywhere;
  await dice.pick(choices)(dice, redis, key);
  return type;
}
