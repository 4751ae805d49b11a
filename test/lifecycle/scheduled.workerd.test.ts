import { createScheduledController } from 'cloudflare:test';
import { env } from 'cloudflare:workers';
import { expect, test } from 'vitest';
import worker from '../../worker/cloudflare/main.ts';
import { db } from '../../worker/database/port.ts';
import { workerdPlatform } from '../support/registry-workerd.ts';

test('the cron trigger of a new deployment logs its identity, and signs its first status list', async () => {
  const { database } = await workerdPlatform();
  const stored = () => database.all(db.selectFrom('status_lists').select(['list', 'size']).compile());
  expect(await stored()).toEqual([]);
  await worker.scheduled(createScheduledController(), env);
  expect(await stored()).toEqual([{ list: 0, size: 2 }]);
});
